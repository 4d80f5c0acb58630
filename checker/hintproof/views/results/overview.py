"""The results of checks on one screen: a line an environment, then each defect that was found, then the totals."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from rich.text import Text

from hintproof.story.model import describe_likenesses
from hintproof.system.words import quantity
from hintproof.tasks.check import Result
from hintproof.tasks.verdict import Exit, Verdict
from hintproof.views.results.figures import count, duration, separated
from hintproof.views.results.lines import LINES, Row, Screen, rows_of, wrapped
from hintspec.catalogue.defect import Defect, Status
from hintspec.catalogue.defects import DEFECTS

#: The traces written for a result: property -> file.
Files = dict[str, Path]

_STATUS = {
    Status.OPEN: "open upstream",
    Status.FIXED: "fixed upstream, in older releases",
    Status.UNRELEASED: "never released",
}

_LOST = "no_lost_write"


def chosen(results: Sequence[tuple[Result, Files]], names: Sequence[str], violated: bool) -> list[tuple[Result, Files]]:
    """The results of these properties alone (of all without names); if ``violated``, only what is refuted."""
    shown = []
    for result, files in results:
        properties = tuple(
            item
            for item in result.properties
            if (not names or item.name in names) and not (violated and result.verdict(item.name) != Verdict.REFUTED)
        )
        if properties or not violated:
            shown.append((replace(result, properties=properties), files))
    return shown


def overview(
    results: Sequence[tuple[Result, Files]],
    code: Exit,
    seconds: float,
    screen: Screen,
    own_traces: bool = False,
    counted: Sequence[Result] | None = None,
) -> list[Text]:
    """The whole overview, in lines.

    With ``own_traces`` a defect's command shows the trace that was just written. The totals are of the results
    ``counted`` (default: those that are shown).
    """
    lines = [*_environments([result for result, _ in results], screen), *_differences(results, screen)]
    everything = [result for result, _ in results] if counted is None else counted
    totals = wrapped([_totals(everything, seconds), *_exit_lines(code)], screen)
    groups = _by_defect(results)
    unknown = _unknown(results, screen)
    found = [*unknown, *_long_form(groups, screen, own_traces)]
    heading = [Text("")] + ([Text("What was found", "bold")] if found else [])
    if len(lines) + len(heading) + len(found) + len(totals) + 1 > LINES and groups:
        return [*lines, *heading[:1], *unknown, *_short_form(groups, screen), *totals]
    return [*lines, *heading, *found, *([Text("")] if found else []), *totals]


# -- a line an environment ----------------------------------------------------------------------


def _environments(results: Sequence[Result], screen: Screen) -> Iterator[Text]:
    """A line an environment."""
    by_name: dict[str, list[Result]] = {}
    for result in results:
        by_name.setdefault(result.environment, []).append(result)
    return rows_of([_row(name, of_name) for name, of_name in by_name.items()], screen)


def _row(name: str, results: Sequence[Result]) -> Row:
    searched = [result.exhaustive.states for result in results if "exhaustive" in result.found]
    seconds = sum(found.seconds for result in results for found in result.found.values())
    return Row(_state(results), name, (count(sum(searched)) if searched else "-", duration(seconds)))


def _state(results: Sequence[Result]) -> str:
    verdicts = [(result, item.name, result.verdict(item.name)) for result in results for item in result.properties]
    refuted = [(result, name) for result, name, verdict in verdicts if verdict == Verdict.REFUTED]
    if any(not result.known_as(name) for result, name in refuted):
        return "REFUTED"
    if any(result.disagreements or result.deviations for result in results):
        return "DIFFERS"
    if any(verdict == Verdict.UNDECIDED for _, _, verdict in verdicts):
        return "undecided"
    return "known" if refuted else "holds"


def _differences(results: Sequence[tuple[Result, Files]], screen: Screen) -> Iterator[Text]:
    """The differences from the records, and between engines."""
    for result, _ in results:
        different = [*result.disagreements, *result.deviations]
        if different:
            yield Text(f"not as recorded: {result.environment}", "bold red", no_wrap=True)
            yield from wrapped(different, screen, "  ")


# -- what was found -----------------------------------------------------------------------------

#: Of each defect the properties that it violates: in which result, with the files of its traces.
_Group = list[tuple[Result, str, Files]]


def _by_defect(results: Sequence[tuple[Result, Files]]) -> dict[str, _Group]:
    """The known violations by defect: those of open defects first, and of these the ones that lose data."""
    groups: dict[str, _Group] = {}
    for result, name, files in _refuted(results):
        if result.known_as(name):
            groups.setdefault(result.known[name], []).append((result, name, files))
    return dict(sorted(groups.items(), key=lambda item: _weight(DEFECTS[item[0]], item[1])))


def _weight(defect: Defect, group: _Group) -> tuple[bool, bool]:
    return defect.status == Status.FIXED, all(name != _LOST for _, name, _ in group)


def _refuted(results: Sequence[tuple[Result, Files]]) -> Iterator[tuple[Result, str, Files]]:
    for result, files in results:
        for item in result.properties:
            if result.verdict(item.name) == Verdict.REFUTED:
                yield result, item.name, files


def _unknown(results: Sequence[tuple[Result, Files]], screen: Screen) -> Iterator[Text]:
    """The violations that no record knows, each with the known defect that it looks like, and its trace."""
    for result, name, files in _refuted(results):
        if not result.known_as(name):
            alike = result.looks_like(name)
            known = describe_likenesses(alike) or "NOT KNOWN"
            yield from (Text(line.plain, "bold red") for line in wrapped([f"{name}: REFUTED, {known}"], screen))
            yield from wrapped([like.shown for like in alike], screen, "  ")
            yield Text(f"  in {result.environment}, {result.sizes}", no_wrap=True)
            yield from wrapped([_length(result, name)], screen, "  ")
            if name in files:
                yield Text(f"  hintproof show {files[name]}", no_wrap=True)


def _length(result: Result, name: str) -> str:
    """The length of the shortest run against a property, or why there is none."""
    best = result.best(name)
    return separated(best.detail) if best else ""


def _steps(result: Result, name: str) -> int:
    """The steps of the shortest run against a property; those of a loop included."""
    best = result.best(name)
    return len(best.run) if best and best.run else 0


def _shortest(group: _Group) -> tuple[Result, str, Files]:
    """The violation to show: that of the gravest property (they stand in the order of their weight), shortest run."""
    names = [item.name for item in group[0][0].properties]
    runs = [(result, name, files) for result, name, files in group if _steps(result, name)] or group
    return min(runs, key=lambda part: (part[1] != _LOST, _rank(names, part[1]), _steps(part[0], part[1])))


def _rank(names: Sequence[str], name: str) -> int:
    return names.index(name) if name in names else len(names)


def _long_form(groups: dict[str, _Group], screen: Screen, own_traces: bool) -> Iterator[Text]:
    for name, group in groups.items():
        defect = DEFECTS[name]
        result, shown, files = _shortest(group)
        yield Text(f"{name} ({defect.label}), {_STATUS[defect.status]}", "bold", no_wrap=True)
        violated = list(dict.fromkeys(violates for _, violates, _ in group))
        which = f"; {shown}" if len(violated) > 1 else ""
        about = f"violates {', '.join(violated)}{which}: {_length(result, shown)}"
        yield from wrapped([defect.title, about], screen, "  ")
        command = f"show {files[shown]}" if own_traces and shown in files else f"defects {name}"
        yield Text(f"  hintproof {command}", no_wrap=True)


def _short_form(groups: dict[str, _Group], screen: Screen) -> Iterator[Text]:
    """A line for each open defect; those that are fixed in a few lines together."""
    open_ones = {name: group for name, group in groups.items() if DEFECTS[name].status != Status.FIXED}
    fixed = [f"{name} ({_steps_of(group).split()[0]})" for name, group in groups.items() if name not in open_ones]
    heading = "What was found, open upstream; to see one: hintproof defects NAME"
    yield from (Text(text.plain, "bold") for text in wrapped([heading], screen))
    longest = max((len(name) for name in open_ones), default=0)
    for name, group in open_ones.items():
        line = f"{name:<{longest}} {_steps_of(group):>8}"
        fitting = (s for s in (DEFECTS[name].title, DEFECTS[name].brief) if len(line) + 1 + len(s) <= screen.width)
        if sentence := next(fitting, ""):
            yield Text(f"{line} {sentence}", no_wrap=True)
        else:
            yield Text(line, no_wrap=True)
            yield from wrapped([DEFECTS[name].brief], screen, "  ")
    if fixed:
        yield from wrapped([f"fixed upstream since (steps): {', '.join(fixed)}"], screen)


def _steps_of(group: _Group) -> str:
    result, name, _ = _shortest(group)
    steps = _steps(result, name)
    return f"{steps} steps" if steps else "no run"


# -- totals -------------------------------------------------------------------------------------


def _totals(results: Sequence[Result], seconds: float) -> str:
    verdicts = [(result, item.name, result.verdict(item.name)) for result in results for item in result.properties]
    refuted = [(result, name) for result, name, verdict in verdicts if verdict == Verdict.REFUTED]
    unrecorded = [(result, name) for result, name in refuted if not result.known_as(name)]
    alike = sum(bool(result.looks_like(name)) for result, name in unrecorded)
    unknown = len(unrecorded) - alike
    undecided = sum(verdict == Verdict.UNDECIDED for _, _, verdict in verdicts)
    parts = [f"{count(sum(verdict.holds for _, _, verdict in verdicts))} hold", f"{count(len(refuted))} refuted"]
    if refuted:
        notes = [f"{count(unknown)} NOT known"] * bool(unknown) + [f"{count(alike)} like known ones"] * bool(alike)
        parts[1] += f" ({', '.join(notes) or 'all known'})"
    if undecided:
        parts.append(f"{count(undecided)} undecided")
    checks = separated(quantity(len(results), "check"))
    properties = separated(quantity(len(verdicts), "property", "properties"))
    return f"{checks}, {properties}: {', '.join(parts)}; {duration(seconds)}"


_EXIT = {
    Exit.INTERNAL_ERROR: f"exit {int(Exit.INTERNAL_ERROR)}: two engines contradict each other: a fault of hintproof",
    Exit.REFUTED: "exit 1: a property is refuted that is not known to be, or something is not as recorded",
    Exit.UNDECIDED: "exit 3: not all is decided within the limits",
}


def _exit_lines(code: Exit) -> list[str]:
    return [_EXIT[code]] if code in _EXIT else []
