"""Observations: the results of replays of a trace on real systems, in a file beside the trace."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec

from hintproof.qemu.machine import Setup
from hintproof.qemu.replay import Played, count_results
from hintproof.system.errors import BadInput
from hintproof.system.files import write_atomically

SCHEMA = "hintproof-seen/1"

#: The file, in the folder of a counterexample.
NAME = "seen.json"


@dataclass(frozen=True)
class Observation:
    """Replays on one system (version, accelerator, dirty log, who writes), with the number of each result."""

    qemu: str
    accelerator: str
    dirty_log: str
    writes: str
    times: int
    results: dict[str, int]

    @property
    def system(self) -> tuple[str, ...]:
        """The system: a later observation on it replaces this one."""
        return self.qemu, self.accelerator, self.dirty_log, self.writes


def to_observation(setup: Setup, played: Sequence[Played]) -> Observation:
    """The observation that these replays are."""
    writes = "virtual CPU" if setup.vcpu_stores else "qtest"
    return Observation(
        setup.qemu.version_text, setup.accelerator, str(setup.log_mode), writes, len(played), count_results(played)
    )


class _File(msgspec.Struct, forbid_unknown_fields=True):
    schema: str
    seen: list[Observation]


def load_observations(file: Path) -> list[Observation]:
    """The observations in a file; none if there is no file. Raises :class:`BadInput` if it is no such file."""
    try:
        document = msgspec.json.decode(file.read_bytes(), type=_File)
    except FileNotFoundError:
        return []
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as problem:
        raise BadInput(f"{file}: no file of what was seen: {str(problem)[:160]}") from None
    if document.schema != SCHEMA:
        raise BadInput(f"{file}: schema {document.schema[:40]!a} is not {SCHEMA}: move it away")
    return document.seen


def save_observation(new: Observation, file: Path) -> None:
    """Add an observation to a file, completely or not at all. It replaces an older one on the same system."""
    all_of_them = [*(old for old in load_observations(file) if old.system != new.system), new]
    text = json.dumps({"schema": SCHEMA, "seen": [asdict(one) for one in all_of_them]}, indent=1)
    write_atomically(file, text + "\n")
