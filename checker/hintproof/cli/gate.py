"""The command that gates patches to the driver and builds of QEMU: thin over :mod:`hintproof.gate`."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from typer import Argument, Option

from hintproof.cli.console import live_note, require_positive, write
from hintproof.cli.settings import load_settings
from hintproof.gate.checker import DriverChecker
from hintproof.gate.gate import run_gate, run_gate_on_range
from hintproof.gate.patches import STDIN, Step, read
from hintproof.gate.report import GateReport
from hintproof.linux.source import find_source
from hintproof.system.errors import BadInput
from hintproof.trace.shipped import find_trace, shipped_folder
from hintproof.views.gate import terminal as gate_terminal
from hintproof.views.gate.formats import FORMATS, TERMINAL
from hintproof.views.results import tables
from hintproof.views.sanitize import line, valid
from hintspec.language.errors import quote

#: Characters of a patch's title beside what is being done with it.
_TITLE = 40

#: Makes a checker of drivers: one that takes a minute, or a thorough one. Tests hand in theirs as the object of the
#: command's context.
MakeChecker = Callable[[bool], DriverChecker]


def linux_checker(thorough: bool) -> DriverChecker:
    """The checker of the real driver."""
    from hintproof.gate.linux import LinuxChecker  # here, as not every command needs a driver

    return LinuxChecker(thorough)


def gate(
    context: typer.Context,
    patch: Annotated[
        list[str] | None, Argument(metavar="[PATCH]...", help="Diffs, mails or mailboxes; - is stdin.")
    ] = None,
    linux: Annotated[str, Option(help="A kernel tree, or an installed package: linux-source-6.1.")] = "",
    qemu: Annotated[str, Option(metavar="BINARY", help="A build of QEMU to check, instead of patches.")] = "",
    base: Annotated[
        str,
        Option(metavar="BINARY", help="With --qemu: the build to compare it with (default: the one installed)."),
    ] = "",
    traces: Annotated[
        Path | None,
        Option(
            help="With --qemu: a folder of counterexamples, a trace, or the name of a defect (default: all defects)."
        ),
    ] = None,
    commits: Annotated[str, Option("--range", metavar="A..B", help="Commits of the tree, instead of patches.")] = "",
    form: Annotated[
        str,
        Option("--format", help=f"Format of the report: {', '.join((TERMINAL, *FORMATS))} (default: {TERMINAL})."),
    ] = "",
    output: Annotated[Path | None, Option(help="The file to write (default: standard output).")] = None,
    strict: Annotated[
        bool | None, Option("--strict/--no-strict", help="Exit 1 for violations without the patch, too.")
    ] = None,
    thorough: Annotated[
        bool | None, Option("--thorough/--quick", help="Search larger sizes; takes longer than a minute.")
    ] = None,
    seconds: Annotated[
        float | None, Option(help="Seconds for all patches: what has no answer then is undecided.")
    ] = None,
) -> None:
    """Check which properties patches to the Linux driver, or to QEMU, violate or fix, and what else they change.

    Patches to Linux are applied one on another. For QEMU two builds are compared: --qemu, and --base without the
    patch. Exit 1 if a patch violates a property that held without it, 3 if something is undecided. Defaults of --linux,
    --format, --strict, --thorough and --seconds are read from [tool.hintproof.gate] in pyproject.toml.
    """
    defaults = load_settings(Path.cwd()).gate
    form = form or defaults.format or TERMINAL
    strict = defaults.strict if strict is None else strict
    thorough = defaults.thorough if thorough is None else thorough
    if form not in (TERMINAL, *FORMATS):
        raise BadInput(f"--format {quote(form)}: say {', '.join((TERMINAL, *FORMATS))}")
    if qemu:
        if linux or patch or commits or seconds is not None:
            raise BadInput("--qemu compares two builds: give it without patches, --linux, --range and --seconds")
        report = _run_on_qemu(qemu, base, traces, thorough)
    else:
        if base or traces is not None:
            raise BadInput("--base and --traces go with --qemu")
        make_checker: MakeChecker = context.obj or linux_checker
        seconds = defaults.seconds if seconds is None else seconds
        checker, tree = make_checker(thorough), linux or defaults.linux
        report = _run_on_linux(checker, tree, patch or [], commits, seconds, ask_always=strict)
    _write(report, form, output, strict)
    raise typer.Exit(report.exit_code(strict))


def _run_on_linux(
    checker: DriverChecker, linux: str, patches: list[str], commits: str, seconds: float | None, ask_always: bool
) -> GateReport:
    if not linux:
        raise BadInput("--linux is missing: name a kernel tree, or an installed package such as linux-source-6.1")
    if bool(patches) == bool(commits):
        raise BadInput("give patches, or --range A..B: one of both")
    require_positive(seconds=seconds)
    if commits and not Path(linux).is_dir():
        raise BadInput(f"--range needs a git tree: {quote(linux)} is no directory")
    if patches.count(STDIN) > 1:
        raise BadInput("standard input can be read only once: say - once")
    found = [item for file in patches for item in read(file)]
    total = str(len(found)) if found else "the range"
    begun: list[Step] = []
    with live_note("reading the driver") as note:

        def watch(step: Step, doing: str) -> None:
            if not begun or begun[-1] is not step:
                begun.append(step)
            note(f"{len(begun)} of {total}: {line(step.subject or step.name, _TITLE)}; {doing}".rstrip("; "))

        if commits:
            return run_gate_on_range(Path(linux), commits, checker, seconds, watch, ask_always)
        return run_gate(find_source(linux), found, checker, seconds, watch, ask_always)


def _run_on_qemu(qemu: str, base: str, traces: Path | None, thorough: bool) -> GateReport:
    from hintproof.gate.hypervisor import THOROUGH, USUAL, run_gate_on_qemu  # here, as not every gate needs it
    from hintproof.qemu.binary import usable_qemu

    build, before = usable_qemu(qemu), usable_qemu(base or None)
    amount = THOROUGH if thorough else USUAL
    with live_note("looking whether both builds can be asked") as note:
        return run_gate_on_qemu(build, before, _counterexamples(traces), amount, watch=note)


def _counterexamples(traces: Path | None) -> Path:
    """The folder or the trace whose runs are played."""
    if traces is None:
        return shipped_folder()
    return traces if traces.is_dir() else find_trace(traces)


def _write(report: GateReport, form: str, output: Path | None, strict: bool) -> None:
    if form == TERMINAL and output is None:
        tables.console().print(gate_terminal.render(report, strict), crop=False)
        return
    text = FORMATS[form](report, strict) if form != TERMINAL else as_text(report, strict)
    write(valid(text), output)


def as_text(report: GateReport, strict: bool) -> str:
    """The report as a terminal shows it, without colours."""
    page = io.StringIO()
    console = Console(file=page, width=120, force_terminal=False, highlight=False)
    console.print(gate_terminal.render(report, strict), crop=False)
    return "".join(f"{text.rstrip()}\n" for text in page.getvalue().splitlines())
