"""Observations: the results of replays of a trace on real systems, in a file beside the trace."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hintproof.qemu.machine import Setup
from hintproof.qemu.replay import Played, count_results
from hintproof.system.documents import Document, parse, to_json
from hintproof.system.errors import BadInput
from hintproof.system.files import write_atomically

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


class ObservationsDocument(Document, tag="hintproof-seen/1", forbid_unknown_fields=True):
    """Replays of one trace on real systems."""

    seen: list[Observation]


def load_observations(file: Path) -> list[Observation]:
    """The observations in a file; none if there is no file. Raises :class:`BadInput` if it is no such file."""
    try:
        raw = file.read_bytes()
    except FileNotFoundError:
        return []
    except OSError as problem:
        raise BadInput(f"can't read {file}: {problem.strerror or problem}") from None
    return parse(raw, ObservationsDocument, file, "file of observations", "move it away").seen


def save_observation(new: Observation, file: Path) -> None:
    """Add an observation to a file, completely or not at all. It replaces an older one on the same system."""
    others = [old for old in load_observations(file) if old.system != new.system]
    write_atomically(file, to_json(ObservationsDocument(seen=[*others, new])))
