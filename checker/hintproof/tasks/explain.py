"""The Python API of explanations: a trace as a story, with the rules that it needs.

>>> from hintproof.tasks.explain import explain
>>> from hintproof.trace.document import load
>>> story = explain(load(path))                                             # doctest: +SKIP
>>> [rule.rule for rule in story.preventing_rules if rule.fixes][:1]        # doctest: +SKIP
['driver.start_cell']
"""

from __future__ import annotations

from hintproof.engines.limits import Limits
from hintproof.story.build import build_story
from hintproof.story.model import PreventingRule, Story
from hintproof.system.errors import BadInput
from hintproof.system.workers import Runner, run_in_order
from hintproof.tasks.attribution import LIMITS, Violation, attribute
from hintproof.tasks.check import check
from hintproof.trace.replay import Trace
from hintspec.catalogue.defect import Defect


def explain(
    trace: Trace,
    known_as: str = "",
    limits: Limits = LIMITS,
    runner: Runner[PreventingRule | None] = run_in_order,
) -> Story:
    """The trace with its causal chain and the rules without which it is not possible.

    All states of every world that differs in one rule are searched, within ``limits``. Raises :class:`BadInput` for a
    trace of one step that need not be reachable, and where the trace's own world is too large to be searched.
    """
    if trace.begins:
        raise BadInput("a step that begins in any state is no run: no rule can be to blame for it")
    violation = Violation(trace.environment, trace.sizes, trace.property_name, trace.run, trace.loop)
    return build_story(trace, known_as, attribute(violation, limits, runner))


def find_preventing_rules(
    defect: Defect, limits: Limits = LIMITS, runner: Runner[PreventingRule | None] = run_in_order
) -> tuple[PreventingRule, ...]:
    """The rules that a known defect needs. A defect by which a state is never reached has no run to follow.

    Raises :class:`BadInput` where the defect's world is too large to be searched within ``limits``.
    """
    trace = check(defect.environment, defect.sizes, ["exhaustive"]).trace(defect.violates)
    run, loop = (None, None) if trace is None else (trace.run, trace.loop)
    return attribute(Violation(defect.environment, defect.sizes, defect.violates, run, loop), limits, runner)
