"""Proofs, certificates, cover reports, mutants and defects end with at most one screen; no name is broken."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from rich.text import Text

from hintproof.cli.console import live_note, live_view
from hintproof.engines.induction import Proof
from hintproof.system.workers import Task
from hintproof.tasks.certify import Certificate, Certified
from hintproof.tasks.prove import ProofResult
from hintproof.views.results import summaries
from hintproof.views.results.figures import duration, separated
from hintproof.views.results.lines import LINES, Row, Screen, rows_of, some_rows
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.expected import PROVED

LONGEST = max(PROVED, key=len)


def plain(lines: Sequence[Text]) -> list[str]:
    return [line.plain for line in lines]


def proofs() -> list[ProofResult]:
    """The proof of each environment that is recorded as sound, without obligations."""
    return [ProofResult(name, Proof(unproved=list(known), seconds=1.0)) for name, known in PROVED.items()]


@pytest.mark.parametrize("width", [60, 80, 120])
def test_all_proofs_fit_a_screen(width: int) -> None:
    lines = plain(summaries.proof_lines(proofs(), [], "totals", Screen(width)))
    assert len(lines) <= LINES
    assert lines[-1] == "totals"
    assert any(line.startswith("id-read-twice (N3) violates hint_in_batch") for line in lines)
    assert all(len(line) <= max(width, len(LONGEST)) for line in lines)


def test_all_certificates_fit_a_screen() -> None:
    confirmed = [Certified("file", "step", "claim", "", "unsat", "unsat")] * 1000
    results = [Certificate(name, [], list(known), known, 0, confirmed) for name, known in PROVED.items()]
    lines = plain(summaries.certificate_lines(results, "totals", Screen(80)))
    assert len(lines) <= LINES
    assert lines[0].split() == ["✓", "confirmed", "virtio-1.3", "1,000", "obligations", "confirmed"]


@pytest.mark.parametrize("width", [60, 80])
def test_all_defects_fit_a_screen(width: int) -> None:
    lines = plain(summaries.defect_lines(list(DEFECTS.values()), Screen(width)))
    assert {line.split()[0] for line in lines} >= set(DEFECTS)
    assert max(map(len, lines)) <= width
    assert len(lines) <= LINES or width < 80


def test_rows_that_do_not_fit_are_counted_and_the_remarkable_ones_stay() -> None:
    rows = [Row("undecided" if n == 49 else "proved", f"world-{n}", ("1",)) for n in range(50)]
    lines = plain(list(some_rows(rows, Screen(80), 10)))
    assert len(lines) <= 10
    assert any("world-49" in line for line in lines)
    assert lines[-1].endswith("proved (--verbose lists them)")


def test_a_name_that_does_not_fit_has_a_line_of_its_own() -> None:
    lines = plain(list(rows_of([Row("proved", LONGEST, ("1 of 1", "2.0 s"))], Screen(60))))
    assert lines[0] == LONGEST
    assert lines[1].split() == ["✓", "proved", "1", "of", "1", "2.0", "s"]


def test_figures_have_separators_and_units() -> None:
    assert separated("exhaustive 1095068 states, 12 steps") == "exhaustive 1,095,068 states, 12 steps"
    durations = {0.04: "0.0 s", 9.94: "9.9 s", 59.6: "60 s", 121: "121 s", 999.6: "17 min"}
    assert {seconds: duration(seconds) for seconds in durations} == durations


def test_progress_goes_to_a_terminal_alone(capfd: pytest.CaptureFixture[str]) -> None:
    with live_view(1) as watch, live_note("runs") as note:
        watch(Task("title", "detail", print), "3 states")
        note("still runs")
        watch(Task("title", "detail", print), None)
    assert capfd.readouterr() == ("", "")


def test_progress_is_drawn_though_nothing_is_reported(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A task that is silent for a second is on the screen all the same."""
    import time

    monkeypatch.setattr("hintproof.cli.console.shows_progress", lambda: True)
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with live_view(2) as watch:
        watch(Task("world", "exhaustive engine", print), "")
        time.sleep(1.2)
    shown = capfd.readouterr().err
    assert "0 of 2 done" in shown
    assert "exhaustive engine" in shown
