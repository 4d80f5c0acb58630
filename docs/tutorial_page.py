"""The tutorial: its commands run, in order and in one folder, and the page keeps what they print.

Each block of ``sh`` runs (one of ``bash`` does not: it installs something). Two comments with a name may follow it,
``<!-- check: begin, 20 lines -->`` and ``<!-- check: end -->``: the output goes between them, cut to so many lines.
Seconds differ from run to run. An output that differs in nothing else stays as it is.

From the first block that needs a kernel's source on, nothing runs where that source is missing, or is another than the
one with which the page was made. The outputs then stay as they are, and ``tutorial_page`` says that it checked none.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from hintproof.linux.source import DRIVER, find_source
from hintproof.system.errors import BadInput

#: The kernel's source that the page uses.
SOURCE = "linux-source-6.1"

#: The columns of an output that goes through a pipe.
_WIDTH = 120

_COMMAND = """\
from hintproof.cli.main import run

if __name__ == "__main__":  # worker processes import this file
    run()
"""

_BLOCK = re.compile(
    r"```sh\n(?P<commands>.*?)```"
    r"(?:\s*<!-- (?P<name>[\w-]+): begin(?:, (?P<most>\d+) lines)? -->\n(?P<output>.*?)<!-- (?P=name): end -->)?",
    re.DOTALL,
)
_MADE_WITH = re.compile(r"<!-- driver: (\w+) -->")
_TIMES = re.compile(r"\d[\d,]*(?:\.\d+)? (?:s|min|ms|seconds|minutes|MB)\b")


def tutorial_page(docs: Path) -> tuple[str, list[str]]:
    """The page, and what was not checked: why, and the outputs that it concerns."""
    page = (docs / "tutorial.md").read_text()
    driver, problem = _find_driver()
    made_with = _MADE_WITH.search(page)
    if not problem and "--check" in sys.argv and made_with and made_with[1] != driver:
        problem = f"it was made with another {SOURCE}"
    parts: list[str] = []
    unchecked: list[str] = []
    end = 0
    with tempfile.TemporaryDirectory(prefix="hintproof-tutorial-") as folder:
        tools = _make_tools(Path(folder) / "bin")
        place = Path(folder) / "work"
        place.mkdir()
        for block in _BLOCK.finditer(page):
            parts.append(page[end : block.start()])
            end = block.end()
            needs_source = "/usr/src/" in block["commands"] or unchecked or "linux/" in block["commands"]
            if problem and needs_source:
                unchecked.append(block["name"] or "")
                parts.append(block[0])
            else:
                parts.append(_run(block, place, tools))
    text = "".join([*parts, page[end:]])
    if not problem:
        text = _MADE_WITH.sub(f"<!-- driver: {driver} -->", text)
    names = ", ".join(name for name in unchecked if name)
    return text, [f"not checked, {problem}: {names}"] if unchecked else []


def _find_driver() -> tuple[str, str]:
    """A hash of the driver's text; or the reason why there is none."""
    try:
        text = find_source(SOURCE).files[DRIVER]
    except BadInput:
        return "", f"it needs {SOURCE} (Debian: apt-get install {SOURCE})"
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:16], ""


def _make_tools(folder: Path) -> Path:
    """A folder with the command ``hintproof``, of this interpreter."""
    folder.mkdir()
    command = folder / "hintproof"
    command.write_text(f"#!{sys.executable}\n{_COMMAND}")
    command.chmod(0o755)
    return folder


def _run(block: re.Match[str], place: Path, tools: Path) -> str:
    environment = {
        **os.environ,
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": ":".join(path for path in sys.path if path),
        "COLUMNS": str(_WIDTH),
        "LC_ALL": "C.UTF-8",
        "NO_COLOR": "1",
    }
    done = subprocess.run(
        ["bash", "-c", block["commands"]],
        cwd=place,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if not block["name"]:
        if done.returncode:
            raise SystemExit(f"docs/tutorial.md: {block['commands']} failed: {done.stderr}")
        return block[0]
    lines = list(_cut([line.rstrip() for line in done.stdout.splitlines()], int(block["most"] or 0)))
    if not lines:
        raise SystemExit(f"docs/tutorial.md: {block['commands']} printed nothing: {done.stderr}")
    made = "\n".join(["", "```text", *lines, "```", "", ""])
    kept = block["output"]
    if _without_times(kept) == _without_times(made):
        return block[0]
    return block[0].replace(f"-->\n{kept}<!--", f"-->\n{made}<!--")


def _cut(lines: list[str], most: int) -> Iterator[str]:
    """The first lines, so many of them, and the last: how it ended."""
    if not most or len(lines) <= most:
        yield from lines
        return
    yield from lines[: most - 2]
    yield f"[{len(lines) - most + 1} more lines]"
    yield lines[-1]


def _without_times(text: str) -> str:
    return " ".join(_TIMES.sub("TIME", text).split())
