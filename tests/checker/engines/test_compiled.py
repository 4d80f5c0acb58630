"""The compiled search finds what the plain one finds: the same states, counts, steps and shortest runs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hintproof import ExhaustiveOptions, Limits, Sizes
from hintproof.engines import compiled, exhaustive, modules
from hintproof.engines.compiled import CompiledSearch
from hintproof.engines.exhaustive import PlainSearch, explore_all, found_by
from hintproof.engines.report import ExhaustiveFound
from hintproof.interpret.concrete import Concrete
from hintproof.interpret.machine_code import compile_text
from hintproof.interpret.packed import WORD, PackedCompiler
from hintproof.interpret.steps import steps_text
from hintproof.peers.two_phase_commit import two_phase_commit
from hintproof.system.cache import cache_directory
from hintproof.trace.replay import prepare
from hintspec.catalogue.expected import RECORDS, Record, pins
from hintspec.language.errors import SpecError

#: Between them these use every rule that packs something in a way of its own: rings with cells and marks, lists,
#: chunks, two-step hints, progress that fails.
CASES = (
    ("virtio-1.3", Sizes(1, 3, 2)),
    ("linux-5.7+qemu-5.1+kvm-manual", Sizes(2, 3, 1, chunk=2)),
    ("virtio-1.3-driver+qemu-7.2+kvm-manual+posted-after-clear+ids-wrap", Sizes(2, 2, 1, chunk=2)),
    ("linux-5.0+qemu-5.0+kvm-manual", Sizes(1, 3, 1)),
    ("linux-6.1+qemu-7.2+kvm-auto+poison", Sizes(1, 2, 1, dma=1, pauses=1, removes=1, freezes=1)),
    ("no-hint+qemu-7.2+tcg", Sizes(3, 2, 2, dma=1)),
)


def searched_by_both(concrete: Concrete) -> tuple[PlainSearch, CompiledSearch]:
    plain, fast = PlainSearch(concrete), CompiledSearch(concrete)
    plain.search()
    fast.search()
    return plain, fast


def both(concrete: Concrete) -> tuple[ExhaustiveFound, ExhaustiveFound]:
    plain, fast = searched_by_both(concrete)
    return found_by(plain), found_by(fast)


def same_found(plain: ExhaustiveFound, fast: ExhaustiveFound) -> ExhaustiveFound:
    assert plain.finished
    for told in ("states", "transitions", "depth", "fired", "against", "witnesses", "finished"):
        assert getattr(fast, told) == getattr(plain, told), told
    return plain


@pytest.mark.parametrize(("environment", "sizes"), CASES)
def test_it_agrees_with_the_plain_search(environment: str, sizes: Sizes) -> None:
    """In what is found, and in every transition."""
    plain, fast = searched_by_both(prepare(environment, sizes))
    assert same_found(found_by(plain), found_by(fast)).states > 2000
    for known, found in zip(vars(plain.graph()).values(), vars(fast.graph()).values(), strict=True):
        assert np.array_equal(known, found)


@pytest.mark.slow
@pytest.mark.parametrize("item", RECORDS, ids=lambda item: item.key)
def test_it_agrees_with_the_plain_search_on_all_shipped_checks(item: Record) -> None:
    assert same_found(*both(prepare(item.environment, item.sizes))).states == pins()[item.key]["states"]


def test_it_knows_nothing_of_ballooning() -> None:
    plain, fast = both(two_phase_commit(5))
    assert fast.states == plain.states == 8832
    assert fast.against == plain.against
    assert fast.fired == plain.fired


def test_a_wide_state_is_refused_and_searched_plainly() -> None:
    concrete = prepare("no-hint+qemu-10+tcg", Sizes(WORD + 1, 2, 1))
    with pytest.raises(SpecError, match="more than a word"):
        PackedCompiler(concrete)
    found = explore_all(concrete, Limits(states=2000))
    assert found.stopped_by == "limit of 2000 states"


def test_every_variable_has_bits_of_its_own() -> None:
    packed = PackedCompiler(prepare("linux-6.1+qemu-7.2+kvm-manual+poison", Sizes(4, 5, 3)))
    taken: set[tuple[int, int]] = set()
    for place in packed.places.values():
        bits = {(place.word, place.shift + i) for i in range(place.width)}
        assert not taken & bits
        assert all(bit < WORD for _, bit in bits)
        taken |= bits


def test_the_search_goes_on_compiled_where_there_are_many_states(monkeypatch: pytest.MonkeyPatch) -> None:
    environment, sizes = CASES[0]
    concrete = prepare(environment, sizes)
    reference = explore_all(concrete)
    monkeypatch.setattr(exhaustive, "_FEW", 1000)
    monkeypatch.setattr(exhaustive.PlainSearch, "run_to", None)  # it must not be the plain one that answers
    found = explore_all(concrete)
    assert (found.states, found.transitions, found.fired) == (reference.states, reference.transitions, reference.fired)


def test_limits_end_it_undecided() -> None:
    search = CompiledSearch(prepare(*CASES[0]), Limits(seconds=0.0))
    search.search()
    assert search.stopped_by == "limit of 0 seconds"
    many = CompiledSearch(prepare(*CASES[0]), Limits(states=1))
    many.search()
    assert many.stopped_by == "limit of 1 state"
    assert not found_by(many).finished


def test_a_small_table_grows(monkeypatch: pytest.MonkeyPatch) -> None:
    """The table is made larger many times on the way, and nothing is lost by that."""
    environment, sizes = CASES[0]
    sizes_made: list[int] = []
    make = CompiledSearch._make_table

    def noted(search: CompiledSearch, size: int, together: Any) -> None:
        sizes_made.append(size)
        make(search, size, together)

    monkeypatch.setattr(compiled, "_BATCH", 8)
    monkeypatch.setattr(CompiledSearch, "_make_table", noted)
    search = CompiledSearch(prepare(environment, sizes))
    search.search()
    assert search.count == 99032
    assert len(sizes_made) > 3
    assert sizes_made == sorted(sizes_made)


@pytest.mark.parametrize("refuses", ["table", "rows"])
def test_no_memory_is_undecided(refuses: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is the table that can't grow, or what may be used is full."""
    environment, sizes = CASES[0]
    monkeypatch.setattr(compiled, "_BATCH", 8)
    search = CompiledSearch(prepare(environment, sizes), Limits(megabytes=1 if refuses == "rows" else None))
    search.limits = Limits()

    def full(_: CompiledSearch, size: int, together: Any) -> None:
        raise MemoryError

    if refuses == "table":
        monkeypatch.setattr(CompiledSearch, "_make_table", full)
    search.search()
    assert search.stopped_by == "no memory for the search of states"
    assert not found_by(search).finished


@pytest.mark.parametrize(("environment", "sizes"), CASES[:3])
@pytest.mark.parametrize("symmetry", [False, True])
def test_two_threads_find_the_same_rows_in_the_same_order(
    environment: str, sizes: Sizes, symmetry: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Small batches, so that there are many and both threads have a part in most; a small table, so that it grows."""
    monkeypatch.setattr(compiled, "_BATCH_TOGETHER", 64)
    monkeypatch.setattr(compiled, "_WORTH_SHARING", 16)
    concrete = prepare(environment, sizes)
    alone, together = (CompiledSearch(concrete, options=ExhaustiveOptions(symmetry, threads)) for threads in (1, 2))
    alone.search()
    together.search()
    assert (alone.states[: alone.count] == together.states[: together.count]).all()
    assert found_by(alone).against == found_by(together).against
    for told in ("count", "transitions", "depth", "fired_counts", "first", "deadlock"):
        assert getattr(alone, told) == getattr(together, told), told


def test_what_is_kept_is_kept_by_its_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other sizes, another text; the text of old is not compiled again, unless its file was damaged."""
    small, large = (PackedCompiler(prepare("no-hint+qemu-10+tcg", Sizes(b, 2, 1))) for b in (1, 2))
    made: list[str] = []

    def noted(text: str, arrays: Any) -> bytes:
        made.append(text)
        return compile_text(text, arrays)

    cache_directory.cache_clear()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(modules, "compile_text", noted)
    try:
        for packed in (small, small, large, small):
            CompiledSearch(packed.concrete).search()
        assert made == [steps_text(small), steps_text(large)]
        for kept in tmp_path.rglob("steps-*.o"):
            kept.write_bytes(kept.read_bytes()[:-100])
        CompiledSearch(small.concrete).search()
        assert made == [steps_text(small), steps_text(large), steps_text(small)]
        assert not list(tmp_path.rglob("*.partial"))
    finally:
        cache_directory.cache_clear()


def test_where_nothing_can_be_kept_it_is_compiled_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    cache_directory.cache_clear()
    monkeypatch.setenv("XDG_CACHE_HOME", "/proc/nowhere")
    try:
        assert "hintproof" in str(cache_directory())
        assert not str(cache_directory()).startswith("/proc")
    finally:
        cache_directory.cache_clear()
