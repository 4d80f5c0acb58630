"""Options that several commands have."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from hintproof.system.errors import BadInput
from hintproof.trace.replay import resolve_environment
from hintproof.trace.shipped import find_trace
from hintspec.language.errors import SpecError
from hintspec.language.sizes import Sizes

Number = int | None


def name_environment(name: str | None) -> str | None:
    """The name of an environment with each release replaced by the words for its rules, which stderr says in a line.

    Raises :class:`BadInput` for a release whose rules are not known.
    """
    if name is None:
        return None
    resolved = resolve_environment(name)
    for note in resolved.notes:
        print(f"hintproof: {note}", file=sys.stderr)
    return resolved.name


def _name_environments(names: list[str] | None) -> list[str]:
    return [name for name in map(name_environment, names or ()) if name is not None]


def complete_environment(incomplete: str) -> list[tuple[str, str]]:
    """Completions of an environment's name, for the shell: the recorded ones, then words behind the last ``+``."""
    from hintspec.catalogue.environments import ALIASES, CHANGES, DEVICES, DRIVERS, LOGS
    from hintspec.catalogue.expected import RECORDS

    recorded = dict.fromkeys((*ALIASES, *(record.environment for record in RECORDS)), "recorded")
    before, plus, last = incomplete.rpartition("+")
    words = DEVICES | LOGS | CHANGES if plus else DRIVERS
    made = {f"{before}{plus}{name}": word.says for name, word in words.items() if name.startswith(last)}
    return [(name, says) for name, says in (made | recorded).items() if name.startswith(incomplete)]


def complete_defect(incomplete: str) -> list[tuple[str, str]]:
    """Completions of a defect's name, for the shell."""
    from hintspec.catalogue.defects import DEFECTS

    return [(name, defect.violates) for name, defect in DEFECTS.items() if name.startswith(incomplete)]


Environments = Annotated[
    list[str] | None,
    Argument(
        metavar="[ENVIRONMENT]...",
        help="Names; see 'hintproof environments'.",
        callback=_name_environments,
        autocompletion=complete_environment,
    ),
]
Environment = Annotated[
    str,
    Argument(
        help="Name; see 'hintproof environments'.", callback=name_environment, autocompletion=complete_environment
    ),
]
TraceFile = Annotated[
    Path,
    Argument(
        metavar="TRACE",
        help="A trace file, the name of a defect, or - for standard input.",
        callback=find_trace,
        autocompletion=complete_defect,
    ),
]
Jobs = Annotated[Number, Option(help="Processes at a time (default: one a core).")]
AsJson = Annotated[bool, Option("--json", help="Print JSON instead of text.")]
Verbose = Annotated[bool, Option("--verbose", "-v", help="Print the long tables, too.")]
ObligationSeconds = Annotated[float, Option(help="Seconds that the solver may take for one obligation.")]
Blocks = Annotated[Number, Option(help="Blocks of guest memory.")]
Ring = Annotated[Number, Option(help="Entries of the hint queue.")]
Rounds = Annotated[Number, Option(help="Syncs that issue a command id.")]
Migrations = Annotated[Number, Option(help="Migrations, one after the other.")]
Chunk = Annotated[Number, Option(help="Blocks in a clear chunk.")]


def sizes_from(**given: Number) -> Sizes | None:
    """Sizes from the options given, on top of the defaults; None if none was given."""
    chosen = {name: value for name, value in given.items() if value is not None}
    try:
        return Sizes(**chosen) if chosen else None
    except SpecError as problem:
        raise BadInput(str(problem)) from None
