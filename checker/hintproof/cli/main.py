"""The command line: all commands in one application, and the exit code of each error."""

from __future__ import annotations

import sys
from typing import Annotated, NoReturn

import typer
from typer import Option

from hintproof import __version__
from hintproof.cli import bench, catalogue, checks, gate, mutation, proofs, qemu, reference, traces
from hintproof.system.errors import BadInput, EngineBug
from hintproof.tasks.verdict import Exit

app = typer.Typer(add_completion=False, no_args_is_help=True, rich_markup_mode=None, pretty_exceptions_enable=False)

#: The commands, in the order of the help.
COMMANDS = (
    *(checks.check, checks.pin, checks.simulate, proofs.prove, proofs.certify, proofs.why, proofs.cover),
    *(catalogue.defects, reference.environments, reference.properties, reference.schema, reference.text),
    *(traces.show, traces.replay, traces.explain, traces.export, traces.diff, qemu.conformance),
    *(mutation.mutate, bench.bench, gate.gate),
)
for command in COMMANDS:
    app.command()(command)


@app.callback(invoke_without_command=True)
def main(
    version: Annotated[bool, Option("--version", help="Print the version and exit.")] = False,
) -> None:
    """A model checker for virtio-balloon free page hinting."""
    if version:
        print(f"hintproof {__version__}")
        raise typer.Exit


#: The exit code with which typer reports Ctrl-C.
_INTERRUPTED = 130


def run() -> NoReturn:
    """Run the command line. An error that a user can do something about is one line and exit code 2."""
    try:
        code = app(standalone_mode=False)
        if code == _INTERRUPTED:
            raise KeyboardInterrupt
        sys.exit(code or 0)
    except BadInput as problem:
        print(f"hintproof: {' '.join(str(problem).split())}", file=sys.stderr)
        sys.exit(Exit.BAD_INPUT)
    except EngineBug as problem:
        print(f"hintproof: {problem}", file=sys.stderr)
        sys.exit(Exit.REFUTED)
    except (KeyboardInterrupt, typer.Abort):
        print("hintproof: interrupted; nothing was kept", file=sys.stderr)
        sys.exit(Exit.UNDECIDED)
    except Exception as problem:
        if hasattr(problem, "exit_code") and hasattr(problem, "format_message"):  # a usage error of click
            print(f"hintproof: {problem.format_message()} (see hintproof --help)", file=sys.stderr)
            sys.exit(Exit.BAD_INPUT)
        raise
