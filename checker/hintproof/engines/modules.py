"""Compiled modules: texts that Numba compiles once, and what it makes of them kept on disk.

A module is kept under the hash of its text, so that a change of the protocol, of the sizes or of a loop makes a
new one, and the old one falls out in time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from hintproof.system.cache import cache_directory, drop_oldest

#: Compiled modules that are kept.
_KEPT = 400


def is_compiled(text: str) -> bool:
    """Whether a module's functions are compiled already."""
    return _done(text).exists()


def mark_compiled(text: str) -> None:
    """Note that a module's functions have been compiled."""
    _done(text).touch()


def is_wanted(text: str) -> bool:
    """Whether this was asked of the text before: then its module may be worth compiling."""
    mark = _folder(text) / "wanted"
    wanted = mark.exists()
    if not wanted:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
    return wanted


def _done(text: str) -> Path:
    return _folder(text) / "done"


def _folder(text: str) -> Path:
    return cache_directory() / hashlib.sha256(text.encode()).hexdigest()[:24]


def load(text: str) -> ModuleType:
    """The module of a text; what is missing of it Numba compiles when it is first called."""
    folder = _folder(text)
    path = folder / "kernel.py"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        drop_oldest(folder.parent, _KEPT)
        partial = folder / f"kernel-{os.getpid()}.partial"
        partial.write_text(text)
        partial.replace(path)
    name = f"hintproof_kernel_{folder.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba looks its functions up there
    spec.loader.exec_module(module)
    return module


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A plain function over arrays of numbers, as Numba compiles it."""
    text = f"from typing import Any\n\nfrom numba import njit\n\n\n@njit(cache=True)\n{inspect.getsource(function)}"
    made: Callable[..., Any] = getattr(load(text), function.__name__)
    return made
