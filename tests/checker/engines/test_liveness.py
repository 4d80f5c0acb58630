"""Progress under weak fairness: on a model that is not of ballooning, on graphs, and on the real worlds."""

from __future__ import annotations

import json
import random
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hintproof import BadInput, BoundedOptions, ExhaustiveOptions, Options, SamplingOptions, Sizes, Verdict, check
from hintproof.engines import exhaustive, liveness
from hintproof.engines.exhaustive import PlainSearch, explore_all
from hintproof.engines.liveness import find_lasso, first_stuck, follow_lasso
from hintproof.engines.report import Found
from hintproof.engines.search import Graph
from hintproof.interpret.concrete import Concrete
from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.tasks.check import plan
from hintproof.tasks.verdict import judge
from hintproof.trace.document import load, save
from hintproof.trace.replay import Trace, prepare
from hintproof.views.trace import mail
from hintspec.catalogue.environments import compose
from hintspec.language.declare import ALWAYS, PROGRESS, Action, Actor, Fairness, Text, action, require, state_property
from hintspec.language.errors import SpecError
from hintspec.language.recording import record
from hintspec.language.sorts import BLOCKS, Enum
from hintspec.language.terms import EMPTY, Term, just
from hintspec.language.variables import Part, PartOf, StateView, var
from hintspec.text import PROTOCOL

# A shop: a customer asks, a clerk serves or sweeps the floor, a bell may ring. It knows nothing of ballooning.
CUSTOMER, CLERK = Actor("customer", "C", "asks"), Actor("clerk", "K", "serves")
Desk = Enum("desk", ("EMPTY", "ASKED", "SWEEPING"))


class Shop(Part):
    desk = var(Desk, Desk.EMPTY, "what goes on")


class S(StateView[None]):
    shop = PartOf(Shop)


@action(by=CUSTOMER, where="the door")
def ask(s: S) -> None:
    require(s.shop.desk == Desk.EMPTY)
    s.shop.desk = Desk.ASKED


@action(by=CLERK, where="the desk")
def serve(s: S) -> None:
    require(s.shop.desk == Desk.ASKED)
    s.shop.desk = Desk.EMPTY


@action(by=CLERK, where="the floor")
def sweep(s: S) -> None:
    require(s.shop.desk == Desk.ASKED)
    s.shop.desk = Desk.SWEEPING


@action(by=CLERK, where="the floor")
def put_broom_away(s: S) -> None:
    require(s.shop.desk == Desk.SWEEPING)
    s.shop.desk = Desk.ASKED


@action(by=CUSTOMER, where="the door", budgets=("rounds",))
def complain(s: S) -> None:
    require(s.shop.desk == Desk.ASKED)
    s.shop.desk = Desk.EMPTY


SERVES = Fairness("serving", "who can be served is served", steps=(serve,))
SWEEPS = Fairness("the broom", "it is put away", steps=(put_broom_away,))
WORKS = Fairness("the clerk", "he does something", by=CLERK)


def shop(steps: tuple[Action, ...], *fair: Fairness) -> Concrete:
    @state_property(PROGRESS, "good service", fair=fair)
    def nobody_waits(s: S) -> Term:
        return s.shop.desk == Desk.EMPTY

    text = Text(S, (CUSTOMER, CLERK), steps, (nobody_waits,), budgets=("rounds",))
    return Concrete(record(text, None), Sizes(rounds=1))


def loop_of(found: Found, name: str = "nobody_waits") -> list[str]:
    return [step for step, _ in found.against[name][found.loops[name] :]]


@pytest.mark.parametrize(
    ("steps", "fair", "loop"),
    [
        ((ask, serve), (), []),  # nobody is obliged to anything: it stays as it is
        ((ask, serve), (WORKS,), None),
        ((ask, serve), (SERVES,), None),
        ((ask, serve, sweep, put_broom_away), (WORKS,), ["sweep", "put_broom_away"]),  # he works, but does not serve
        ((ask, serve, sweep), (SERVES,), []),  # the broom is never put away, and so nobody can be served
        ((ask, serve, sweep, put_broom_away), (SERVES, SWEEPS), ["sweep", "put_broom_away"]),  # weak, not strong
    ],
)
def test_fairness_decides(steps: tuple[Action, ...], fair: tuple[Fairness, ...], loop: list[str] | None) -> None:
    found = explore_all(shop(steps, *fair))
    if loop is None:
        assert "nobody_waits" not in found.against
    else:
        assert sorted(loop_of(found)) == sorted(loop)


def test_what_repeats_is_said_with_its_length() -> None:
    model = shop((ask, serve, sweep, put_broom_away), WORKS)
    said = judge(explore_all(model), model.model.properties[0].declared)
    assert said is not None
    assert said.detail == "1 step and a loop of 2"


def test_a_budget_can_not_make_a_run_fair() -> None:
    """Once the complaint is used up it is not possible any more; that must not excuse anybody."""
    with pytest.raises(SpecError, match="limited by a budget"):
        Fairness("complaining", "who waits complains", steps=(complain,))
    complains = Fairness("the customer", "he does something", by=CUSTOMER)
    assert [f.steps for f in shop((ask, serve, complain), complains).model.properties[0].fair] == [frozenset(["ask"])]


def test_what_would_not_be_checked_is_refused() -> None:
    with pytest.raises(SpecError, match="speaks of the whole state"):
        state_property(PROGRESS, "?")(lambda s, block: s.shop.desk == Desk.EMPTY)
    with pytest.raises(SpecError, match="fairness means nothing"):
        state_property(ALWAYS, "?", fair=(WORKS,))(lambda s: s.shop.desk == Desk.EMPTY)


# -- graphs -----------------------------------------------------------------------------------


def random_graph(states: int, labels: int, chance: random.Random) -> Graph:
    steps = [
        [(chance.randrange(states), chance.randrange(labels)) for _ in range(chance.randrange(4))]
        for _ in range(states)
    ]
    flat = [step for those in steps for step in those]
    return Graph(
        np.cumsum([len(those) for those in steps]).astype(np.uint32),
        np.array([t for t, _ in flat], np.uint32),
        np.array([v for _, v in flat], np.uint16),
    )


def reached_from(graph: Graph, start: int, allowed: set[int]) -> set[int]:
    seen, waiting = {start}, [start]
    while waiting:
        for _, there in graph.steps(waiting.pop()):
            if there in allowed and there not in seen:
                seen.add(there)
                waiting.append(there)
    return seen


def naive(graph: Graph, met: Any, fair: list[frozenset[int]]) -> int | None:
    """The first state of a part (states that reach each other) in which each condition is met somewhere."""
    bad = {n for n in range(graph.states) if not met[n]}
    reach = {n: reached_from(graph, n, bad) for n in bad}
    for state in sorted(bad):
        part = {n for n in reach[state] if state in reach[n]}
        inside = {via for n in part for via, there in graph.steps(n) if there in part}
        idle = [{via for via, _ in graph.steps(n)} for n in part]
        if all(steps & inside or any(not steps & offered for offered in idle) for steps in fair):
            return state
    return None


def judged(graph: Graph, met: Any, fair: list[frozenset[int]]) -> tuple[int | None, int | None]:
    lasso, stuck = find_lasso(graph, met, fair), first_stuck(graph, met)
    if lasso is not None:  # the walk is one, closed, and passes a place for each condition
        here, visited = lasso.state, [lasso.state]
        for via, there in lasso.loop:
            assert (via, there) in set(graph.steps(here))
            assert not met[there]
            visited.append(here := there)
        assert here == lasso.state
        for steps in fair:
            idle = any(not steps & {via for via, _ in graph.steps(n)} for n in visited)
            assert idle or steps & {via for via, _ in lasso.loop}
    return (None if lasso is None else lasso.state), stuck


@pytest.mark.parametrize("compiled", [False, True])
def test_parts_are_those_of_a_naive_search(compiled: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if compiled:
        monkeypatch.setattr(liveness, "_FEW", -1)
    chance, seen = random.Random(7), set()
    for _ in range(150):
        graph = random_graph(chance.randrange(1, 30), 5, chance)
        met = np.array([chance.random() < 0.3 for _ in range(graph.states)], np.uint8)
        fair = [frozenset(chance.sample(range(5), chance.randrange(1, 4))) for _ in range(chance.randrange(3))]
        everywhere = set(range(graph.states))
        stuck = [n for n in sorted(everywhere) if not any(met[m] for m in reached_from(graph, n, everywhere))]
        expected = (naive(graph, met, fair), stuck[0] if stuck else None)
        assert judged(graph, met, fair) == expected
        seen.add((expected[0] is None, expected[1] is None))
    assert len(seen) >= 3  # all kinds of answers came up


def test_a_loop_of_namings_is_followed_until_it_closes() -> None:
    """Under symmetry once round may lead to the same state with other names: here it takes three rounds."""

    class Turn(Part):
        whose = var(BLOCKS, EMPTY, "whose turn it is")

    class T(StateView[None]):
        turn = PartOf(Turn)

    @action(by=CLERK, where="here")
    def first(s: T, block: Term) -> None:
        require(s.turn.whose == EMPTY)
        s.turn.whose = just(block)

    @action(by=CLERK, where="here")
    def pass_on(s: T, block: Term) -> None:
        require(~(s.turn.whose == EMPTY), ~s.turn.whose.has(block))
        s.turn.whose = just(block)

    text = Text(T, (CLERK,), (first, pass_on), ())
    model = Concrete(record(text, None), Sizes(blocks=3))

    def take(here: Any, name: str, row: int) -> Any:  # the quotient has two states: 0 nobody's turn, 1 somebody's
        options = [(model.instances[n], state) for n, state, _ in model.successors(here)]
        wanted = (here[0] << 1 if here[0] < 4 else 1,)
        return next((i, state) for i, state in options if state == wanted)

    run, loop = follow_lasso((1,), [("first", 1)], [("pass_on", 1)], take)
    assert loop == 1
    assert run == [("first", 1), ("pass_on", 2), ("pass_on", 3), ("pass_on", 1)]


# -- the real worlds --------------------------------------------------------------------------

SMALL = Sizes(1, 3, 1)
SPINS = ["test_read_bit", "stay_in_loop", "take_block", "hint_does_not_fit"]
RINGS_FILL = ("linux-6.1+qemu-7.2+kvm-auto+cell-per-round", "virtio-1.3-driver+qemu-10+kvm-auto")
LEAKS, ASLEEP = "linux-4.20+qemu-4.0+kvm-auto", "linux-6.1+qemu-7.2+kvm-auto+wait-on-ack"


def traced(environment: str, name: str, sizes: Sizes = SMALL, symmetry: bool = False) -> Trace:
    """The lasso, replayed from the text."""
    result, [task] = plan(environment, sizes, ["exhaustive"], options=Options(ExhaustiveOptions(symmetry)))
    result.found["exhaustive"] = task.run()
    trace = result.trace(name)
    assert trace is not None
    return trace


@pytest.mark.parametrize("environment", RINGS_FILL)
def test_the_worker_spins_on_a_full_ring(environment: str) -> None:
    """The ring is full, the device does not pop, the shrinker gave a block back: allocate, no room, free, again."""
    trace = traced(environment, "worker_never_spins")
    assert trace.loop is not None
    assert [name for name, _ in trace.run[trace.loop :]] == SPINS
    told = explain_end(trace)
    assert "driver.at is POLL_BIT or COMPARE or ALLOC or ADD_PAGE" in told
    assert "the config interrupt: nothing to do after step" in told
    assert "nobody is obliged to it: pop_start" in told


def test_with_a_device_that_pops_it_does_not() -> None:
    for environment in RINGS_FILL:
        result = check(environment, SMALL, ["exhaustive"])
        assert result.verdict("worker_gets_on") == result.verdict("blocks_return") == Verdict.EXHAUSTED


def test_a_leak_is_a_state_that_stays() -> None:
    trace = traced(LEAKS, "blocks_return")
    assert trace.loop == len(trace.steps)
    assert (trace.states[-1]["driver.held"], trace.states[-1]["migration.at"]) == ([1], "IDLE")


def test_a_driver_that_waits_needs_the_device_to_be_woken() -> None:
    assert check(ASLEEP, SMALL, ["exhaustive"]).verdict("worker_gets_on") == Verdict.EXHAUSTED
    last = traced(f"{ASLEEP}+no-ioeventfd", "worker_gets_on").states[-1]
    assert (last["driver.at"], last["device.awake"]) == ("WAIT_ID", False)


def test_under_done_shrinker_and_worker_may_pass_blocks_round() -> None:
    """A round that begins with DONE, as the id is read twice, ends only when an allocation fails."""
    environment = "linux-6.1+qemu-7.2+kvm-auto+wait-on-ack"
    trace = traced(environment, "blocks_return", Sizes(2, 3, 1))
    assert trace.loop is not None
    assert {"shrink_newest", "post_hint"} <= {name for name, _ in trace.run[trace.loop :]}
    assert trace.states[-1]["driver.active"] == "DONE"
    mended = check(f"{environment}+read-id-once", Sizes(2, 3, 1), ["exhaustive"])
    assert mended.verdict("blocks_return") == Verdict.EXHAUSTED


def test_symmetry_changes_neither_verdict_nor_stem() -> None:
    environment, sizes = "linux-6.1+qemu-7.2+kvm-auto+wait-on-ack+any-order", Sizes(2, 3, 1)
    plain, folded = (traced(environment, "blocks_return", sizes, folded) for folded in (False, True))
    assert plain.loop == folded.loop


def test_plain_and_compiled_searches_find_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    model = prepare("linux-5.0+qemu-5.0+kvm-auto", SMALL)
    plain = PlainSearch(model)
    plain.search()
    monkeypatch.setattr(exhaustive, "_FEW", 0)
    compiled, reference = explore_all(model), exhaustive.found_by(plain)
    assert compiled.against == reference.against
    assert compiled.loops == reference.loops


def test_too_many_transitions_are_undecided(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exhaustive.PlainSearch, "graph_bytes", 1 << 50)
    result = check("linux-6.1+firecracker-1.14", SMALL, ["exhaustive"])
    assert result.verdict("worker_gets_on") == result.verdict("worker_can_end") == Verdict.UNDECIDED
    assert re.search("^limit of .* MB, in the graph of .* transitions", result.judgements("worker_gets_on")[0].detail)
    assert result.verdict("block_conserved") == Verdict.EXHAUSTED


def test_other_engines_have_no_say() -> None:
    options = Options(bounded=BoundedOptions(2), sampled=SamplingOptions(1))
    for engine in ("bounded", "sampled"):
        result = check("virtio-1.3", SMALL, [engine], options=options)
        assert result.judgements("worker_gets_on") == []


def test_every_condition_obliges_somebody_somewhere() -> None:
    for environment in ("linux-6.1+qemu-7.2+kvm-manual", "linux-4.20+qemu-4.0+kvm-auto"):
        for item in record(PROTOCOL, compose(environment)).properties:
            obliged = {condition.name for condition in item.fair}
            nobody = {condition.name for condition in item.declared.fair} - obliged
            assert nobody <= ({"the shrinker"} if environment.startswith("linux-4.20") else set())
            for condition in item.fair:
                assert not condition.steps & {"allocate", "write", "free", "migrate", "abort_migration"}
                short_of_memory = item.name == "memory_can_be_had"  # which asks what the shrinker is good for
                assert short_of_memory or "shrink_newest" not in condition.steps


# -- files ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def spin() -> Trace:
    return traced("linux-6.1+firecracker-1.14", "worker_never_spins")


@pytest.fixture
def document(spin: Trace, tmp_path: Path) -> dict[str, Any]:
    save(spin, explain_end(spin), tmp_path / "good.json")
    loaded: dict[str, Any] = json.loads((tmp_path / "good.json").read_text())
    return loaded


def test_a_loop_survives_its_file(spin: Trace, document: dict[str, Any], tmp_path: Path) -> None:
    again = load(tmp_path / "good.json")
    assert (again.run, again.loop, document["loop"]) == (spin.run, spin.loop, spin.loop)
    text = mail.render(build_story(again))
    assert text == mail.render(build_story(spin))
    assert text.isascii()
    assert max(len(line) for line in text.splitlines()) <= 78
    assert text.count("-- from here for ever --") == 1
    assert "17 steps and a loop of 4" in text


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda d: d.pop("loop"), "needs a loop"),
        (lambda d: d.update(loop=99), "can't begin after step 99"),
        (lambda d: d.update(loop=-1), "can't begin after step -1"),
        (lambda d: d.update(loop="\x1b"), "no trace of this tool"),
        (lambda d: d.update(loop=18), "does not lead back"),
        (lambda d: d["steps"].pop(), "does not lead back"),
        (lambda d: d.update(loop=21), "not fair: a step of the worker"),
        (lambda d: d.update(property="worker_gets_on"), "not fair: a step of the device"),
        (lambda d: d.update(steps=[], loop=0), "is met in the loop, after step 0"),
        (lambda d: d.update(property="no_lost_write"), "no property of progress"),
        (lambda d: d.update(property="no_deadlock"), "no property of progress"),
    ],
)
def test_loops_that_show_nothing_are_refused(
    tmp_path: Path, document: dict[str, Any], change: Callable[[dict[str, Any]], Any], complaint: str
) -> None:
    change(document)
    path = tmp_path / "bad.json"
    path.write_text(json.dumps(document))
    with pytest.raises(BadInput) as caught:
        load(path)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)
