"""The real driver's text, from the distribution's source packages: looked for once, and kept in pytest's cache."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from hintproof.gate.watched import DRIVER


@pytest.fixture(scope="session", params=["6.1", "6.12"])
def real_driver(request: pytest.FixtureRequest) -> str:
    """The text of virtio_balloon.c in an installed linux-source package."""
    package = f"linux-source-{request.param}"
    archive = Path(f"/usr/src/{package}.tar.xz")
    if not archive.exists():
        pytest.skip(f"needs the driver's source: apt-get install {package}")
    state = archive.stat()
    kept = request.config.cache.mkdir(package) / f"{state.st_size}-{state.st_mtime_ns}.c"
    if not kept.exists():
        taken = ["tar", "-xJOf", str(archive), "--occurrence=1", f"{package}/{DRIVER}"]  # half the time of tarfile
        kept.write_bytes(subprocess.run(taken, capture_output=True, check=True).stdout)
    return kept.read_text()
