"""Write the Promela files of this folder, which SPIN checks. Run it after a change of the spec.

python benchmarks/generate.py           writes them
python benchmarks/generate.py --check   says which are out of date, exit code 1
"""

from __future__ import annotations

import sys
from pathlib import Path

from hintproof.interpret.promela import promela
from hintproof.peers.two_phase_commit import two_phase_commit
from hintproof.peers.worlds import COMPARED
from hintproof.trace.replay import prepare

FOLDER = Path(__file__).parent


def texts() -> dict[str, str]:
    """Make the text of each file, by its name."""
    made = {item.file: promela(prepare(item.environment, item.sizes), item.environment) for item in COMPARED}
    made["two-phase-commit-8.pml"] = promela(two_phase_commit(8), "two-phase commit of 8 resource managers")
    return made


def stale() -> list[str]:
    """Find the files that are out of date, missing or superfluous."""
    wanted, found = texts(), {path.name: path.read_text() for path in FOLDER.glob("*.pml")}
    return sorted(name for name in wanted | found if wanted.get(name) != found.get(name))


def main() -> int:
    """Write or check; the exit code."""
    names = stale()
    if "--check" in sys.argv:
        print("\n".join(f"out of date: benchmarks/{name}" for name in names) or "benchmarks are up to date")
        return 1 if names else 0
    wanted = texts()
    for name in names:
        (FOLDER / name).unlink(missing_ok=True)
        if name in wanted:
            (FOLDER / name).write_text(wanted[name])
            print(f"wrote benchmarks/{name}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
