"""What a user who is not root would see, though root runs the tests."""

from __future__ import annotations

import os
import traceback
from collections.abc import Callable
from pathlib import Path

#: "nobody", on every system.
_NOBODY = 65534


def exit_code_unprivileged(cwd: Path, command: Callable[[], int]) -> int:
    """The exit code of a command in a child process that has no privilege.

    It is a fork, and no program is begun: another user may not even be able to read this Python. The directory has
    to be one that anybody may enter.
    """
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 70
    try:
        os.chdir(cwd)
        if os.geteuid() == 0:
            os.setgroups([])
            os.setgid(_NOBODY)
            os.setuid(_NOBODY)
        code = command()
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
