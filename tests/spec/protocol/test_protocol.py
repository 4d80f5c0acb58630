"""The protocol text as a whole: readable, cited, independent, and all of it in use."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import hintspec
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.environments import CHANGES, DEVICES, DRIVERS, LOGS, compose
from hintspec.catalogue.expected import RECORDS, pins
from hintspec.catalogue.out_of_scope import HARMLESS
from hintspec.language.errors import SpecError
from hintspec.language.recording import record
from hintspec.language.sizes import Sizes
from hintspec.text import BUDGETS, PROTOCOL

ROOM = Path(hintspec.__file__).parent


def test_every_step_says_what_it_is_and_where_it_comes_from() -> None:
    for item in PROTOCOL.actions:
        assert item.says, item.name
        assert item.where, item.name
        assert item.step, item.name
    for claimed in PROTOCOL.properties:
        assert claimed.says, claimed.name
        assert claimed.clause, claimed.name


def test_names_are_unique() -> None:
    names = [item.name for item in PROTOCOL.actions] + [item.name for item in PROTOCOL.properties]
    assert len(names) == len(set(names))


def test_the_worker_is_there_step_by_step() -> None:
    steps = " ".join(item.step for item in PROTOCOL.actions if item.actor.name == "driver").split()
    for label in (
        "W0",
        "W1",
        "W2",
        "S1",
        "S2",
        "S3",
        "S4",
        "S5",
        "L1",
        "L2",
        "L3",
        "L4",
        "L5",
        "L6",
        "T1",
        "REL",
        "SHR",
    ):
        assert label in steps


def test_only_the_standard_library_is_needed() -> None:
    for path in ROOM.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            names = [a.name for a in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.split(".")[0]
                assert top == "hintspec" or top in sys.stdlib_module_names, f"{path.name} imports {name}"


def test_the_text_stands_alone() -> None:
    code = (
        "import sys, hintspec.text, hintspec.catalogue.expected; print('hintproof' in sys.modules, 'z3' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


#: The rooms that say something of the protocol: all of them but the language they are written in.
TEXT = sorted(path for room in ("protocol", "properties", "proof") for path in (ROOM / room).glob("*.py"))


def test_the_text_has_no_branch_for_an_engine() -> None:
    """Every condition in it is about the world: who interprets the text can't be asked."""
    assert len(TEXT) > 25
    for path in TEXT:
        nodes = list(ast.walk(ast.parse(path.read_text())))
        assigned = [n for n in nodes if isinstance(n, ast.Assign) and "s.world." in ast.unparse(n.value)]
        of_world = {ast.unparse(target) for n in assigned for target in n.targets} | {"w", "world"}
        for node in nodes:
            where = f"{path.name}:{getattr(node, 'lineno', 0)}"
            for condition in conditions(node):
                read = [ast.unparse(n) for n in ast.walk(condition) if isinstance(n, ast.Attribute | ast.Name)]
                assert any(text in of_world or text.startswith(("w.", "s.world")) for text in read), where
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("isinstance", "hasattr", "getattr", "type", "filter"), where
            assert not isinstance(node, ast.Try | ast.While | ast.Match | ast.Assert), where


def conditions(node: ast.AST) -> list[ast.expr]:
    """What Python itself decides at a node of a module's tree."""
    if isinstance(node, ast.If | ast.IfExp):
        return [node.test]
    if isinstance(node, ast.BoolOp):
        return node.values[:-1]  # the last one is a value: it decides nothing
    return node.ifs if isinstance(node, ast.comprehension) else []


def test_the_modern_text_names_no_older_or_repaired_rule() -> None:
    """Where those do otherwise it calls historic.py or repairs.py, or asks a named condition of worlds.py."""
    rules = {"StartCell", "ReadsId", "Release", "Waits", "AcceptsStart", "Issue", "Honours", "IssueWaits"}
    for name in (
        "driver",
        "shrinker",
        "lifecycle",
        "device",
        "device_loop",
        "dirty_log",
        "memory",
        "migration",
        "sending",
    ):
        tree = ast.parse((ROOM / "protocol" / f"{name}.py").read_text())
        assert not rules & {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}, name


def test_every_action_happens_in_some_shipped_check() -> None:
    happens: set[str] = set()
    for item in RECORDS:
        model = record(PROTOCOL, compose(item.environment))
        happens |= {a.name for a in model.actions} - set(pins()[item.key]["never"])
    told = [*(d.environment for d in DEFECTS.values()), *(h.environment for h in HARMLESS)]
    for environment in told:  # these do happen: tests/checker/tasks/test_defects.py
        happens |= {a.name for a in record(PROTOCOL, compose(environment)).actions}
    repairs = {"used_by_device", "shrink_any", "shrink_all", "out_of_memory", "hint_only_arms", "ignore_early_hint"}
    assert {a.name for a in PROTOCOL.actions} - happens <= repairs | {"drain_ring"}


def test_what_never_happens_is_out_of_the_scope_of_the_sizes() -> None:
    """An action that never happens in a check needs a budget of 0, or a step that needs one."""
    begins = {"removes": "remove_", "freezes": "freeze_", "pauses": "unpause", "dma": "dma", "resizes": "resize"}
    for item in RECORDS:
        out = {begins[b] for b in begins if not item.sizes.of(b)}
        for name in pins()[item.key]["never"]:
            scoped = any(name.startswith(prefix) for prefix in out) or name in ("probe", "restore", "pause")
            small = name in SMALL.get(item.key, ())
            assert scoped or small, f"{item.key}: {name} never happens"


#: Steps that a check is too small for: one round, one block on a ring of three, no driver to lose.
_ONE_ROUND = (
    "nothing_new",
    "next_sync",
    "start_does_not_fit",
    "stop_does_not_fit",
    "hint_does_not_fit",
    "publish_nothing",
)
SMALL = {
    item.key: _ONE_ROUND if item.sizes.rounds == 1 or "wait" in item.environment else ("publish_nothing",)
    for item in RECORDS
}


def test_every_record_is_pinned_and_its_defects_exist() -> None:
    assert {item.key for item in RECORDS} == set(pins())
    for item in RECORDS:
        assert set(item.known.values()) <= set(DEFECTS)
        lengths = pins()[item.key]["lengths"]
        assert set(item.known) <= set(lengths)


#: Logs and words that a change needs.
_NEEDS = {
    "ring-unarmed": "kvm-ring",
    "torn-entries": "kvm-ring",
    "mark-before-store": "tcg",
    "snapshot": "kvm-auto",
    "hints-in-snapshot": "kvm-auto+snapshot",
}


def test_every_word_composes_somewhere() -> None:
    for driver in DRIVERS:
        compose(f"{driver}+qemu-10+kvm-auto")
    for device in DEVICES:
        compose(f"linux-6.1+{device}" + ("+kvm-auto" if device.startswith("qemu") else ""))
    for log in LOGS:
        compose(f"linux-6.1+qemu-10+{log}")
    for change in CHANGES:
        driver = "v36" if change == "deflate-on-oom" else "linux-6.1"
        compose(f"{driver}+qemu-10+{_NEEDS.get(change, 'kvm-manual')}+{change}")


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("", "unknown word"),
        ("linux-6.1", "no device named"),
        ("qemu-7.2+kvm-auto", "no driver named"),
        ("linux-6.1+qemu-7.2", "needs a dirty log"),
        ("linux-6.1+linux-5.0+qemu-7.2+kvm-auto", "two words for the driver"),
        ("linux-6.1+qemu-7.2+kvm-auto+poison+poison", "twice"),
        ("linux-6.1+qemu-4.0+kvm-manual", "4.1 on"),
        ("linux-6.1+qemu-5.1+kvm-ring", "6.1 on"),
        ("linux-6.1+firecracker-1.14+kvm-auto", "no dirty log"),
        ("linux-6.1+firecracker-1.14+drain-before-id", "no such rule"),
        ("linux-6.1+qemu-7.2+kvm-auto+eager-clear", "manual-clear logs only"),
        ("linux-5.0+qemu-7.2+kvm-auto+deflate-on-oom", "is for v36"),
        ("no-hint+qemu-7.2+kvm-auto+cell-per-round", "nothing to|no driver"),
        ("linux-6.1+qemu-7.2+kvm-automatic", "did you mean 'kvm-auto'"),
    ],
)
def test_environments_of_no_use_are_refused(name: str, complaint: str) -> None:
    with pytest.raises(SpecError, match=complaint):
        compose(name)


@pytest.mark.parametrize("sizes", [{"blocks": 0}, {"ring": 1}, {"rounds": -1}, {"chunk": 0}, {"blocks": True}])
def test_impossible_sizes_are_refused(sizes: dict[str, int]) -> None:
    with pytest.raises(SpecError, match="is impossible"):
        Sizes(**sizes)


def test_budgets_are_sizes() -> None:
    assert all(Sizes().of(budget) >= 0 for budget in BUDGETS)
