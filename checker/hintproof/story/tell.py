"""Make the trace model of a replayed trace."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.explain import broken_promises, chain, why
from hintproof.story.links import links
from hintproof.story.model import Change, Explanation, Lane, Moment, Shape, Stopped, Story, Variable
from hintproof.story.weights import weigh
from hintproof.trace import Trace
from hintspec.recording import RecordedVar
from hintspec.sorts import BLOCK, BLOCKS, BOOL, ID, LIST, Enum, Ring

_SHAPES = {BOOL: Shape.FLAG, ID: Shape.ID, BLOCK: Shape.BLOCK, BLOCKS: Shape.BLOCKS, LIST: Shape.LIST}


def tell(trace: Trace, known_as: str = "", stopped: tuple[Stopped, ...] = ()) -> Story:
    """The trace as every view shows it. ``stopped`` are worlds in which it is not possible, if that was asked."""
    declared, model = trace.declared, trace.concrete.model
    causes = chain(trace)
    return Story(
        environment=trace.environment,
        sizes=str(trace.sizes),
        blocks=trace.sizes.blocks,
        engine=trace.engine,
        length=trace.length,
        claim=trace.property_name,
        kind=declared.kind if declared else "",
        clause=declared.clause if declared else "",
        says=" ".join(declared.says.split("\n\n")[0].split()) if declared else "a state without any step",
        block=trace.block,
        known_as=known_as,
        loop=trace.loop,
        begins=trace.begins,
        lanes=tuple(Lane(a.name, a.letter, a.says) for a in model.actors),
        variables=tuple(_variable(v) for v in model.vars),
        initial=trace.concrete.show(trace.concrete.initial),
        start=trace.states[0],
        moments=tuple(_moments(trace, {cause.step for cause in causes})),
        explanation=Explanation(causes, why(trace)),
        stopped=stopped,
    )


def _variable(v: RecordedVar) -> Variable:
    shape = Shape.LABEL if isinstance(v.sort, Enum) else Shape.RING if isinstance(v.sort, Ring) else _SHAPES.get(v.sort)
    said, budget = v.declared, v.name.startswith("left.")
    return Variable(v.name, shape or Shape.COUNT, said.says, said.ghost, budget, said.mark, said.role)


def _moments(trace: Trace, causes: set[int]) -> Iterator[Moment]:
    lanes = [actor.name for actor in trace.concrete.model.actors]
    for number, (step, weight) in enumerate(zip(trace.steps, weigh(trace, causes), strict=True), 1):
        action = step.action
        yield Moment(
            number=number,
            lane=lanes.index(action.actor.name),
            action=action.name,
            block=step.block,
            step=action.step,
            where=action.where,
            says=" ".join(action.says.split("\n\n")[0].split()),
            text=f"{action.source[0]}:{action.source[1]}",
            links=links(action.where, trace.environment),
            changes=tuple(Change(name, before, after) for name, (before, after) in step.changes.items()),
            weight=weight,
            breaks=tuple(broken_promises(trace, number)),
        )
