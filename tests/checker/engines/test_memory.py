"""The limit of memory holds in every phase of an exhaustive search, and what earlier phases found stays."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest

from hintproof.engines import compiled, exhaustive, limits
from hintproof.engines.compiled import CompiledSearch
from hintproof.engines.exhaustive import PlainSearch, explore_all
from hintproof.engines.limits import Limits
from hintproof.engines.liveness import follow_lasso
from hintproof.engines.options import BoundedOptions, ExhaustiveOptions, Options
from hintproof.tasks.check import Result, check
from hintproof.tasks.verdict import Exit, Verdict
from hintproof.trace.replay import prepare
from hintspec.language.declare import ALWAYS, OF_ALL_STATES, RECOVERABLE
from hintspec.language.sizes import Sizes

#: A world that no record is about, in which a step property is violated and no state property is.
ENVIRONMENT, SIZES = "linux-6.1+qemu-7.2+kvm-auto+cell-per-round+timed-sync", Sizes(1, 3, 1)


class Memory:
    """What the process seems to have: so many megabytes, until a phase begins."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.megabytes = 100
        monkeypatch.setattr(limits, "resident_megabytes", lambda: self.megabytes)

    def fills_up(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, at whose beginning memory is full."""

        def full(*arguments: Any) -> Any:
            self.megabytes = 100_000
            return function(*arguments)

        return full


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Memory:
    return Memory(monkeypatch)


def checked() -> Result:
    return check(ENVIRONMENT, SIZES, ["exhaustive"], Limits(megabytes=4000))


def undecided(result: Result) -> dict[str, str]:
    """The undecided properties, each with the reason."""
    judgements = [j for item in result.properties for j in result.judgements(item.name)]
    return {j.property: j.detail for j in judgements if j.verdict == Verdict.UNDECIDED}


def of_kinds(result: Result, *kinds: str) -> set[str]:
    return {item.name for item in result.properties if item.kind in kinds}


@pytest.mark.parametrize("symmetry", [False, True])
def test_the_search(symmetry: bool, memory: Memory) -> None:
    memory.megabytes = 5000
    options = Options(ExhaustiveOptions(symmetry))
    result = check("no-hint+qemu-10+tcg", Sizes(2, 2, 2), ["exhaustive"], Limits(megabytes=4000), options)
    assert result.exit() == Exit.UNDECIDED
    reasons = undecided(result)
    assert set(reasons.values()) == {"limit of 4,000 MB, in the search of states"}
    assert of_kinds(result, ALWAYS) <= set(reasons)


def test_what_the_search_found_before_its_limit_stays(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    memory.megabytes = 0
    monkeypatch.setattr(limits, "resident_megabytes", iter(range(0, 100_000, 1500)).__next__)
    model = prepare("linux-6.1+qemu-7.2+kvm-auto+cell-per-round", SIZES)
    search = PlainSearch(model, Limits(megabytes=4000))
    search.look = 500
    assert search.search()
    assert search.stopped_by == "limit of 4,000 MB, in the search of states"
    assert 500 < search.count < 5000


@pytest.mark.parametrize("kind", [PlainSearch, CompiledSearch])
def test_traces(
    kind: type[PlainSearch] | type[CompiledSearch], memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A violation without room for its run is not shown, so it is undecided; so is what comes after it."""
    if kind is CompiledSearch:
        monkeypatch.setattr(exhaustive, "_FEW", 0)
    monkeypatch.setattr(kind, "first_with", memory.fills_up(kind.first_with))
    result = check("no-hint+qemu-7.2+tcg", None, ["exhaustive"], Limits(megabytes=4000))
    assert result.exit() == Exit.UNDECIDED
    assert result.deviations == []
    assert undecided(result)["no_lost_write"] == "limit of 4,000 MB, in the making of traces"
    assert result.verdict("block_conserved") == Verdict.EXHAUSTED


@pytest.mark.parametrize(("at", "phase"), [("graph_bytes", "the graph of"), ("graph", "the graph of")])
def test_the_graph(at: str, phase: str, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether the graph does not fit by the reckoning, or the system refuses the memory."""

    def refuses(_: PlainSearch) -> int:
        raise MemoryError

    monkeypatch.setattr(PlainSearch, at, 1 << 40 if at == "graph_bytes" else refuses)
    result = checked()
    assert set(undecided(result)) == of_kinds(result, *OF_ALL_STATES)
    assert all(phase in reason for reason in undecided(result).values())
    assert result.verdict("block_conserved") == Verdict.EXHAUSTED
    assert result.verdict("hint_in_batch") == Verdict.REFUTED


@pytest.mark.parametrize(
    ("reckons", "phase", "kinds"),
    [
        ("bytes_to_find_stuck", "the search for states without a way back", {RECOVERABLE}),
        ("bytes_to_find_lasso", "the search for fair loops", set(OF_ALL_STATES) - {RECOVERABLE}),
    ],
)
def test_recoverability_and_loops(
    reckons: str, phase: str, kinds: set[str], memory: Memory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exhaustive, reckons, lambda *_: 5000 << 20)
    result = checked()
    reasons = undecided(result)
    assert set(reasons) == of_kinds(result, *kinds)
    assert set(reasons.values()) == {f"limit of 4,000 MB, in {phase}: 5,000 MB beside 100 MB"}
    assert result.verdict("block_conserved") == Verdict.EXHAUSTED


def test_a_loop_of_many_namings(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhaustive, "follow_lasso", memory.fills_up(follow_lasso))
    result = checked()
    assert result.verdict("worker_never_spins") == Verdict.UNDECIDED
    assert undecided(result)["worker_never_spins"] == "limit of 4,000 MB, in the following of a loop"


def test_pins_of_undecided_properties_are_not_compared(memory: Memory, monkeypatch: pytest.MonkeyPatch) -> None:
    """A limit is no deviation from the record: the exit code is that of undecided."""
    monkeypatch.setattr(exhaustive, "bytes_to_find_lasso", lambda *_: 5000 << 20)
    result = check("linux-6.1+qemu-7.2+kvm-manual", None, ["exhaustive"], Limits(megabytes=4000))
    assert result.pinned
    assert result.deviations == []
    assert result.exit() == Exit.UNDECIDED
    assert result.exit(strict=True) == Exit.REFUTED


def test_the_limit_is_a_share_of_what_is_free_by_default() -> None:
    assert Limits().with_memory().megabytes
    assert Limits(megabytes=7).with_memory() == Limits(megabytes=7)
    assert explore_all(prepare(ENVIRONMENT, SIZES)).finished


def test_the_table_grows_less_where_memory_is_short(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fourfold growth of the table would pass the limit where doubling does not."""
    monkeypatch.setattr(compiled, "_BATCH", 8)
    made: list[int] = []
    make = CompiledSearch._make_table

    def noted(search: CompiledSearch, size: int, each: Any) -> None:
        made.append(size)
        make(search, size, each)

    monkeypatch.setattr(CompiledSearch, "_make_table", noted)
    search = CompiledSearch(prepare("no-hint+qemu-10+tcg", Sizes(1, 2, 1)))
    search._most = 0
    search.search()
    assert all(large == 2 * small for small, large in pairwise(made))


def test_the_bounded_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps how far it got, and looks at its memory before each further step."""
    looks = iter([100, 100, 100, 5000, 5000])
    monkeypatch.setattr(limits, "resident_megabytes", lambda: next(looks, 5000))
    options = Options(bounded=BoundedOptions(10))
    result = check("no-hint+qemu-10+tcg", Sizes(1, 2, 1), ["bounded"], Limits(megabytes=4000), options)
    assert undecided(result)["block_conserved"] == "limit of 4,000 MB, in the unrolling of 4 steps, after 3 steps"
    assert result.exit() == Exit.UNDECIDED
