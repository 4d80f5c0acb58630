"""What rests on what: every part that the table says is needed is; every guard that is not has a reason."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from pathlib import Path

import pytest

from hintproof import BadInput
from hintproof.engines.induction import ask, prove
from hintproof.engines.obligations import Obligations, Query
from hintproof.interpret.wording import wording
from hintproof.system.workers import Task, run_in_order
from hintproof.tasks.dependencies import (
    GUARD,
    LEMMA,
    UPDATE,
    Dependency,
    DependencyFinder,
    find_dependencies,
    parts_named,
    parts_of,
    term_of,
    why_not_needed,
)
from hintproof.tasks.prove import unbounded_model
from hintspec.catalogue.expected import WORKED_EXAMPLE, known_at_any_size
from hintspec.language.recording import Model
from hintspec.proof.unneeded_guards import NOT_FOR_SAFETY
from tests.checker.command import hintproof

#: What the example is known to break anyway: no part of it holds that up.
KNOWN = known_at_any_size(WORKED_EXAMPLE).keys()


@cache
def rows() -> list[Dependency]:
    parts = parts_of(unbounded_model(WORKED_EXAMPLE))
    halves = (parts[: len(parts) // 2], parts[len(parts) // 2 :])
    tasks = [Task(WORKED_EXAMPLE, "", partial(find_dependencies, WORKED_EXAMPLE, half)) for half in halves]
    return [row for rows in run_in_order(tasks) for row in rows]


def guard_left_out(model: Model, step: str, number: int) -> Model:
    """The world whose step lacks one condition, made without the code under test."""
    actions = []
    for action in model.actions:
        if action.name == step:
            action = replace(action, guard=action.guard[:number] + action.guard[number + 1 :])
        actions.append(action)
    return replace(model, actions=tuple(actions))


@pytest.mark.slow
def test_deleting_any_guard_that_is_needed_makes_the_proof_fail() -> None:
    """Every one of them. Only the obligations of its step change, so those are what is asked."""
    model = unbounded_model(WORKED_EXAMPLE)
    needed = [row for row in rows() if row.part.kind == GUARD and row.unproved]
    assert len(needed) > 50
    for row in needed:
        changed = guard_left_out(model, row.part.step, int(row.part.name))
        action = changed.action_named(row.part.step)
        failed = {
            q.claim for q in Obligations(changed).of_step(action) if isinstance(q, Query) and ask(q).verdict == "fails"
        }
        assert set(row.breaks) <= failed, row.part


@pytest.mark.parametrize(
    ("step", "condition", "falls"),
    [
        ("pop_start", "ring.queue.head.cell == device.cmd_id", "hint_in_window"),
        ("honour_hint", "device.status == S_START", "no_lost_write"),
        ("shrink_newest", "driver.order.top != NO_BLOCK", None),
        ("complete", "log.bitmap == EMPTY", "no_lost_write"),
        ("post_hint", "driver.at == ADD_PAGE", "block_conserved"),
        ("round_begins", "driver.cache != driver.active", "id_at_most_once"),
    ],
)
def test_what_some_guards_hold_up(step: str, condition: str, falls: str | None) -> None:
    """As a reviewer would expect; and the whole proof agrees with the table about them."""
    model = unbounded_model(WORKED_EXAMPLE)
    action = model.action_named(step)
    [number] = [n for n, c in enumerate(action.guard) if wording(c.term) == condition]
    [row] = [r for r in rows() if r.part.step == step and r.part.kind == GUARD and r.part.name == str(number)]
    assert falls in row.unproved if falls else row.unproved == ()
    proof = prove(guard_left_out(model, step, number))
    assert set(proof.unproved) - KNOWN == set(row.unproved)


def test_every_lemma_of_the_example_that_breaks_something_is_needed() -> None:
    for row in rows():
        if row.part.kind == LEMMA:
            assert bool(set(row.breaks) - KNOWN) == bool(row.unproved), row.part


def test_every_guard_that_is_not_needed_has_a_reason() -> None:
    model = unbounded_model(WORKED_EXAMPLE)
    for row in rows():
        if row.part.kind == GUARD and not row.unproved:
            term = term_of(model, row.part)
            assert term is not None
            assert why_not_needed(term), f"{row.part}: {wording(term)}"


def test_reasons_speak_of_variables_that_there_are() -> None:
    everything = unbounded_model("linux-5.0+qemu-10+kvm-manual+oom-notifier")
    known = {v.name for environment in (everything, unbounded_model(WORKED_EXAMPLE)) for v in environment.vars}
    assert set(NOT_FOR_SAFETY) <= known


def test_updates_matter_too() -> None:
    """An id that does not move on when it is issued lets old hints pass for new ones."""
    [row] = [r for r in rows() if r.part.kind == UPDATE and str(r.part) == "publish_id.device.cmd_id"]
    assert row.unproved == ("no_lost_write", "requested_id_is_new")


def test_names_of_parts() -> None:
    model = unbounded_model(WORKED_EXAMPLE)
    assert {p.step for p in parts_named(model, "send_cmd_id_start")} >= {"set_active_id", "post_start", "kick_start"}
    assert {p.step for p in parts_named(model, "complete")} == {"complete"}
    assert [str(p) for p in parts_named(model, "complete.1")] == ["complete.1"]
    assert [p.kind for p in parts_named(model, "starts_grow")] == [LEMMA]
    with pytest.raises(BadInput, match="did you mean 'set_active_id'"):
        parts_named(model, "set_activ_id")


def test_why_in_a_terminal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    done = hintproof(tmp_path, "why", "complete")
    assert done.returncode == 0, done.stderr
    assert "log.bitmap == EMPTY" in done.stdout
    assert "no_lost_write" in done.stdout
    tree = hintproof(tmp_path, "why", "hint_in_window")
    assert "only_now_in_batch: While the device is in the batch" in tree.stdout
    wrong = hintproof(tmp_path, "why", "nonsense")
    assert wrong.returncode == 2
    assert len(wrong.stderr.splitlines()) == 1


def test_what_fails_already_is_not_blamed_on_a_part() -> None:
    finder = DependencyFinder("linux-6.1+qemu-7.2+kvm-auto")
    part = next(p for p in parts_of(finder.model) if str(p) == "set_active_id.0")
    assert "start_reads_as_posted" not in finder.leave_out(part).breaks
