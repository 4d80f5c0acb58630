"""Symmetry of blocks keeps every verdict, and its traces keep to one naming of the blocks."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest

from hintproof import BadInput, ExhaustiveOptions, Options, Sizes, Verdict, check
from hintproof.engines.compiled import CompiledSearch
from hintproof.engines.exhaustive import PlainSearch
from hintproof.interpret.concrete import Concrete, State
from hintproof.peers.two_phase_commit import two_phase_commit
from hintproof.trace.replay import prepare
from hintspec.language.sorts import BLOCK, BLOCKS, LIST, Ring

#: States count up to the names of blocks.
SYMMETRIC = Options(ExhaustiveOptions(symmetry=True))

CASES = (
    ("linux-5.7+qemu-5.1+kvm-manual", Sizes(2, 2, 1, chunk=2)),
    ("virtio-1.3", Sizes(2, 3, 1)),
    ("linux-6.1+firecracker-1.14", Sizes(2, 3, 1)),
    ("no-hint+qemu-7.2+tcg", Sizes(3, 2, 2)),
)


def renamed(concrete: Concrete, state: State, names: tuple[int, ...]) -> State:
    """A state with block ``b`` called ``names[b]``; ``names[0]`` is 0, no block."""

    def leaf(value: Any, sort: Any) -> Any:
        if sort == BLOCK:
            return names[value]
        if sort == BLOCKS:
            return sum(1 << names[b] - 1 for b in range(1, len(names)) if value >> b - 1 & 1)
        if sort == LIST:
            return tuple(names[b] for b in value)
        if isinstance(sort, Ring):
            kept = [tuple(leaf(x, s) for x, (_, s) in zip(e, sort.fields, strict=True)) for e in value[1]]
            return (value[0], tuple(kept))
        return value

    return tuple(leaf(x, v.sort) for x, v in zip(state, concrete.model.vars, strict=True))


def least(concrete: Concrete, state: State) -> State:
    """A canonical form made the slow way: the least of all namings."""
    blocks = range(1, concrete.sizes.blocks + 1)
    return min(renamed(concrete, state, (0, *names)) for names in permutations(blocks))


@pytest.mark.parametrize(
    ("environment", "sizes"), [("virtio-1.3", Sizes(2, 2, 1)), ("no-hint+qemu-7.2+tcg", Sizes(3, 2, 1))]
)
def test_one_state_stands_for_all_its_namings(environment: str, sizes: Sizes) -> None:
    """As many states as there are classes of namings among all reachable states."""
    concrete = prepare(environment, sizes)
    plain = PlainSearch(concrete)
    plain.search()
    fast = CompiledSearch(concrete, options=SYMMETRIC.exhaustive)
    fast.search()
    assert fast.count == len({least(concrete, state) for state in plain.order}) < plain.count


@pytest.mark.parametrize(("environment", "sizes"), CASES)
def test_verdicts_and_lengths_are_those_of_the_plain_search(environment: str, sizes: Sizes) -> None:
    plain = check(environment, sizes, ["exhaustive"])
    fast = check(environment, sizes, ["exhaustive"], options=SYMMETRIC)
    for item in plain.properties:
        assert fast.verdict(item.name) == plain.verdict(item.name), item.name
        told, known = fast.trace(item.name), plain.trace(item.name)  # replayed: blocks have one name throughout
        assert (told and len(told.steps)) == (known and len(known.steps)), item.name
    found, reference = fast.exhaustive, plain.exhaustive
    assert found.depth == reference.depth
    assert found.states < reference.states
    assert not fast.pinned
    assert {n for n, c in found.fired.items() if c} == {n for n, c in reference.fired.items() if c}


@pytest.mark.parametrize(("managers", "classes"), [(7, 920), (8, 1461)])
def test_known_counts_of_two_phase_commit(managers: int, classes: int) -> None:
    search = CompiledSearch(two_phase_commit(managers), options=SYMMETRIC.exhaustive)
    search.search()
    assert search.count == classes


def test_blocks_that_are_not_alike_are_refused() -> None:
    with pytest.raises(BadInput, match="several chunks"):
        check("linux-6.1+qemu-7.2+kvm-manual", Sizes(4, 3, 1, chunk=2), ["exhaustive"], options=SYMMETRIC)


def test_the_verdict_says_so() -> None:
    result = check("no-hint+qemu-10+tcg", Sizes(3, 2, 1), ["exhaustive"], options=SYMMETRIC)
    assert result.verdict("no_lost_write") == Verdict.EXHAUSTED
    [judgement] = result.judgements("no_lost_write")
    assert judgement.detail.endswith("states up to the names of blocks")
