"""Hypothesis' stateful tests of environments: they find what is there, and do what Hypothesis' documentation says."""

from __future__ import annotations

import subprocess
import sys
import unittest
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import Phase, reproduce_failure, seed, settings
from hypothesis.database import ExampleDatabase, InMemoryExampleDatabase
from hypothesis.errors import InvalidDefinition
from hypothesis.stateful import initialize, invariant, rule, run_state_machine_as_test

from hintproof.engines.limits import Limits
from hintproof.engines.search import BreadthFirst
from hintproof.stateful import NotPossible, ProtocolMachine, Violation, machine
from hintproof.stateful.violation import Traces
from hintproof.system.errors import BadInput
from hintproof.trace.document import load
from hintproof.trace.replay import prepare
from hintspec.language.sizes import Sizes
from hintspec.text import PROTOCOL

SOUND = "virtio-1.3-driver+qemu-10+kvm-auto"
EARLY = "linux-6.1+qemu-7.2+kvm-manual+cell-per-round"

PAIR = ("hint_in_batch", "hint_in_window")

Made = type[ProtocolMachine]


@pytest.fixture(autouse=True)
def _in_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep traces and the example database apart from those of other tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Traces, "directory", Path("hintproof-traces"))  # pytest in pytest sets another one


def fails(made: Made, database: ExampleDatabase | None = None, **others: Any) -> Violation:
    """The violation that a test of the machine ends with."""
    with pytest.raises(Violation) as caught:
        run_state_machine_as_test(made, settings=settings(made.TestCase.settings, database=database, **others))
    return caught.value


def printed(violation: Violation) -> str:
    return "\n".join(violation.__notes__)


def program(violation: Violation) -> str:
    """The printed program, from its first line to its last."""
    lines = printed(violation).splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("from "))
    return "\n".join(lines[first : lines.index("state.teardown()") + 1]) + "\n"


def cases(made: Made, **others: Any) -> list[list[tuple[str, int | None]]]:
    """The runs of all test cases of a test."""
    runs = []

    class Watched(made):  # type: ignore[misc, valid-type]
        def teardown(self) -> None:
            runs.append(list(self._run))
            super().teardown()

    run_state_machine_as_test(Watched, settings=settings(Watched.TestCase.settings, database=None, **others))
    return runs


def test_a_sound_environment_passes() -> None:
    lengths = [len(run) for run in cases(machine(SOUND, ring=3, rounds=1), max_examples=150)]
    assert len(lengths) >= 100
    assert max(lengths) > 40


@pytest.mark.parametrize("environment", [SOUND, "linux-6.1+qemu-7.2+kvm-manual"])
def test_preconditions_are_the_guards(environment: str) -> None:
    sizes = Sizes(blocks=2, ring=2, rounds=1)
    made = machine(environment, blocks=2, ring=2, rounds=1)
    system = prepare(environment, sizes)
    search = BreadthFirst(system, Limits(states=1500), look=100)
    search.search()
    rules = {r.function.__name__: r for r in made.setup_state().rules}
    assert set(rules) == {instance.action.name for instance in system.instances}
    here = made()
    for state in search.order[::7]:
        here.set_values(system.show(state))
        assert here._state == state
        enabled = [system.instances[number].step for number, _, _ in system.successors(state)]
        possible = [name for name, r in rules.items() if all(holds(here) for holds in r.preconditions)]
        assert {name for name, _ in enabled} == set(possible)
        assert set(enabled) == {(name, block) for name in possible for block in here.possible_blocks(name)}


def test_names_of_the_text_are_free() -> None:
    names = {action.name for action in PROTOCOL.actions} | {item.name for item in PROTOCOL.properties}
    assert not names & set(dir(ProtocolMachine))


def test_a_printed_program_fails_the_same_way_in_a_fresh_file(tmp_path: Path) -> None:
    violation = fails(machine(EARLY, properties=["no_lost_write"], ring=3, rounds=1), max_examples=1000)
    assert violation.args[0].startswith("no_lost_write is violated: When migration is complete")
    assert "known as: early-release" in violation.args[0]
    pasted = tmp_path / "pasted.py"
    pasted.write_text(program(violation))
    ended = subprocess.run([sys.executable, str(pasted)], capture_output=True, text=True, check=False)
    assert ended.returncode == 1
    assert ended.stderr.endswith(f".no_lost_write: {violation.args[0]}\n")
    trace = load(tmp_path / "hintproof-traces" / f"{EARLY},no_lost_write.json")
    assert trace.run == violation.run
    assert len(violation.run) == 31
    assert program(violation).count("\n") == len(violation.run) + 6


def test_hypothesis_tells_properties_apart() -> None:
    """So it shrinks a failure without slipping to another property."""
    environment = "linux-6.1+virtio-1.3-device"
    made = (machine(environment, properties=[name], ring=3, rounds=2) for name in PAIR)
    one, other = (fails(each, phases=[Phase.generate], max_examples=400) for each in made)
    assert type(one) is not type(other)
    assert isinstance(one, Violation)


class NoHint(machine(SOUND, ring=3, rounds=1)):  # type: ignore[misc]
    """A claim that is wrong: the driver does hint blocks."""

    @invariant()
    def nothing_is_hinted(self) -> None:
        assert self.values["driver.held"] == []


def test_a_subclass_finds_violations_of_its_own_invariant() -> None:
    chosen = settings(NoHint.TestCase.settings, database=None, print_blob=False)  # on a CI server it is on
    with pytest.raises(AssertionError) as caught:
        run_state_machine_as_test(NoHint, settings=chosen)
    lines = "\n".join(caught.value.__notes__).splitlines()
    assert lines[-3:] == ["state.keep_hinted()", "state.nothing_is_hinted()", "state.teardown()"]
    assert f"from {__name__} import NoHint" in lines


class InUse(machine(SOUND, ring=3, rounds=1)):  # type: ignore[misc]
    """An application has the block already, with content that it relies on."""

    initial: ClassVar = {"memory.free": [], "memory.used": [1], "ghost.data": [1]}


class EarlyMark(InUse):
    """A mark in the bitmap before any migration."""

    initial: ClassVar = {"log.bitmap": [1]}


def test_a_subclass_begins_in_its_own_state() -> None:
    assert InUse().values["memory.used"] == [1]
    runs = cases(InUse, max_examples=60)
    assert ("write", 1) in {run[0] for run in runs if run}
    assert any(("migrate", None) in run for run in runs)


def test_what_is_wrong_in_the_initial_state_is_found() -> None:
    violation = fails(EarlyMark)
    assert violation.args[0].startswith("log_rests is violated: While no migration is under way nothing is logged")
    assert program(violation) == (
        f"from {__name__} import EarlyMark\nstate = EarlyMark()\nstate.log_rests()\nstate.teardown()\n"
    )


def test_a_run_from_another_state_is_no_trace() -> None:
    class Forgets(machine(SOUND, properties=["no_lost_write"], ring=3, rounds=1)):  # type: ignore[misc]
        @rule()
        def forget(self) -> None:
            self.set_values({"log.bitmap": [], "log.own": [], "log.kernel": []})

    violation = fails(Forgets, max_examples=1000)
    assert "no trace: this run has more than steps of the protocol" in violation.args[0]
    assert "state.forget()" in printed(violation).splitlines()
    assert not Path("hintproof-traces").exists()


def test_initialize_rules_begin_a_run() -> None:
    class Migrates(machine(SOUND, ring=3, rounds=1)):  # type: ignore[misc]
        @initialize()
        def begin(self) -> None:
            self.migrate()

    runs = cases(Migrates, max_examples=30)
    assert {run[0] for run in runs} == {("migrate", None)}
    assert max(len(run) for run in runs) > 10


def test_a_rule_can_be_taken_away() -> None:
    class NoWrites(machine(EARLY, properties=["no_lost_write"], ring=3, rounds=1)):  # type: ignore[misc]
        write = None

    assert not any(name == "write" for run in cases(NoWrites, max_examples=120) for name, _ in run)


def test_a_property_can_be_taken_away() -> None:
    class Others(machine(EARLY, properties=["no_lost_write", "hint_in_batch"], ring=3, rounds=1)):  # type: ignore[misc]
        hint_in_batch = None

    assert type(fails(Others, max_examples=1000, phases=[Phase.generate])).__name__ == "no_lost_write"


def test_a_goal_must_stay_possible_to_the_end() -> None:
    made = machine("linux-5.0+qemu-5.0+kvm-manual", properties=["blocks_can_come_back"], ring=3, rounds=1)
    violation = fails(made, max_examples=1000, phases=[Phase.generate])
    assert type(violation).__name__ == "blocks_can_come_back"
    assert program(violation).endswith("state.teardown()\n")


def test_a_step_that_is_not_possible_names_its_guard() -> None:
    state = machine(SOUND, blocks=2)()
    with pytest.raises(NotPossible, match=r"sync_get is not possible here: .* fails, where"):
        state.sync_get()  # type: ignore[attr-defined]
    with pytest.raises(NotPossible, match=r"allocate takes a block of 1 .. 2, not 3"):
        state.allocate(block=3)  # type: ignore[attr-defined]


def test_input_of_no_use_is_refused() -> None:
    with pytest.raises(BadInput, match="no-such"):
        machine("no-such")
    with pytest.raises(BadInput, match="no property 'no_such'"):
        machine(SOUND, properties=["no_such"])
    with pytest.raises(BadInput, match="no property 'worker_never_spins' of finite runs"):
        machine(SOUND, properties=["worker_never_spins"])
    with pytest.raises(BadInput, match="bloks"):
        machine(SOUND, bloks=1)
    with pytest.raises(BadInput, match="size ring=0"):
        machine(SOUND, ring=0)
    with pytest.raises(InvalidDefinition, match=r"no variable 'driver\.nowhere'"):
        machine(SOUND)().set_values({"driver.nowhere": 1})
    with pytest.raises(InvalidDefinition, match=r"driver\.at can't be 'NOWHERE'"):
        machine(SOUND)().set_values({"driver.at": "NOWHERE"})


# -- as Hypothesis' documentation says ---------------------------------------------------------------------------
def test_settings_are_respected() -> None:
    made = machine(SOUND, ring=3, rounds=1)
    assert len(cases(made, max_examples=7)) <= 14
    assert max(len(run) for run in cases(made, max_examples=60, stateful_step_count=9)) == 9
    plain = settings(max_examples=1000, deadline=None, database=None, stateful_step_count=60, phases=[Phase.generate])
    with pytest.raises(Violation):
        run_state_machine_as_test(machine(EARLY, properties=["hint_in_batch"], ring=3, rounds=1), settings=plain)


def test_a_profile_is_respected() -> None:
    settings.register_profile("hintproof-test", max_examples=3, stateful_step_count=12)
    settings.load_profile("hintproof-test")
    try:
        chosen = machine(SOUND).TestCase.settings
    finally:
        settings.load_profile("default")
    assert (chosen.max_examples, chosen.stateful_step_count) == (3, 12)


def test_a_seed_repeats_a_test() -> None:
    made = machine(SOUND, ring=3, rounds=1)

    def runs(number: int) -> list[list[tuple[str, int | None]]]:
        return cases(seed(number)(made), max_examples=20)

    assert runs(5) == runs(5)
    assert runs(5) != runs(6)


def test_the_example_database_replays_a_failure() -> None:
    database = InMemoryExampleDatabase()
    wanted = {"properties": ["hint_in_batch"], "ring": 3, "rounds": 1}
    first = fails(machine(EARLY, **wanted), database)  # type: ignore[arg-type]
    replayed = fails(machine(EARLY, **wanted), database, phases=[Phase.reuse])  # type: ignore[arg-type]
    assert replayed.run == first.run
    other = machine(EARLY, properties=["hint_in_batch"], ring=4, rounds=1)
    reuse = settings(other.TestCase.settings, database=database, phases=[Phase.reuse])
    with pytest.raises(unittest.SkipTest):  # as there is nothing to run
        run_state_machine_as_test(other, settings=reuse)


def test_a_blob_reproduces_a_failure() -> None:
    wanted = {"properties": ["hint_in_batch"], "ring": 3, "rounds": 1}
    first = fails(machine(EARLY, **wanted), print_blob=True)  # type: ignore[arg-type]
    decorator = next(line for line in printed(first).splitlines() if "@reproduce_failure" in line)
    version, blob = eval(decorator[decorator.index("(") : decorator.index(")") + 1])
    again = reproduce_failure(version, blob)(machine(EARLY, **wanted))  # type: ignore[arg-type]
    with pytest.raises(Violation) as caught:
        run_state_machine_as_test(again, settings=settings(again.TestCase.settings, database=None))
    assert caught.value.run == first.run


TESTS = """
from hypothesis import event, settings, target
from hypothesis.stateful import invariant

from hintproof.stateful import machine

Early = machine("linux-6.1+qemu-7.2+kvm-manual+cell-per-round", properties=["hint_in_batch"], ring=3, rounds=1)
TestEarly = Early.TestCase


class Sound(machine("virtio-1.3", ring=3, rounds=1)):
    @invariant()
    def count(self):
        event(f"driver at {self.values['driver.at']}")

    def teardown(self):
        target(len(self.values["driver.held"]), label="hinted")
        super().teardown()


TestSound = Sound.TestCase
TestSound.settings = settings(TestSound.settings, max_examples=25)
"""


def test_pytest_runs_machines(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_machines=TESTS)
    result = pytester.runpytest_subprocess(
        "-p", "no:cacheprovider", "--hypothesis-show-statistics", "--hypothesis-seed=1", "--hintproof-traces=kept"
    )
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.re_match_lines_random(
        [
            r".*hint_in_batch is violated: As the device sees the queue.*",
            r".*see it with: hintproof show kept/linux-6.1.*,hint_in_batch.json",
            r".*Machine = machine\(\"linux-6.1.*\", properties=\['hint_in_batch'\], blocks=1, ring=3, rounds=1\)",
            r".*state\.post_hint\(\)",
            r".*driver at POLL_BIT.*",
            r".*Highest target score.*hinted.*",
        ]
    )
    assert load(pytester.path / "kept" / f"{EARLY},hint_in_batch.json").property_name == "hint_in_batch"


def test_unittest_runs_machines(tmp_path: Path) -> None:
    (tmp_path / "test_machines.py").write_text(TESTS)
    command = [sys.executable, "-m", "unittest", "test_machines"]
    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "FAILED (failures=1)" in ended.stderr
    assert "Ran 2 tests" in ended.stderr
    assert "hint_in_batch is violated" in ended.stderr
