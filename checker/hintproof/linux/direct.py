"""The C code itself under the spec's properties: code x the spec's guest, device, hypervisor and dirty log.

No driver of the spec takes part. A state is a snapshot of the code and a state of everybody else. At small sizes all of
them are gone through, breadth first, so a run against a property is a shortest one; at larger ones Hypothesis explores.
Fairness is said of the spec's own steps, so properties of progress are not asked of the code.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from hintproof.engines.exhaustive import PlainSearch, found_by
from hintproof.engines.limits import Limits
from hintproof.engines.options import SamplingOptions
from hintproof.engines.report import Found, Run
from hintproof.engines.sampling import sample
from hintproof.interpret.concrete import State
from hintproof.linux.codemodel import CODE_IS_SOUND, CodeModel
from hintproof.linux.driver import Driver, Fault
from hintproof.linux.symbols import NOWHERE, Place
from hintproof.system.progress import Progress
from hintproof.trace.replay import Step, Trace, concerned_block
from hintspec.language.declare import Action
from hintspec.language.sizes import Sizes

#: States before the first look at whether what was looked for is found; then again after a quarter more.
_FIRST_LOOK = 2_000


@dataclass(frozen=True)
class DirectStep:
    """A step of a run. What the code does is named by its call and its function; ``place`` is where it is."""

    action: Action
    block: int | None = None
    place: Place = NOWHERE

    def __str__(self) -> str:
        block = "" if self.block is None else f"({self.block or 'nothing'})"
        return f"{self.action.actor.letter} {self.action.name}{block}"


@dataclass(frozen=True)
class Refuted:
    """A run to where a property speaks up; ``states`` are those of code and spec, the first one included."""

    name: str
    steps: tuple[DirectStep, ...]
    states: tuple[State, ...]
    model: CodeModel

    def trace(self) -> Trace:
        """The run as every view shows it."""
        shown = tuple(self.model.show(state) for state in self.states)
        steps = tuple(
            Step(step.action, step.block or None, {n: (a[n], b[n]) for n in a if a[n] != b[n]})
            for step, (a, b) in zip(self.steps, pairwise(shown), strict=True)
        )
        block = concerned_block(self.model, list(self.states), self.name)
        return Trace(self.model.environment, self.model.sizes, "direct", self.name, block, steps, shown, self.states,
                     self.model)  # fmt: skip


@dataclass(frozen=True)
class Direct:
    """What a search found. ``whole``: all states of these sizes were seen. ``fault``: how the code came to grief, and
    the run to it, its last step included.
    """

    pairs: int
    transitions: int
    depth: int
    whole: bool
    refuted: dict[str, Refuted]
    fault: tuple[Fault, tuple[DirectStep, ...]] | None = None


def check_code(
    driver: Driver,
    environment: str,
    sizes: Sizes,
    until: str | None = None,
    most: int = 1_000_000,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Direct:
    """Go through all states, up to where the property ``until`` speaks up, if one is named, to ``most`` or a time.

    A fault of the code ends the search of what is behind it, not the search. Raises
    :class:`~hintproof.system.errors.BadInput` for an environment without such a driver, and
    :class:`~hintproof.linux.calls.Unlike` for code that does what the harness can't follow.
    """
    model = CodeModel(driver, environment, sizes)
    search = PlainSearch(model, Limits(states=most, seconds=seconds), progress)
    over = False
    while not over and not (until and _speaks(model, search, until)):
        over = search.search(search.count + max(_FIRST_LOOK, search.count // 4))
    found = found_by(model, search) if over else _so_far(model, search)
    return _told(model, found, over and not search.stopped_by)


def _speaks(model: CodeModel, search: PlainSearch, name: str) -> bool:
    """Whether a property of states or steps has spoken up so far."""
    if name in model.step_properties:
        return model.step_properties.index(name) in search.broken_steps()
    bits = [bit for bit, item in enumerate(model.state_properties) if item.name == name]
    return any(search.first_with(bit) is not None for bit in bits)


def _so_far(model: CodeModel, search: PlainSearch) -> Found:
    """What a search has found that was ended early because it found enough."""
    search.stopped_by = "it found what was looked for"
    return found_by(model, search)


def explore_code(
    driver: Driver,
    environment: str,
    sizes: Sizes,
    runs: int = 5000,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Direct:
    """Explore with Hypothesis, for sizes at which there are too many states; runs are shortened, not shortest.

    Raises as :func:`check_code` does.
    """
    model = CodeModel(driver, environment, sizes)
    return _told(model, sample(model, Limits(seconds=seconds), SamplingOptions(runs), progress), False)


def _told(model: CodeModel, found: Found, whole: bool) -> Direct:
    refuted = {name: _replayed(model, name, run) for name, run in found.against.items()}
    grief = refuted.pop(CODE_IS_SOUND.name, None)
    fault = (_fault(model, grief, found.against[CODE_IS_SOUND.name]), grief.steps) if grief else None
    counts = found.counts
    return Direct(counts["states"], counts["transitions"], counts["depth"], whole, refuted, fault)


def _fault(model: CodeModel, grief: Refuted, run: Run) -> Fault:
    """What the code came to grief by in the last step of a run."""
    before = grief.states[-2]
    key = model.key_of(_numbers(model)[run[-1]])
    move = model.move_at(before, key) if key is not None else None
    assert move is not None
    return model.faults[before[-1], move]


def _numbers(model: CodeModel) -> dict[tuple[str, int | None], int]:
    return {(i.action.name, i.block): n for n, i in enumerate(model.instances)}


def _replayed(model: CodeModel, name: str, run: Run) -> Refuted:
    """A run with its states, step by step, and with the driver's own names."""
    numbers = _numbers(model)
    states, steps = [model.initial], []
    for taken in run:
        number = numbers[taken]
        done = model.moves[number](states[-1])
        assert done is not None, "a run of an engine replays"
        steps.append(_step(model, number, states[-1]))
        states.append(done[0])
    return Refuted(name, tuple(steps), tuple(states), model)


def _step(model: CodeModel, number: int, before: State) -> DirectStep:
    key = model.key_of(number)
    if key is None:
        instance = model.instances[number]
        return DirectStep(instance.action.action, instance.block)
    move = model.move_at(before, key)
    assert move is not None
    return DirectStep(model.action_of(before, move), move.block, move.place)
