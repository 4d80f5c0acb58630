"""Certificates: confirmed by a second solver, checked without hintproof, and loud when solvers disagree."""

from __future__ import annotations

import hashlib
import importlib
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import z3

import hintspec
from hintproof import BadInput
from hintproof.engines.obligations import Obligations, Query
from hintproof.interpret.smtlib import script
from hintproof.tasks import certify
from hintproof.tasks.certificate_check import ask_cvc5
from hintproof.tasks.certify import certify_all
from hintproof.tasks.prove import unbounded_model
from hintproof.views.results import proofs
from hintspec.catalogue.expected import WORKED_EXAMPLE
from tests.checker.command import hintproof

SMALL = "no-hint+qemu-10+tcg"

cvc5 = pytest.importorskip("cvc5", reason="needs the second solver: pip install 'hintproof[certify]'")

#: What is proved of it beside that no write is lost.
OTHERS = [
    "block_conserved",
    "sync_of_migration",
    "guest_stands_still",
    "freed_once",
    "log_rests",
    "sync_in_order",
    "vm_as_found",
    "ghosts_say_this",
]


def checked(directory: Path, *options: str) -> subprocess.CompletedProcess[str]:
    """The checker, in a Python that is told nothing of hintproof."""
    command = [sys.executable, "-I", str(directory / "check.py"), *options]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)


def test_a_certificate_is_confirmed_and_checked_without_hintproof(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "120")
    done = hintproof(tmp_path, "certify", SMALL, WORKED_EXAMPLE, "--out", "certs")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "(100.0 %), 0 disagreements" in done.stdout
    manifest = json.loads((tmp_path / "certs" / "manifest.json").read_text())
    assert [e["environment"] for e in manifest["environments"]] == [SMALL, WORKED_EXAMPLE]
    for environment in manifest["environments"]:
        assert "no_lost_write" in environment["proved"]
        verdicts = {(o["z3"], o["cvc5"]) for o in environment["obligations"] if o["claim"] not in environment["known"]}
        assert verdicts == {("unsat", "unsat")}
    assert checked(tmp_path / "certs").returncode == 0
    assert "hintproof" not in (tmp_path / "certs" / "check.py").read_text().split("from __future__")[1]


def test_a_file_that_was_changed_is_seen(tmp_path: Path) -> None:
    """An obligation made easy; then one made false, with a hash that fits it."""
    assert hintproof(tmp_path, "certify", SMALL, "--out", "certs").returncode == 0
    file = next((tmp_path / "certs" / SMALL).glob("sync_merge.*.smt2"))
    file.write_text(file.read_text().replace("(assert ", "(assert (or true ", 1))
    done = checked(tmp_path / "certs")
    assert done.returncode == 1
    assert "not the file that was certified" in done.stdout

    manifest = json.loads((tmp_path / "certs" / "manifest.json").read_text())
    entry = manifest["environments"][0]["obligations"][0]
    text = "(set-logic ALL)\n(check-sat)\n"
    (tmp_path / "certs" / entry["file"]).write_text(text)
    entry["sha256"] = hashlib.sha256(text.encode()).hexdigest()
    (tmp_path / "certs" / "manifest.json").write_text(json.dumps(manifest))
    done = checked(tmp_path / "certs")
    assert done.returncode == 1
    assert "'sat', but the manifest says 'unsat'" in done.stdout


def test_the_checker_refuses_what_is_no_certificate(tmp_path: Path) -> None:
    source = Path(certify.__file__).with_name("certificate_check.py")
    (tmp_path / "check.py").write_text(source.read_text())
    assert checked(tmp_path).returncode == 2


def test_solvers_that_disagree_are_an_error_of_their_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certify, "ask_cvc5", lambda *_: "sat")
    result = certify.certify(SMALL, tmp_path)
    assert result.disagreements
    assert not result.confirmed
    assert result.proved == []
    assert "100.0 %" not in proofs.certificates_summary([result], tmp_path, 1.0)


def test_a_second_solver_that_gives_up_confirms_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(certify, "ask_cvc5", lambda *_: "unknown")
    result = certify.certify(SMALL, tmp_path)
    assert len(result.unconfirmed) == len(result.obligations)
    assert result.missing == ["no_lost_write", *OTHERS]


def test_what_fails_is_not_confirmed_by_anyone(tmp_path: Path) -> None:
    result = certify.certify("no-hint+qemu-7.2+tcg", tmp_path)
    assert [(o.by, o.claim, o.z3, o.cvc5) for o in result.obligations if o.z3 != "unsat"] == [
        ("sync_merge", "hot_is_logged", "sat", "sat")
    ]
    assert result.proved == OTHERS


def test_the_same_query_is_the_same_text() -> None:
    def texts() -> list[str]:
        queries = [q for q in Obligations(unbounded_model(SMALL)).all() if isinstance(q, Query)]
        return [script(list(q.known), q.goal, [q.by, q.claim]) for q in queries]

    assert texts() == texts()


def test_z3_reads_what_was_written_as_what_was_meant() -> None:
    """Round trip: Z3's own parser makes of the text what the query was."""
    asked = 0
    for query in Obligations(unbounded_model("no-hint+qemu-7.2+tcg")).all():
        if isinstance(query, Query):
            solver = z3.Solver()
            solver.from_string(script(list(query.known), query.goal, []))
            assert str(solver.check()) == str(query.answer(20))
            asked += 1
    assert asked > 80


def test_a_false_script_is_not_confirmed() -> None:
    assert ask_cvc5(cvc5, "(set-logic ALL)(assert true)(check-sat)") == "sat"
    assert ask_cvc5(cvc5, "(set-logic ALL)(check-sat)(check-sat)") == "unknown"


def test_a_directory_that_holds_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("dear")
    with pytest.raises(BadInput, match="is no certificate"):
        certify_all([], tmp_path / "mine")
    assert (tmp_path / "mine" / "letter.txt").read_text() == "dear"


def test_a_certificate_takes_the_place_of_the_last_one(tmp_path: Path) -> None:
    for _ in range(2):
        assert certify_all([], tmp_path / "certs") == []
        assert [path.name for path in tmp_path.iterdir()] == ["certs"]
    assert json.loads((tmp_path / "certs" / "manifest.json").read_text())["environments"] == []


def test_without_the_second_solver_there_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> Any:
        raise ImportError(name)

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(BadInput, match="pip install"):
        certify.second_solver()


def test_the_hash_covers_every_file_of_the_text(tmp_path: Path) -> None:
    """A certificate names the text that it is of: no source and no pin may change unseen."""
    package = Path(hintspec.__file__).parent
    copied = tmp_path / "hintspec"
    shutil.copytree(package, copied)
    known = certify.spec_hash(copied)
    assert known == certify.spec_hash(package)
    sources = [p for p in copied.rglob("*") if p.suffix in (".py", ".json", ".toml")]
    assert copied / "catalogue" / "pins.json" in sources
    assert copied / "catalogue" / "defects_host.toml" in sources
    assert copied / "protocol" / "driver.py" in sources
    for path in sources:
        content = path.read_bytes()
        path.write_bytes(content + b"\n")
        assert certify.spec_hash(copied) != known, path
        path.write_bytes(content)
