"""The first page: the three findings with their commands, and the table of what is safe (``safety.json``)."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from marks import fill

from hintproof.trace.document import load
from hintproof.views.markdown import table
from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.environments import DEVICES, LOGS

#: The defects of shipped software with which the page begins, each with its consequence.
FINDINGS = {
    "shared-start-cell": "The guest loses a write, silently",
    "early-release": "The guest loses a write, silently, even if the driver keeps to the specification",
    "stale-id-after-suspend": "The guest loses the memory: the blocks stay with the driver",
}

#: The columns: a driver, the change to it, the head.
DRIVERS = {
    ("no-hint", ""): "no hints: plain migration",
    ("linux-6.1", ""): "Linux 5.7 and later",
    ("linux-6.1", "cell-per-round"): "the same, with N1 fixed",
    ("virtio-1.3-driver", ""): "a driver that keeps to virtio 1.3",
}

_LOST = '<span class="lost">✗ loses data</span>'
_PROVED = '<span class="held">✓ safe</span>'
_SEARCHED = '<span class="held">○ no loss found</span>'


def first_page(docs: Path) -> str:
    """The page with its findings and its table."""
    page = fill((docs / "index.md").read_text(), "findings", "\n".join(_finding(docs, name) for name in FINDINGS))
    pairs = json.loads((docs / "safety.json").read_text())["pairs"]
    hosts = dict.fromkeys(pair["host"] for pair in pairs)
    rows = [[_host(host), *(_cell(pair) for pair in pairs if pair["host"] == host)] for host in hosts]
    return fill(page, "safety", table(["host and dirty log", *DRIVERS.values()], rows))


def _finding(docs: Path, name: str) -> str:
    defect = DEFECTS[name]
    steps = len(load(docs.parent / "counterexamples" / name / "trace.json").steps)
    sizes = " ".join(f"--{size.replace('=', ' ')}" for size in str(defect.sizes).split())
    return "\n".join(
        [
            f"- **[{name}](gallery/{name}/index.md) ({defect.label})**: {defect.title}. {FINDINGS[name]}, in {steps} "
            f"steps. {defect.affects[0].upper()}{defect.affects[1:]}.",
            "",
            f"    ```sh\n    hintproof check {defect.environment} {sizes}\n    ```",
            "",
        ]
    )


def _host(name: str) -> str:
    """The words of a host with the beginning of their meaning."""
    device, _, log = name.partition("+")
    says = [re.split(r"[:(]", DEVICES[device].says)[0].strip()] + ([re.split("[;:]", LOGS[log].says)[0]] if log else [])
    return f"`{name}`<br>{'; '.join(says)}"


def _cell(pair: dict[str, Any]) -> str:
    """The answer for one pair: a sign and words, then what it rests on."""
    if pair.get("impossible"):
        return "-"
    if pair.get("proved"):
        return f"{_PROVED}<br>proved for every size"
    if "steps" in pair:
        defect = pair.get("defect")
        link = f", [{DEFECTS[defect].label}](gallery/{defect}/index.md)" if defect else ""
        return f"{_LOST}<br>in {pair['steps']} steps{link}"
    return f"{_SEARCHED}<br>in {pair['states']:,} states; not proved"
