"""The commands by group. The module of a command is imported when it runs, and the help needs none of them.

Solvers and NumPy take longer to import than ``hintproof --help`` takes to read.
"""

from __future__ import annotations

import select
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from typing import Any, NamedTuple

import typer
from typer.core import TyperGroup

from hintproof.tasks.verdict import Exit
from hintspec.language.errors import quote, suggest


class Entry(NamedTuple):
    """A command: its function, in a module of ``hintproof.cli``, and its line in the help."""

    module: str
    function: str
    line: str


#: The groups of the help, in its order: command -> entry.
GROUPS: dict[str, dict[str, Entry]] = {
    "Check environments": {
        "check": Entry("checks", "check", "Check environments; all that are shipped, without names."),
        "defects": Entry("catalogue", "defects", "List the known defects; show one; derive them anew."),
        "simulate": Entry("checks", "simulate", "Print random steps of an environment of any size."),
        "cover": Entry("proofs", "cover", "Find the shortest run to each step and each goal."),
    },
    "Read traces": {
        "show": Entry("traces", "show", "Show a trace."),
        "explain": Entry("traces", "explain", "Explain why a trace ends as it does."),
        "export": Entry("traces", "export", "Write a trace in another format: HTML, SVG, Markdown ..."),
        "diff": Entry("traces", "diff", "Compare two traces, or follow one in another environment."),
        "replay": Entry("traces", "replay", "Replay a trace, here or on a real QEMU."),
    },
    "Check real code": {
        "gate": Entry("gate", "gate", "Check patches to the Linux driver, or a build of QEMU."),
        "conformance": Entry("qemu", "conformance", "Compare a real QEMU with the model by random runs."),
    },
    "Prove": {
        "prove": Entry("proofs", "prove", "Prove environments for every size."),
        "certify": Entry("proofs", "certify", "Have a second solver confirm the proofs."),
        "why": Entry("proofs", "why", "Show which properties need a guard, an update or a lemma."),
    },
    "Look things up": {
        "environments": Entry("reference", "environments", "List the words of environments, and the recorded checks."),
        "properties": Entry("reference", "properties", "List the properties, each with its clause."),
        "text": Entry("reference", "text", "Print the protocol text of one environment."),
        "schema": Entry("reference", "schema", "Print the JSON Schema of a document."),
    },
    "Maintain hintproof": {
        "mutate": Entry("mutation", "mutate", "Change the text rule by rule: does a claim notice?"),
        "bench": Entry("bench", "bench", "Measure the searches, beside other model checkers."),
        "pin": Entry("checks", "pin", "Pin the counts of all recorded environments."),
    },
}

#: All commands by name.
COMMANDS = {name: entry for group in GROUPS.values() for name, entry in group.items()}

#: The variables of the environment that hintproof reads.
VARIABLES = {
    "CC": "the C compiler for the real driver (default: gcc or cc)",
    "CI, NO_COLOR, FORCE_COLOR": "no progress in CI; no colours; colours without a terminal",
    "COLUMNS": "the width of the output",
    "HINTPROOF_TRACEBACK": "1 prints the traceback of an internal error",
    "XDG_CACHE_HOME": "compiled searches lie in its folder hintproof (default: ~/.cache)",
}


class ClosedPipe(Exception):
    """Whoever read standard output closed it. typer would report the ``BrokenPipeError`` as exit code 1."""


class Commands(TyperGroup):
    """The group of all commands: it loads one as it is needed."""

    def list_commands(self, ctx: Any) -> list[str]:
        """The names of the commands, in the order of the help."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Load a command; None if there is none of that name."""
        if cmd_name not in self.commands and cmd_name in COMMANDS:
            self.commands[cmd_name] = load_command(cmd_name)
        return self.commands.get(cmd_name)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """Find the command that the first word names; an unknown word is refused with a better one."""
        if args and not ctx.resilient_parsing and args[0] not in COMMANDS and not args[0].startswith("-"):
            ctx.fail(f"no command is called {quote(args[0])}{suggest(args[0], COMMANDS)}")
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the groups of commands."""
        for title, entries in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, entry.line) for name, entry in entries.items()], col_max=20)

    def format_epilog(self, ctx: Any, formatter: Any) -> None:
        """Write the exit codes and the variables of the environment."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), code.meaning) for code in Exit])
        with formatter.section("Environment variables"):
            formatter.write_dl(list(VARIABLES.items()))

    def shell_complete(self, ctx: Any, incomplete: str) -> list[Any]:
        """Complete the names of commands by the table, without loading them; options as usual."""
        from typer._click.shell_completion import CompletionItem

        found = [CompletionItem(n, help=e.line) for n, e in COMMANDS.items() if n.startswith(incomplete)]
        return found or super(TyperGroup, self).shell_complete(ctx, incomplete)

    def make_context(self, *args: Any, **kwargs: Any) -> Any:
        """Parse the command line; options such as --help print."""
        with _noticing_closed_pipe():
            return super().make_context(*args, **kwargs)

    def invoke(self, ctx: Any) -> Any:
        """Run the command."""
        with _noticing_closed_pipe():
            return super().invoke(ctx)


def load_command(name: str) -> Any:
    """The command of that name, for click. Imports its module."""
    entry = COMMANDS[name]
    alone = typer.Typer(add_completion=False, rich_markup_mode=None)
    alone.command(name)(getattr(import_module(f"hintproof.cli.{entry.module}"), entry.function))
    return typer.main.get_command(alone)


@contextmanager
def _noticing_closed_pipe() -> Iterator[None]:
    try:
        yield
    except BrokenPipeError as problem:
        if _reader_is_there():  # some other pipe broke
            raise RuntimeError(f"a pipe to another process broke: {problem}") from problem
        raise ClosedPipe from None


def _reader_is_there() -> bool:
    """Whether somebody can still read standard output."""
    poll = select.poll()
    try:
        poll.register(sys.stdout.fileno(), select.POLLOUT)
        return not any(event & (select.POLLERR | select.POLLHUP | select.POLLNVAL) for _, event in poll.poll(0))
    except (OSError, ValueError, AttributeError):  # no file
        return False
