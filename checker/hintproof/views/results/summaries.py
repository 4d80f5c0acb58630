"""The results of proofs, certificates, cover reports, mutants and measured searches on one screen, as lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from rich.text import Text

from hintproof.mutation.judge import EQUAL, PROVED
from hintproof.mutation.task import Summary
from hintproof.system.words import quantity
from hintproof.tasks.bench import Measured
from hintproof.tasks.certify import Certificate
from hintproof.tasks.cover import ACTION, GOAL, HYPOTHESIS, Covered
from hintproof.tasks.prove import Failure, ProofResult, title_of
from hintproof.views.results.figures import count, duration, separated
from hintproof.views.results.lines import LINES, Row, Screen, some_rows, wrapped
from hintspec.catalogue.defect import Defect, Status

#: The state of a row by what a proof says.
_PROOF_STATES = {"proved": "proved", "as known": "known", "undecided": "undecided"}


def proof_lines(
    results: Sequence[ProofResult], saved: Sequence[tuple[str, Failure, Path | None]], totals: str, screen: Screen
) -> list[Text]:
    """A line an environment; what is not proved, and why; the totals. ``saved``: failures with their run's file."""
    found = [*_failures(saved, screen), *_not_proved(((r.environment, r.missing) for r in results), screen)]
    known = ((name, r.known_as(name)) for r in results for name in r.proof.unproved if r.known_as(name))
    found += _known(known, screen)
    last = wrapped([totals], screen)
    rows = [
        Row(_PROOF_STATES[r.says], r.environment, (f"{_proved_of(r)} obligations", duration(r.proof.seconds)))
        for r in results
    ]
    return [*some_rows(rows, screen, LINES - len(found) - len(last)), *found, *last]


def _proved_of(result: ProofResult) -> str:
    every = result.proof.obligations
    return f"{count(len(every) - len(result.proof.failed))} of {count(len(every))}"


def _failures(saved: Sequence[tuple[str, Failure, Path | None]], screen: Screen) -> Iterator[Text]:
    for environment, failed, file in saved:
        obligation = failed.obligation
        yield Text(environment, "bold", no_wrap=True)
        yield from wrapped(
            [f"{obligation.by} does not keep {obligation.claim} (--verbose shows the step)"], screen, "  "
        )
        if file is not None:
            yield Text(f"  hintproof show {file}", no_wrap=True)


def _not_proved(missing: Iterable[tuple[str, list[str]]], screen: Screen) -> Iterator[Text]:
    for environment, names in missing:
        if names:
            yield from wrapped([f"NOT PROVED: {', '.join(names)} in", environment], screen)


def _known(known: Iterable[tuple[str, str]], screen: Screen) -> list[Text]:
    """The known violations: each defect once, with its properties, and how often it stands in the way."""
    by_defect: dict[str, list[str]] = {}
    for name, defect in known:
        by_defect.setdefault(defect, []).append(name)
    texts = [
        f"{title_of(defect)} violates {', '.join(dict.fromkeys(names))}; see hintproof defects {defect}"
        for defect, names in by_defect.items()
    ]
    return [Text("Not proved, as they are known to be violated", "bold"), *wrapped(texts, screen)] if texts else []


def certificate_lines(results: Sequence[Certificate], totals: str, screen: Screen) -> list[Text]:
    """A line an environment; where the solvers disagree, or the second one gives up; the totals."""
    found: list[Text] = []
    for result in results:
        texts = [f"SOLVERS DISAGREE on {o.file}: z3 {o.z3}, cvc5 {o.cvc5}" for o in result.disagreements]
        texts += [f"cvc5 could not decide {o.file}" for o in result.unconfirmed]
        found += wrapped(texts, screen)
    found += _not_proved(((r.environment, r.missing) for r in results), screen)
    found += _known(((name, d) for r in results for name, d in r.known.items()), screen)
    last = wrapped(totals.split("\n"), screen)
    rows = [Row(_certified(r), r.environment, (f"{count(len(r.confirmed))} obligations confirmed",)) for r in results]
    return [*some_rows(rows, screen, LINES - len(found) - len(last)), *found, *last]


def _certified(result: Certificate) -> str:
    if result.disagreements:
        return "DISAGREE"
    if result.missing or result.unconfirmed:
        return "undecided"
    return "known" if result.known else "confirmed"


def cover_lines(reports: Sequence[tuple[str, Covered]], screen: Screen) -> list[Text]:
    """A line an environment: steps and hypotheses that are reached, and states; goals that no run reaches."""
    found: list[Text] = []
    rows = []
    for environment, report in reports:
        seen = {kind: [i for i in report.lengths if i.kind == kind] for kind in (ACTION, HYPOTHESIS)}
        counts = [f"{sum(report.lengths[i] is not None for i in items)} of {len(items)}" for items in seen.values()]
        goals = [item.name for item in report.missing if item.kind == GOAL]
        state = "undecided" if goals else "some never" if report.missing else "all seen"
        figures = (f"{counts[0]} steps", f"{counts[1]} hypotheses", f"{count(report.states)} states")
        rows.append(Row(state, environment, figures))
        if goals:
            found += wrapped([f"NO RUN to {', '.join(goals)} in", environment], screen)
    never = sum(len(report.missing) for _, report in reports)
    environments = separated(quantity(len(reports), "environment"))
    unmet = f"{count(never)} steps and hypotheses that no run meets"
    last = wrapped([f"{environments}, {unmet}; --verbose lists them, and the shortest runs"], screen)
    return [*some_rows(rows, screen, LINES - len(found) - len(last)), *found, *last]


def mutation_lines(summary: Summary, totals: str, screen: Screen) -> list[Text]:
    """What killed the mutants; those that survive, with what they change; the totals."""
    kinds = Counter(row.outcome.kill.kind for row in summary.killed if row.outcome.kill)
    verdicts = Counter(row.outcome.verdict for row in summary.equal)
    by = ", ".join(f"{count(number)} by a {kind}" for kind, number in kinds.most_common())
    equal = f"{count(verdicts[PROVED])} by a proof, {count(verdicts[EQUAL])} by a search"
    texts = [f"killed: {by}" if by else "", f"equivalent: {equal}" if summary.equal else ""]
    lines = wrapped([text for text in texts if text], screen)
    if summary.survivors:
        lines.append(Text("Survivors", "bold"))
        lines += [line for row in summary.survivors for line in wrapped([f"{row.name}: {row.says}"], screen, "  ")]
    left = len(lines) - (LINES - 4)
    if left > 0:
        lines = [*lines[: LINES - 4], Text(f"  and {count(left)} lines more (--verbose)")]
    return [*lines, *wrapped([totals], screen)]


def search_lines(measured: Sequence[Measured], screen: Screen) -> list[Text]:
    """Each world with its searches: states, time, and transitions a second."""
    lines: list[Text] = []
    before = ""
    for m in measured:
        world = f"{m.environment} {m.sizes}"
        if world != before:
            lines += [*wrapped([m.environment, *([f"  {m.sizes}"] if str(m.sizes) else [])], screen)]
        before = world
        rate = "" if m.transition_rate is None else f", {count(round(m.transition_rate))} transitions/s"
        search = f"{m.engine} {m.version}".strip()
        lines += wrapped(
            [f"{search}: {count(m.states)} states in {m.seconds:.2f} s{rate}, {count(m.megabytes)} MB"], screen, "    "
        )
    return lines


def defect_lines(defects: Sequence[Defect], screen: Screen) -> list[Text]:
    """A line a defect, by what has become of it."""
    titles = {
        Status.OPEN: "Open upstream",
        Status.FIXED: "Fixed upstream since",
        Status.UNRELEASED: "Never released",
    }
    lines: list[Text] = []
    longest = max(len(defect.name) for defect in defects)
    for status, title in titles.items():
        lines.append(Text(title, "bold"))
        for defect in defects:
            if defect.status == status:
                line = f"{defect.name:<{longest}} {defect.brief}"
                lines += [Text(line, no_wrap=True)] if len(line) <= screen.width else _on_two_lines(defect, screen)
    hint = "hintproof defects NAME shows one; --verbose: labels, releases, and what does no harm"
    return [*lines, *wrapped([hint], screen)]


def _on_two_lines(defect: Defect, screen: Screen) -> list[Text]:
    return [Text(defect.name, no_wrap=True), *wrapped([defect.brief], screen, "  ")]
