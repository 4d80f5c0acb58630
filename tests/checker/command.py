"""The command line, as tests run it."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from pathlib import Path
from unittest.mock import patch

from hintproof.cli.main import run

#: What the console script does.
CONSOLE_SCRIPT = "from hintproof.cli.main import run; run()"


def hintproof(cwd: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command in this process, which has imported all that it needs already."""
    out, err = io.StringIO(), io.StringIO()
    command = ["hintproof", *arguments]
    with (
        contextlib.chdir(cwd),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
        patch.object(sys, "argv", command),
    ):
        try:
            run()
        except SystemExit as leaving:
            code = int(leaving.code or 0)
    return subprocess.CompletedProcess(command, code, out.getvalue(), err.getvalue())


def hintproof_process(cwd: Path, *arguments: str, timeout: float = 120) -> subprocess.CompletedProcess[str]:
    """Run a command as a user does: in a process of its own."""
    return subprocess.run(
        [sys.executable, "-c", CONSOLE_SCRIPT, *arguments],
        cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False,
    )  # fmt: skip
