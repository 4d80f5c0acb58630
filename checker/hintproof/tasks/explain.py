"""The Python API of explanations: a trace as a story, with the rules that it needs.

>>> from hintproof.tasks.explain import explain
>>> from hintproof.trace.trace import load
>>> story = explain(load(path))                                             # doctest: +SKIP
>>> [rule.rule for rule in story.preventing_rules if rule.fixes][:1]        # doctest: +SKIP
['driver.start_cell']
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from hintproof.engines.limits import Limits
from hintproof.story.build import build_story
from hintproof.story.model import PreventingRule, Story
from hintproof.system.errors import BadInput
from hintproof.system.workers import cores, run_all
from hintproof.tasks.attribution import LIMITS, RuleTask, rule_tasks, to_blame
from hintproof.tasks.check import check
from hintproof.trace.replay import Trace
from hintspec.catalogue.defect import Defect

#: Runs tasks and gives each with its result.
Runner = Callable[[list[RuleTask]], Iterable[tuple[RuleTask, Any]]]


def _run(tasks: list[RuleTask]) -> Iterator[tuple[RuleTask, Any]]:
    return run_all(tasks, cores())


def explain(trace: Trace, known_as: str = "", limits: Limits = LIMITS, runner: Runner = _run) -> Story:
    """The trace with its causal chain and the rules without which it is not possible.

    All states of every world that differs in one rule are searched, within ``limits``. Raises :class:`BadInput` for a
    trace of one step that need not be reachable, and where the trace's own world is too large to be searched.
    """
    if trace.begins:
        raise BadInput("a step that begins in any state is no run: no rule can be to blame for it")
    tasks = rule_tasks(trace.environment, trace.sizes, trace.property_name, trace.run, trace.loop, limits)
    return build_story(trace, known_as, _done(tasks, runner))


def blame(defect: Defect, limits: Limits = LIMITS, runner: Runner = _run) -> tuple[PreventingRule, ...]:
    """The rules that a known defect needs. Where it is that something never happens, there is no run to follow."""
    trace = check(defect.environment, defect.sizes, ["exhaustive"]).trace(defect.falls)
    if trace is not None:
        return explain(trace, defect.known, limits, runner).preventing_rules
    return _done(rule_tasks(defect.environment, defect.sizes, defect.falls, None, None, limits), runner)


def _done(tasks: list[RuleTask], runner: Runner) -> tuple[PreventingRule, ...]:
    told = {str(task): rule for task, rule in runner(tasks)}
    steps = len(tasks[0].steps or ()) if tasks else 0
    return to_blame((told[str(task)] for task in tasks), steps)
