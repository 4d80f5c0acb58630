"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from hintproof.system.errors import BadInput
from hintspec.language.errors import SpecError
from hintspec.language.sizes import Sizes

Number = int | None
Environments = Annotated[
    list[str] | None, Argument(metavar="[ENVIRONMENT]...", help="Names; see 'hintproof environments'.")
]
Environment = Annotated[str, Argument(help="Name; see 'hintproof environments'.")]
TraceFile = Annotated[Path, Argument(metavar="TRACE", help="A trace file.")]
Jobs = Annotated[Number, Option(help="Processes at a time (default: one a core).")]
AsJson = Annotated[bool, Option("--json", help="Print JSON instead of text.")]
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
