"""Build the story of a replayed trace."""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.interpret.wording import wording
from hintproof.story.causes import broken_promises, causal_chain, summarize_end
from hintproof.story.likeness import find_likenesses
from hintproof.story.links import links
from hintproof.story.model import Change, Condition, Explanation, Lane, Moment, PreventingRule, Shape, Story, Variable
from hintproof.story.slice import weigh
from hintproof.system.words import first_paragraph
from hintproof.trace.replay import Trace
from hintproof.trace.shipped import defect_of
from hintspec.language.recording import RecordedAction, RecordedVar
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, ID, LIST, Enum, Ring

_SHAPES = {BOOL: Shape.FLAG, ID: Shape.ID, BLOCK: Shape.BLOCK, BLOCKS: Shape.BLOCKS, LIST: Shape.LIST}


def build_story(trace: Trace, known_as: str = "", rules: tuple[PreventingRule, ...] = ()) -> Story:
    """The story of a trace, which all views show. ``rules`` are the rules whose change prevents it, if known.

    ``known_as`` is the defect that a record names. Without it, a shipped run of a known defect has that one, and any
    other trace the defects that it looks like.
    """
    declared, model = trace.declared, trace.concrete.model
    shipped = None if known_as else defect_of(trace.environment, trace.property_name, trace.run)
    known_as = shipped.known if shipped else known_as
    causes = causal_chain(trace)
    return Story(
        environment=trace.environment,
        sizes=str(trace.sizes),
        blocks=trace.sizes.blocks,
        engine=trace.engine,
        length=trace.length,
        claim=trace.property_name,
        kind=declared.kind if declared else "",
        clause=declared.clause if declared else "",
        says=first_paragraph(declared.says) if declared else "a state without any step",
        block=trace.block,
        known_as=known_as,
        loop=trace.loop,
        begins=trace.begins,
        lanes=tuple(Lane(a.name, a.letter, a.says) for a in model.actors),
        variables=tuple(_variable(v) for v in model.vars),
        initial=trace.concrete.show(trace.concrete.initial),
        start=trace.states[0],
        moments=tuple(_moments(trace, {cause.step for cause in causes})),
        explanation=Explanation(
            causes,
            " ".join([*(cause.says for cause in causes), *describe_rules(trace.property_name, rules)]),
            summarize_end(trace),
        ),
        preventing_rules=rules,
        looks_like=() if known_as else find_likenesses(trace),
    )


def describe_rules(claim: str, rules: tuple[PreventingRule, ...]) -> Iterator[str]:
    """Name the rule that the run needs, and the other rules whose change would prevent it."""
    fixing = [rule for rule in rules if rule.fixes]
    for first in fixing[:1]:
        departs = f"step {first.departs} is not possible" if first.departs else "nothing is violated at its end"
        yield (
            f'The run needs the rule {first.rule} "{first.value}": with "{first.instead}" {departs}, '
            f"and {claim} holds in all {first.states:,} states of these sizes."
        )
    if fixing[1:]:
        others = "; ".join(f'{s.rule} "{s.instead}"' for s in fixing[1:])
        yield f"It would be stopped as well by: {others}."


def _variable(v: RecordedVar) -> Variable:
    shape = Shape.LABEL if isinstance(v.sort, Enum) else Shape.RING if isinstance(v.sort, Ring) else _SHAPES.get(v.sort)
    budget = v.name.startswith("left.")
    shown = shape or Shape.COUNT
    return Variable(v.name, shown, v.declared.says, v.declared.ghost, budget, v.declared.mark, v.declared.role)


def _moments(trace: Trace, causes: set[int]) -> Iterator[Moment]:
    lanes = [actor.name for actor in trace.concrete.model.actors]
    names = {step.action.name for step in trace.steps}
    guards = {name: tuple(_guard(trace.concrete.action_named(name))) for name in names}
    for number, (step, weight) in enumerate(zip(trace.steps, weigh(trace, causes), strict=True), 1):
        action = step.action
        yield Moment(
            number=number,
            lane=lanes.index(action.actor.name),
            action=action.name,
            block=step.block,
            step=action.step,
            where=action.where,
            says=first_paragraph(action.says),
            text=f"{action.source[0]}:{action.source[1]}",
            links=tuple(links(action.where, trace.environment)),
            changes=tuple(Change(name, before, after) for name, (before, after) in step.changes.items()),
            weight=weight,
            breaks=tuple(broken_promises(trace, number)),
            guard=guards[action.name],
        )


def _guard(recorded: RecordedAction) -> Iterator[Condition]:
    """The conjuncts of the guard, without those that are always true in this world."""
    for conjunct in recorded.guard:
        says = wording(conjunct.term)
        if says not in ("True", "~False"):
            yield Condition(says, conjunct.place)
