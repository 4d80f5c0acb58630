"""SPIN: the Promela of a model, the search that SPIN generates for it, and its counts.

The search is exhaustive and exact: no hash compaction, no supertrace, and no partial-order reduction, which would
leave states out of a model of several processes. It is set up in two ways: as its manual says for a search of
states, and as it was fastest on our worlds (see docs/speed.md).
"""

from __future__ import annotations

import re
import shutil
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

from hintproof.interpret.concrete import Concrete
from hintproof.interpret.promela import promela
from hintproof.peers.run import PeerRun
from hintproof.system.children import Ended, first_line, last_line, run_child
from hintproof.system.errors import BadInput


@dataclass(frozen=True)
class Setup:
    """The compiler's flags for pan, and the environment variables that pan runs with."""

    flags: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)


#: As the manual has it for states and assertions. A model of ours is one process, of which nothing can be left out.
USUAL = Setup(("-O3", "-w", "-DSAFETY"))

#: As it was fastest. NOVSZ, NOCOMP: less is stored and copied of a state. Huge pages, as we have them, too: SPIN
#: spends most of its time looking states up, and is 10 % faster with them.
FASTEST = Setup(
    ("-O2", "-w", "-DSAFETY", "-DNOREDUCE", "-DNOFAIR", "-DNOBOUNDCHECK", "-DNOVSZ", "-DNOCOMP"),
    {"GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.top_pad=33554432"},
)

#: Bounds of depth that are tried in turn; a run that meets one says so, and does not count.
DEPTHS = (100_000, 10_000_000)

#: The program names, and the Debian package of each.
PROGRAMS = {"spin": "spin", "gcc": "gcc"}


def missing() -> str:
    """The programs that are missing, as a sentence; "" if none is."""
    lacking = [name for name in PROGRAMS if shutil.which(name) is None]
    packages = " ".join(PROGRAMS[name] for name in lacking)
    return f"needs spin and a C compiler: no {' and no '.join(lacking)} (Debian: {packages})" if lacking else ""


def run_spin(
    concrete: Concrete,
    seconds: float = 600,
    megabytes: int = 8192,
    expected: int | None = None,
    bfs: bool = False,
    setup: Setup = FASTEST,
) -> PeerRun:
    """Search a model with SPIN. Raises :class:`BadInput` for a missing program and for a limit that was met.

    ``expected`` states make the hash table as large as SPIN is fastest with. With ``bfs`` it searches breadth first,
    which is slower, and its depth is then that of our search.
    """
    if problem := missing():
        raise BadInput(problem)
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hintproof-spin-") as name:
        directory = Path(name)
        (directory / "model.pml").write_text(promela(concrete))
        version = run_child(["spin", "-V"], directory, 60).output
        _run_step(["spin", "-a", "model.pml"], directory, "pan.c")
        _print_all_digits(directory / "pan.c")
        bounds = (f"-DMEMLIM={megabytes}", *(["-DBFS"] if bfs else []))
        _run_step(["gcc", *setup.flags, *bounds, "-o", "pan", "pan.c"], directory, "pan")
        ready = time.monotonic() - began
        bits = hash_bits(expected or 1 << 22, megabytes)
        for depth in DEPTHS:
            pan = [str(directory / "pan"), "-c0", f"-m{depth}", f"-w{bits}"]
            ended = run_child(pan, directory, seconds, setup.environment)
            if "max search depth too small" not in ended.output:
                break
        else:
            raise BadInput(f"SPIN's search is deeper than {DEPTHS[-1]} steps: take smaller sizes")
    _require_complete(ended, megabytes)
    return _read_report(ended, version, ready)


def hash_bits(states: int, megabytes: int) -> int:
    """The size of the hash table that SPIN is fastest with: one to two places a state, in a quarter of the memory."""
    affordable = (megabytes << 20) // 4 // 8
    return max(16, min(states.bit_length() + 1, affordable.bit_length() - 1))


def _run_step(command: list[str], directory: Path, product: str) -> None:
    """Run one step towards the search, and require its product: spin's own exit code says nothing."""
    ended = run_child(command, directory, 300)
    if ended.status or not (directory / product).exists():
        raise BadInput(f"{command[0]} does not take the model: {first_line(ended.output)}")


def _print_all_digits(source: Path) -> None:
    """Have pan print its counts to the last digit; as it is, it rounds them to eight."""
    source.write_text(source.read_text().replace("%9.8g", "%9.0f"))


def _require_complete(ended: Ended, megabytes: int) -> None:
    """Refuse a search that did not go to its end."""
    if "reached -DMEMLIM bound" in ended.output or "out of memory" in ended.output:
        raise BadInput(f"SPIN needs more than {megabytes} MB: allow more memory, or take smaller sizes")
    if ended.status or "Search not completed" in ended.output or "elapsed time" not in ended.output:
        raise BadInput(f"SPIN's search ended early: {last_line(ended.output)}")


def _read_report(ended: Ended, version: str, ready: float) -> PeerRun:
    def number(pattern: str) -> float:
        found = re.search(pattern, ended.output)
        if found is None:
            raise BadInput(f"SPIN's report has no {pattern!r}: another version? {version.strip()}")
        return float(found[1])

    figure = r"([\d.e+]+)"
    known = re.search(r"[Vv]ersion ([\d.]+)", version)
    return PeerRun(
        version=known[1] if known else "",
        states=int(number(rf"{figure} states, stored")),
        transitions=int(number(rf"{figure} transitions")) - 1,  # pan counts the initial state as one
        depth=int(number(rf"depth reached {figure}")),
        seconds=number(rf"elapsed time {figure} seconds"),
        ready=ready,
        megabytes=ended.megabytes,
        errors=int(number(rf"errors: {figure}")),
        output=ended.output,
    )
