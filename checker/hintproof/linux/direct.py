"""The C code itself under the spec's properties: code x the spec's guest, device, hypervisor and dirty log.

No driver of the spec takes part. A state is a snapshot of the code and a state of everybody else. At small sizes the
search visits all of them, breadth first, so a run against a property is a shortest one; at larger ones Hypothesis
explores. Fairness is a matter of the spec's own steps, so liveness is not checked of the code.
"""

from __future__ import annotations

from dataclasses import dataclass

from hintproof.engines.exhaustive import PlainSearch, found_by
from hintproof.engines.limits import Limits
from hintproof.engines.options import SamplingOptions
from hintproof.engines.report import Found
from hintproof.engines.sampling import sample
from hintproof.interpret.concrete import State
from hintproof.linux.codemodel import CODE_IS_SOUND, CodeModel
from hintproof.linux.driver import Driver, Fault
from hintproof.linux.interned import Interned
from hintproof.linux.steps import Move
from hintproof.linux.symbols import NOWHERE, Place
from hintproof.trace.replay import Trace, to_trace
from hintspec.language.declare import RECOVERABLE, Action
from hintspec.language.sizes import Sizes

#: States before the first look for a violation of the wanted property; then again after a quarter more.
_FIRST_LOOK = 2_000


@dataclass(frozen=True)
class DirectStep:
    """A step of a run. A step of the code is named by its call and its function; ``place`` is its line."""

    action: Action
    block: int | None = None
    place: Place = NOWHERE

    def __str__(self) -> str:
        block = "" if self.block is None else f"({self.block or 'nothing'})"
        return f"{self.action.actor.letter} {self.action.name}{block}"


@dataclass(frozen=True)
class Refuted:
    """A run that violates a property; ``states`` are those of code and spec, the first one included."""

    name: str
    steps: tuple[DirectStep, ...]
    states: tuple[State, ...]
    model: CodeModel

    def trace(self) -> Trace:
        """The run as a trace, for all views."""
        steps = [(step.action, step.block or None) for step in self.steps]
        return to_trace(self.model.environment, self.model, "direct", self.name, steps, self.states)


@dataclass(frozen=True)
class Direct:
    """The result of a search. ``fault`` comes with the run to it.

    ``stopped_by``: the limit by which it did not visit all states of these sizes, in words; "" if it did.
    ``cut_short``: that was one of time or memory, so that another run may come further.
    """

    pairs: int
    transitions: int
    depth: int
    stopped_by: str
    refuted: dict[str, Refuted]
    fault: tuple[Fault, tuple[DirectStep, ...]] | None = None
    cut_short: bool = False

    @property
    def complete(self) -> bool:
        """Whether it visited all states of these sizes."""
        return not self.stopped_by


def check_code(
    driver: Driver,
    environment: str,
    sizes: Sizes,
    until: str | None = None,
    limits: Limits = Limits(1_000_000),
    by_step: bool = False,
) -> Direct:
    """Visit all states, up to a violation of the property ``until``, if one is named, or to a limit.

    ``by_step``: the worker may overtake the config interrupt.

    A fault of the code ends its own run alone; the search goes on. Raises
    :class:`~hintproof.system.errors.BadInput` for an environment without such a driver, and
    :class:`~hintproof.linux.driver.Deviation` for code that the harness can't follow.
    """
    model = CodeModel(driver, environment, sizes, by_step)
    search = PlainSearch(Interned(model), limits)
    over = False
    while not over and not (until and _is_violated(model, search, until)):
        over = search.search(search.count + max(_FIRST_LOOK, search.count // 4))
    if not over:
        search.stopped_by = f"{until} is violated"
    met_states = limits.states is not None and search.count >= limits.states
    cut_short = over and bool(search.stopped_by) and not met_states
    return _to_direct(model, found_by(search), search.stopped_by, cut_short)


def _is_violated(model: CodeModel, search: PlainSearch, name: str) -> bool:
    """Whether the search has met a violation of a property of states or steps."""
    if name in model.step_properties:
        return model.step_properties.index(name) in search.broken_steps()
    bits = [bit for bit, item in enumerate(model.state_properties) if item.name == name]
    return any(search.first_with(bit) is not None for bit in bits)


def explore_code(
    driver: Driver, environment: str, sizes: Sizes, runs: int = 5000, seconds: float | None = None
) -> Direct:
    """Explore with Hypothesis, for sizes at which there are too many states; runs are shortened, not shortest.

    Raises as :func:`check_code` does.
    """
    model = CodeModel(driver, environment, sizes)
    return _to_direct(model, sample(model, Limits(seconds=seconds), SamplingOptions(runs)), "these are random runs")


def _to_direct(model: CodeModel, found: Found, stopped_by: str, cut_short: bool = False) -> Direct:
    numbers = {(i.action.name, i.block): n for n, i in enumerate(model.instances)}
    runs = {name: [numbers[step] for step in run] for name, run in found.against.items()}
    refuted = {name: _replay(model, name, run) for name, run in runs.items()}
    recoverable = {item.name for item in model.model.properties if item.declared.kind == RECOVERABLE}
    faulty, fault = refuted.pop(CODE_IS_SOUND.name, None), None
    if faulty:
        _, move = _describe_step(model, runs[CODE_IS_SOUND.name][-1], faulty.states[-2])
        assert move is not None, "only the code breaks it"
        fault = model.faults[faulty.states[-2][-1], move], faulty.steps
        # the search ends at a fault: that no run leads out of there is no finding
        refuted = {name: found for name, found in refuted.items() if name not in recoverable}
    counts = found.counts
    size = counts["states"], counts["transitions"], counts["depth"]
    return Direct(*size, stopped_by, refuted, fault, cut_short)


def _replay(model: CodeModel, name: str, run: list[int]) -> Refuted:
    """A run with its states, step by step, and with the driver's own names."""
    states, steps = [model.initial], []
    for number in run:
        done = model.moves[number](states[-1])
        assert done is not None, "the run of an engine replays"
        steps.append(_describe_step(model, number, states[-1])[0])
        states.append(done[0])
    return Refuted(name, tuple(steps), tuple(states), model)


def _describe_step(model: CodeModel, number: int, before: State) -> tuple[DirectStep, Move | None]:
    """The step of an instance, and the code's move if the code takes it."""
    key = model.key_of(number)
    if key is None:
        instance = model.instances[number]
        return DirectStep(instance.action.action, instance.block), None
    move = model.move_at(before, key)
    assert move is not None, "the run of an engine replays"
    return DirectStep(model.action_of(before, move), move.block, move.place), move
