"""Gate the changes of the tests, and tell what each came to and how long it took.

python benchmarks/gate.py                          a table, for linux-source-6.1
python benchmarks/gate.py --linux linux-source-6.12 --only start
python benchmarks/gate.py --json docs/gate.json    the figures that the docs show

The driver without a patch is examined first, and its answers are kept, as they are for whoever gates a second patch.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.checker.gate.changes import EVERY, Change

from hintproof.gate.backend import LinuxBackend
from hintproof.gate.check_plan import USUAL
from hintproof.gate.gate import run_gate
from hintproof.gate.linux import LinuxChecker
from hintproof.gate.mails import patches_in
from hintproof.gate.report import Standing
from hintproof.gate.watched import DRIVER, texts
from hintproof.system.files import write_atomically
from hintproof.views.trace import mail


def gated(change: Change, linux: str) -> dict[str, Any]:
    """What a change came to."""
    source = LinuxBackend().source(linux)
    text = texts(source)[DRIVER]
    report = run_gate(
        source,
        patches_in(change.patch(text).encode("utf-8", "surrogateescape"), change.name),
        LinuxChecker(USUAL, mail.render),
    )
    [patch] = report.patches
    new = sorted({f.property_name for f in patch.standing(Standing.NEW)})
    mended = sorted({f.property_name for f in patch.standing(Standing.MENDED)})
    right = patch.outcome == change.outcome and set(change.falls) <= set(new) and set(change.mends) <= set(mended)
    return {
        "name": change.name,
        "says": change.says,
        "outcome": patch.outcome.value,
        "new": new,
        "mended": mended,
        "reason": patch.reason,
        "seconds": round(report.seconds, 1),
        "as_expected": right,
    }


def main() -> int:
    """Gate them one after the other."""
    parser = argparse.ArgumentParser(description="Gate the changes of the tests.")
    parser.add_argument("--linux", default="linux-source-6.1", help="a kernel tree or package")
    parser.add_argument("--only", default="", help="changes whose name has this in it")
    parser.add_argument("--json", type=Path, help="file for the figures")
    given = parser.parse_args()
    began = time.monotonic()
    source = LinuxBackend().source(given.linux)
    LinuxChecker(USUAL, mail.render).check(texts(source))
    base = time.monotonic() - began
    print(f"{given.linux} without a patch: {base:.1f} s", flush=True)
    found = []
    for change in EVERY:
        if given.only in change.name:
            told = gated(change, given.linux)
            found.append(told)
            mark = "" if told["as_expected"] else "  NOT AS EXPECTED"
            print(f"{told['name']}: {told['outcome']}, new {told['new']}, mended {told['mended']}, "
                  f"{told['seconds']} s{mark}", flush=True)  # fmt: skip
    if given.json:
        told = {"linux": given.linux, "unpatched_seconds": round(base, 1), "changes": found}
        write_atomically(given.json, json.dumps(told, indent=1) + "\n")
    return 0 if all(told["as_expected"] for told in found) else 1


if __name__ == "__main__":
    sys.exit(main())
