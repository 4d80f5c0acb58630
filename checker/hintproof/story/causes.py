"""Why a trace ends as it does: the way of the lost block's last dirty mark, or the values that the property compares.

The protocol text declares which variables log a write, and which say that content is missing (``role``); nothing here
knows their names.
"""

from __future__ import annotations

from collections.abc import Iterator

from hintproof.engines.report import NO_DEADLOCK
from hintproof.interpret.values import plain, spoken_of, values
from hintproof.story.model import Cause
from hintproof.system.words import first_paragraph
from hintproof.trace.lasso import LoopFairness, loop_fairness, unobliged_actions
from hintproof.trace.replay import Trace
from hintspec.language.declare import LEMMA, RECOVERABLE, SOMETIMES, STEP
from hintspec.language.folds import reads
from hintspec.language.recording import RecordedProperty


def explain_end(trace: Trace) -> str:
    """Why the trace ends as it does, in a few sentences."""
    return " ".join(cause.says for cause in causal_chain(trace))


def summarize_end(trace: Trace) -> str:
    """Why the trace ends as it does, in a sentence without terms; :func:`explain_end` has the values behind it."""
    if trace.declared is None:
        return "No step at all is possible in the last state."
    item, last = trace.concrete.model.claim_named(trace.property_name), len(trace.steps)
    wanted = first_paragraph(item.declared.says)
    if trace.loop is not None:
        steps = f"steps {trace.loop + 1} to {last}" if last > trace.loop + 1 else f"step {trace.loop + 1}"
        goes_on = f"{steps} may repeat for ever" if last > trace.loop else "the last state may stay for ever"
        return f"After step {trace.loop}, {goes_on}, so this does not hold: {wanted}"
    if item.declared.kind == SOMETIMES:
        return f"The last state shows it: {wanted}"
    if item.declared.kind == RECOVERABLE:
        return f"From the last state on, no run leads to where this holds: {wanted}"
    if item.declared.kind != LEMMA and not trace.begins and trace.block is not None and _of_content(trace, item):
        return _fate_of_the_mark(trace, trace.block)
    if item.declared.kind == STEP:
        return f"Step {_name(trace, last)} breaks this rule: {wanted}"
    return f"After step {_name(trace, last)} this does not hold: {wanted}"


def _fate_of_the_mark(trace: Trace, block: int) -> str:
    """What became of the last write into a block: which step made everybody forget it."""
    dirty = _with_role(trace, "dirty")
    marks = [any(block in state[n] for n in dirty) for state in trace.states]
    wrote = _last_store(trace, block, _with_role(trace, "content"))
    write = f"The write of step {wrote}" if wrote else f"The content of block {block}"
    if not dirty:
        stale = _with_role(trace, "stale")
        missing = [any(block in state[n] for n in stale) for state in trace.states]
        lost = max(i for i in range(1, len(missing)) if missing[i] and not missing[i - 1])
        return f"{write} is gone: step {_name(trace, lost)} took it away."
    if wrote and not any(marks[wrote:]):
        return f"{write} is remembered nowhere: it left no mark in any dirty log."
    dropped = max((i for i in range(1, len(marks)) if marks[i - 1] and not marks[i]), default=0)
    return f"{write} is remembered nowhere" + (
        f": step {_name(trace, dropped)} took the last mark of block {block}." if dropped else "."
    )


def causal_chain(trace: Trace) -> tuple[Cause, ...]:
    """Why the trace ends as it does, as a causal chain: step by step."""
    if trace.property_name == NO_DEADLOCK:
        return (Cause(0, "No step at all is possible in the last state."),)
    item, last = trace.concrete.model.claim_named(trace.property_name), len(trace.steps)
    if item.declared.kind == RECOVERABLE:
        return (Cause(last, "From the last state on, no run leads to a state in which this is so."),)
    if trace.loop is not None:
        return tuple(_for_ever(trace, item, trace.loop))
    if item.declared.kind == SOMETIMES:
        return (Cause(last, "The last state shows it."),)
    if item.declared.kind != LEMMA and not trace.begins and trace.block is not None and _of_content(trace, item):
        return tuple(_way_of_the_mark(trace, trace.block))
    return (Cause(last, _comparison(trace)),)


def _for_ever(trace: Trace, item: RecordedProperty, loop: int) -> Iterator[Cause]:
    """The steps that repeat, the goal that is never met, and how the loop is fair all the same."""
    again = ", ".join(dict.fromkeys(name for name, _ in trace.run[loop:]))
    never = _all_the_while(trace, item, loop)
    if again:
        where = f"Steps {loop + 1} to {len(trace.steps)}" if len(trace.steps) > loop + 1 else f"Step {loop + 1}"
        yield Cause(loop + 1, f"{where} ({again}) may repeat for ever, and what is asked for never comes: {never}.")
    else:
        yield Cause(loop, f"The last state may stay for ever, and what is asked for is not met in it: {never}.")
    fairness = loop_fairness(trace.concrete, item, trace.run, trace.raw, loop)
    if fairness:
        yield Cause(0, f"Nobody fails to do what he is obliged to: {'; '.join(_describe_fairness(fairness))}.")
    over = unobliged_actions(trace.concrete, trace.run, trace.raw, loop)
    if over:
        yield Cause(0, f"Possible all the while, and nobody is obliged to it: {', '.join(over)}.")


def _all_the_while(trace: Trace, item: RecordedProperty, loop: int) -> str:
    """The values that the variables of the goal have in the loop."""
    assert item.term is not None
    parts = []
    for label, part in dict(spoken_of(item.term)).items():
        values = dict.fromkeys(plain(trace.concrete.value(part, state, None)) for state in trace.raw[loop:])
        parts.append(f"{label} is {' or '.join(values)}")
    return ", ".join(parts)


def _describe_fairness(conditions: list[LoopFairness]) -> Iterator[str]:
    """How the loop meets each fairness condition; those that are disabled after the same step together."""
    idle: dict[int | None, list[str]] = {}
    for met in conditions:
        if met.steps:
            first = ", ".join(map(str, met.steps[:3]))
            yield f"{met.condition.name}: step {first}{' and later' if len(met.steps) > 3 else ''}"
        else:
            idle.setdefault(met.idle_after, []).append(met.condition.name)
    for number, names in idle.items():
        yield f"{', '.join(names)}: nothing to do after step {number}"


def _with_role(trace: Trace, role: str) -> list[str]:
    return [v.name for v in trace.concrete.model.vars if v.declared.role == role]


def _of_content(trace: Trace, item: RecordedProperty) -> bool:
    """Whether the property reads which content is missing, or still to be sent, and not only who has a block."""
    about = {*_with_role(trace, "stale"), *_with_role(trace, "dirty")}
    return item.term is not None and not about.isdisjoint(reads(item.term))


def _way_of_the_mark(trace: Trace, block: int) -> Iterator[Cause]:
    """Follow the dirty marks of a block from the last store into it to the end."""
    stale, dirty = _with_role(trace, "stale"), _with_role(trace, "dirty")
    marks = [{n for n in dirty if block in state[n]} for state in trace.states]
    missing = [any(block in state[n] for n in stale) for state in trace.states]
    wrote = _last_store(trace, block, _with_role(trace, "content"))
    if wrote:
        yield Cause(wrote, f"block {block} got the content that matters in step {_name(trace, wrote)}.")
    if not dirty:
        lost = max(i for i in range(1, len(missing)) if missing[i] and not missing[i - 1])
        yield _with_promises(trace, lost, f"Step {_name(trace, lost)} took it away.")
        return
    if wrote and not any(marks[wrote:]):
        yield Cause(wrote, "That store left no mark in any dirty log.")
    for number in range(max(wrote, 1), len(marks)):
        gained, dropped = marks[number] - marks[number - 1], marks[number - 1] - marks[number]
        step = f"Step {_name(trace, number)}"
        if gained:
            yield Cause(number, f"{step} put its dirty mark into {' and '.join(sorted(gained))}.")
        elif dropped and marks[number]:
            left = " and ".join(sorted(marks[number]))
            yield Cause(number, f"{step} took it out of {' and '.join(sorted(dropped))}; {left} has it.")
        elif dropped:
            last = f"{step} took it out of {' and '.join(sorted(dropped))}, its last place."
            yield _with_promises(trace, number, last)


def _with_promises(trace: Trace, number: int, says: str) -> Cause:
    """A station of the chain, with the step properties that the step breaks."""
    broken = (f"That step breaks {promise}." for promise in broken_promises(trace, number))
    return Cause(number, " ".join((says, *broken)))


def _name(trace: Trace, number: int) -> str:
    return f"{number} ({trace.steps[number - 1].action.name})"


def broken_promises(trace: Trace, number: int) -> Iterator[str]:
    """The step properties that a step breaks, each with the values that it compares."""
    before, step = trace.raw[number - 1], trace.steps[number - 1]
    recorded = trace.concrete.action_named(step.action.name)
    if recorded.action.takes_block and step.block is None:
        return  # a real driver that asked for a block and got none
    for name, term in recorded.promises:
        if not trace.concrete.value(term, before, step.block):
            yield f"{name}: {values(trace.concrete, [term], before, step.block)}"


def _last_store(trace: Trace, block: int, content: list[str]) -> int:
    """The last step that could have stored into the block: it takes the block and it has content after."""
    last = 0
    for number, step in enumerate(trace.steps, 1):
        has = any(block in trace.states[number][n] for n in content)
        had = any(block in trace.states[number - 1][n] for n in content)
        if has and (not had or (step.block == block and step.action.actor.name == "guest")):
            last = number
    return last


def _comparison(trace: Trace) -> str:
    """The values of the variables that the violated predicate reads."""
    item = trace.concrete.model.claim_named(trace.property_name)
    if item.declared.kind == STEP:
        step = trace.steps[-1]
        action = trace.concrete.action_named(step.action.name)
        terms = [term for name, term in action.promises if name == trace.property_name]
        state, where = trace.raw[-2], f"before step {len(trace.steps)} ({step.action.name})"
    else:
        assert item.term is not None
        terms = [item.term]
        state, where = trace.raw[-1], "at the end"
    return f"{where}: {values(trace.concrete, terms, state, trace.block or trace.steps[-1].block)}."
