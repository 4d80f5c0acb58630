"""The verdicts, the rule that combines them, and the exit codes: the one place that decides them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum, IntEnum

from hintproof.engines.report import BoundedFound, ExhaustiveFound, Found, Run, SampledFound, length
from hintproof.system.words import quantity
from hintspec.language.declare import SOMETIMES, Property


class Verdict(Enum):
    """What one engine, or all together, can say of a property. Stronger ones come first."""

    REFUTED = (
        "REFUTED"  # by a run that replays (for progress: one that goes round for ever), or by the lack of any witness
    )
    PROVED = "proved"  # any size
    EXHAUSTED = "exhausted"  # all states of a stated size
    WITNESSED = "witnessed"  # a run shows what must be able to happen
    BOUNDED = "bounded"  # all runs of at most k steps
    SAMPLED = "sampled"  # n random runs
    UNDECIDED = "undecided"  # a limit was met first

    @property
    def holds(self) -> bool:
        """Whether this verdict speaks for the property."""
        return self not in (Verdict.REFUTED, Verdict.UNDECIDED)


class Exit(IntEnum):
    """Exit codes of every command. A check that could not run to its end never ends with 1."""

    AS_EXPECTED = 0
    REFUTED = 1
    BAD_INPUT = 2
    UNDECIDED = 3
    INTERNAL_ERROR = 4
    NOT_WRITTEN = 5
    CLOSED_PIPE = 141  # as a shell reports a program that SIGPIPE ended

    @property
    def meaning(self) -> str:
        """What the code says, for the help and the documents."""
        return _MEANINGS[self]


_MEANINGS = {
    Exit.AS_EXPECTED: "nothing refuted but what is known, all as recorded, and everything decided",
    Exit.REFUTED: "refuted and not known to be, or not as recorded; diff: they differ",
    Exit.BAD_INPUT: "bad input or usage",
    Exit.UNDECIDED: "undecided: a limit was met, a process was killed (out of memory?), or Ctrl-C",
    Exit.INTERNAL_ERROR: "internal error: a fault of hintproof, please report it",
    Exit.NOT_WRITTEN: "the output could not be written: the disk is full, say",
    Exit.CLOSED_PIPE: "whoever read the output closed the pipe",
}


class Outcome(Enum):
    """What the gate says of a patch, the worst first."""

    REFUTED = "REFUTED"  # something falls that did not fall without it
    UNDECIDED = "undecided"  # there was nothing that could be checked, or a limit was met first
    CHANGED = "changed"  # it behaves otherwise; what held still holds at the sizes looked at
    UNCHANGED = "unchanged"  # no difference of behaviour was seen at these sizes


_ORDER = list(Verdict)


def combine(verdicts: Iterable[Verdict]) -> Verdict:
    """The verdict of several engines on one property: a refutation wins, else the strongest that holds.

    An engine that met its limit takes nothing away from what another one decided.
    """
    return min(verdicts, key=_ORDER.index, default=Verdict.UNDECIDED)


@dataclass(frozen=True)
class Judgement:
    """What one engine says of one property of one environment."""

    property: str
    verdict: Verdict
    engine: str
    detail: str
    seconds: float
    run: Run | None = None
    loop: int | None = None


def judge(found: Found, item: Property) -> Judgement | None:
    """An engine's verdict on a property; None if this engine has no say in it."""
    if item.name not in found.decides:
        return None
    run = (found.witnesses | found.against).get(item.name)
    decided = _decide(found, item)
    if decided is None:
        return None
    verdict, detail = decided
    return Judgement(item.name, verdict, found.engine, detail, found.seconds, run, found.loops.get(item.name))


def _decide(found: Found, item: Property) -> tuple[Verdict, str] | None:
    """The verdict, with its detail; None if the engine has not seen what it looks for, which says nothing."""
    against, witness = found.against.get(item.name), found.witnesses.get(item.name)
    if against is not None:
        return Verdict.REFUTED, length(len(against), found.loops.get(item.name))
    if item.name in found.undecided:
        return Verdict.UNDECIDED, found.undecided[item.name]
    if item.kind != SOMETIMES:
        return _strength(found, item)
    if witness is not None:
        return Verdict.WITNESSED, quantity(len(witness), "step")
    if not isinstance(found, ExhaustiveFound):
        return None
    return (Verdict.REFUTED, "no state shows it") if found.finished else (Verdict.UNDECIDED, found.stopped_by)


def _strength(found: Found, item: Property) -> tuple[Verdict, str]:
    """How much it means that an engine found nothing against a property."""
    if isinstance(found, BoundedFound) and item.name in found.depths and found.stopped_by:
        return Verdict.UNDECIDED, f"{found.stopped_by}, after {quantity(found.depths[item.name], 'step')}"
    if not found.finished:
        return Verdict.UNDECIDED, found.stopped_by
    match found:
        case ExhaustiveFound():
            return Verdict.EXHAUSTED, quantity(found.states, "state") + " up to the names of blocks" * found.symmetric
        case BoundedFound():
            return Verdict.BOUNDED, quantity(found.depths[item.name], "step")
        case SampledFound():
            return Verdict.SAMPLED, quantity(found.runs, "run")
    raise TypeError(f"no verdict is defined for what the {found.engine} engine found")


def exit_code(verdicts: Iterable[Verdict]) -> Exit:
    """The exit code of a check without a record: 1 if anything is refuted, 3 if anything is undecided."""
    seen = set(verdicts)
    if Verdict.REFUTED in seen:
        return Exit.REFUTED
    return Exit.UNDECIDED if Verdict.UNDECIDED in seen or not seen else Exit.AS_EXPECTED


def gate_exit_code(outcomes: Iterable[Outcome], falls: bool) -> Exit:
    """The exit code of the gate: 1 if a patch adds something bad, 3 if one is undecided.

    ``falls`` is whether something falls that has to stand, new or not: it makes a refutation of all else.
    """
    seen = set(outcomes)
    if falls or Outcome.REFUTED in seen:
        return Exit.REFUTED
    return Exit.UNDECIDED if Outcome.UNDECIDED in seen else Exit.AS_EXPECTED
