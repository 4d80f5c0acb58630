"""The command line: one application, and the exit code of each error."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import traceback
from typing import Annotated, NoReturn

import typer
from typer import Option

from hintproof import __version__
from hintproof.cli.commands import ClosedPipe, Commands
from hintproof.system.errors import BadInput, CannotWrite, Unfinished
from hintproof.system.files import NO_ROOM
from hintproof.tasks.verdict import Exit
from hintproof.views import sanitize

app = typer.Typer(
    cls=Commands,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def main(
    context: typer.Context,
    version: Annotated[bool, Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """A model checker for virtio-balloon free page hinting."""
    if version:
        print(f"hintproof {__version__}")
        raise typer.Exit
    if context.invoked_subcommand is None:
        print(context.get_help())


#: The exit code with which typer reports Ctrl-C.
_INTERRUPTED = 130

#: The exit code of a process that a signal ended, as shells have it, less the signal's number.
_BY_SIGNAL = 128

#: A variable of the environment: print the traceback of an internal error.
_TRACEBACK = "HINTPROOF_TRACEBACK"


def run() -> NoReturn:
    """Run the command line. Each kind of error is one line on standard error, with an exit code of its own."""
    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) == signal.SIG_DFL:  # nohup has one of them ignored
                signal.signal(number, _leave)
    try:
        if sys.stdout is None:
            raise CannotWrite("can't write the output: standard output is closed")
        code = app(standalone_mode=False)
        if code == _INTERRUPTED:
            raise KeyboardInterrupt
        sys.stdout.flush()  # here, where an error can still be reported
    except SystemExit as leaving:  # of an option that prints and ends
        code = leaving.code
    except BaseException as problem:
        code, line = _report(problem)
        with contextlib.suppress(OSError):
            _drop_output()
            if code == Exit.INTERNAL_ERROR and os.environ.get(_TRACEBACK):
                traceback.print_exception(problem)
            if line:
                print(f"hintproof: {sanitize.harmless(line)}", file=sys.stderr)
    sys.exit(code or 0)


def _leave(number: int, _frame: object) -> NoReturn:
    """End as after Ctrl-C: children and what is written for them are gone first."""
    raise SystemExit(_BY_SIGNAL + number)


def _report(problem: BaseException) -> tuple[Exit, str]:
    """The exit code of an error, and the line that says it."""
    match problem:
        case ClosedPipe() | BrokenPipeError():
            return Exit.CLOSED_PIPE, ""
        case KeyboardInterrupt() | typer.Abort():
            return Exit.UNDECIDED, "interrupted; nothing was kept"
        case BadInput():
            return Exit.BAD_INPUT, " ".join(str(problem).split())
        case Unfinished():
            return Exit.UNDECIDED, str(problem)
        case MemoryError():
            return Exit.UNDECIDED, "no memory left: undecided; try smaller sizes or a lower --limit-megabytes"
        case CannotWrite():
            return Exit.NOT_WRITTEN, str(problem)
        case OSError() if problem.errno in NO_ROOM:
            return Exit.NOT_WRITTEN, f"can't write the output: {problem.strerror}"
    if hasattr(problem, "exit_code") and hasattr(problem, "format_message"):  # a usage error of click
        return Exit.BAD_INPUT, f"{problem.format_message()} (see hintproof --help)"
    shown = " ".join(str(problem).split()) or "no more is known"
    hint = "" if os.environ.get(_TRACEBACK) else f"; {_TRACEBACK}=1 shows where"
    return Exit.INTERNAL_ERROR, f"{type(problem).__name__}: {shown} (this is a fault of hintproof: report it{hint})"


def _drop_output() -> None:
    """Have what is still to be written go nowhere: the interpreter would complain of it as it ends."""
    if sys.stdout is None:
        return
    try:
        sys.stdout.flush()
    except (OSError, ValueError):
        with open(os.devnull, "wb") as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
