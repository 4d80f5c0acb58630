"""SPIN stores our states and takes our steps: the Promela text means what the protocol text means."""

from __future__ import annotations

import re
import time

import pytest

from hintproof.engines.exhaustive import PlainSearch
from hintproof.interpret.concrete import Concrete
from hintproof.interpret.promela import promela
from hintproof.peers import PeerRun, run_spin
from hintproof.peers import spin as spin_peer
from hintproof.peers.spin import FASTEST, Setup
from hintproof.peers.two_phase_commit import MANAGER, STATES, two_phase_commit
from hintproof.trace.replay import prepare
from hintspec.catalogue.expected import RECORDS
from hintspec.language.declare import ALWAYS, Text, action, require
from hintspec.language.errors import SpecError
from hintspec.language.folds import subterms
from hintspec.language.recording import Model, record
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BOOL
from hintspec.language.variables import Part, PartOf, StateView, var

needs_spin = pytest.mark.skipif(bool(spin_peer.missing()), reason="needs spin and a C compiler (Debian: spin, gcc)")

#: What SPIN counts does not depend on the optimizer, which takes longer than the search of a small world.
QUICK = Setup(("-O0", *FASTEST.flags[1:]), FASTEST.environment)

#: Between them these use every operator of the text: rings with cells and marks, lists, chunks, ids that wrap.
CASES = (
    ("linux-5.7+qemu-5.1+kvm-manual", Sizes(2, 2, 1, chunk=2)),
    ("virtio-1.3-driver+qemu-7.2+kvm-manual+posted-after-clear+ids-wrap", Sizes(2, 2, 1, chunk=2)),
    ("linux-6.1+qemu-7.2+kvm-auto+poison", Sizes(1, 2, 1, dma=1, pauses=1, removes=1, freezes=1)),
    ("linux-6.1+virtio-1.3-device", Sizes(1, 3, 2)),
    ("linux-4.20+qemu-4.0+kvm-auto", Sizes(1, 2, 1)),
    ("linux-6.1+qemu-7.2+kvm-auto+cell-per-round+drain-before-id", Sizes(1, 2, 1)),
    ("no-hint+qemu-10+tcg", Sizes(3, 2, 2, dma=1)),
)


class Pair(Part):
    a = var(BOOL, True, "one")
    b = var(BOOL, False, "the other")


class PairState(StateView[None]):
    p = PartOf(Pair)


def searched(concrete: Concrete) -> PlainSearch:
    search = PlainSearch(concrete)
    search.search()
    return search


def states_without(run: PeerRun) -> dict[str, int]:
    """In how many states SPIN finds each ALWAYS property broken."""
    return {name: int(count) for name, count in re.findall(r"states without (\w+): (\d+)", run.output)}


def broken_in(search: PlainSearch) -> dict[str, int]:
    """In how many states our search finds each ALWAYS property broken."""
    return {
        p.name: sum(spoken >> bit & 1 for spoken in search.verdicts)
        for bit, p in enumerate(search.system.state_properties)
        if p.declared.kind == ALWAYS
    }


def operators(model: Model) -> set[str]:
    terms = [p.term for p in model.properties if p.declared.kind == ALWAYS and p.term is not None]
    for step in model.actions:
        terms += (*(c.term for c in step.guard), *step.updates.values(), *(t for _, t in step.promises))
    return {part.op for term in terms for part in subterms(term)}


def test_the_cases_use_every_operator() -> None:
    every = set().union(*(operators(prepare(r.environment, r.sizes).model) for r in RECORDS))
    used = set().union(*(operators(prepare(*case).model) for case in CASES))
    assert every <= used


@needs_spin
@pytest.mark.parametrize(("environment", "sizes"), CASES)
def test_spin_counts_what_we_count(environment: str, sizes: Sizes) -> None:
    concrete = prepare(environment, sizes)
    ours, spin = searched(concrete), run_spin(concrete, seconds=120, setup=QUICK)
    assert ours.count > 2000
    assert (spin.states, spin.transitions) == (ours.count, ours.transitions)
    assert states_without(spin) == broken_in(ours)
    assert bool(spin.errors) == bool(ours.broken_steps() or ours.deadlock is not None)


@needs_spin
def test_breadth_first_it_is_as_deep() -> None:
    concrete = prepare(*CASES[0])
    assert run_spin(concrete, seconds=120, bfs=True, setup=QUICK).depth == searched(concrete).depth


@needs_spin
def test_it_knows_nothing_of_ballooning() -> None:
    began = time.monotonic()
    spin = run_spin(two_phase_commit(5), seconds=120, setup=QUICK)
    took = time.monotonic() - began
    assert spin.states == STATES[5]
    assert states_without(spin) == {"consistent": 0}
    assert spin.errors == 0
    assert spin.ready + spin.seconds <= took + 0.1


def test_a_swap_goes_through_a_temporary() -> None:
    """Updates are simultaneous; where each is read by the other, one waits in a variable that is no state."""

    @action(by=MANAGER, where="here")
    def swap(s: PairState) -> None:
        require(~(s.p.a == s.p.b))
        s.p.a, s.p.b = s.p.b, s.p.a

    text = promela(Concrete(record(Text(PairState, (MANAGER,), (swap,), ()), None), Sizes()))
    assert "hidden int then_0;" in text
    assert re.search(r"then_0 = p_b;\s+p_b = p_a;\s+p_a = then_0 }", text)


def test_the_text_is_readable() -> None:
    text = promela(prepare("linux-6.1+qemu-7.2+kvm-auto", Sizes(1, 3, 2)), "a title")
    assert text.startswith("/* a title; blocks=1 ring=3 rounds=2.")
    assert "/* S3 set_active_id: driver; virtio_balloon.c: send_cmd_id_start */" in text
    assert "driver_at == worker_SET_ID" in text
    assert max(len(line) for line in text.splitlines() if line.strip().startswith("/*")) <= 120


def test_too_many_blocks_are_refused() -> None:
    with pytest.raises(SpecError, match="at most 30 blocks"):
        promela(two_phase_commit(31))
