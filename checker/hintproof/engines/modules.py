"""Compiled texts: each is compiled once, and what becomes of it kept on disk.

LLVM compiles the steps of a model, Numba the loops of a search. Either is kept under the hash of its text, so that a
change of the protocol, of the sizes or of a loop makes a new one, and the old one falls out in time.
"""

from __future__ import annotations

import hashlib
import importlib.util
import inspect
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

from hintproof.interpret.machine_code import Array, MachineCode, compile_text, fingerprint
from hintproof.system.cache import cache_directory, drop_oldest
from hintproof.system.files import write_atomically

#: Compiled texts that are kept.
_KEPT = 400

#: Bytes of a hash.
_HASH = hashlib.sha256().digest_size


def _folder(text: str) -> Path:
    return cache_directory() / hashlib.sha256(text.encode()).hexdigest()[:24]


def load(text: str) -> ModuleType:
    """The module of a text; what is missing of it Numba compiles when it is first called."""
    folder = _folder(text)
    path = folder / "kernel.py"
    if not path.exists():
        _keep(path, text)
    name = f"hintproof_kernel_{folder.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # Numba looks its functions up there
    spec.loader.exec_module(module)
    return module


def machine_code(text: str, arrays: Mapping[str, Array]) -> MachineCode:
    """The functions of a text as machine code for this processor.

    It is kept with its hash before it: a file that is not as it was written is made anew, and never run.
    """
    path = _folder(text) / f"steps-{fingerprint()}.o"
    kept = path.read_bytes() if path.exists() else b""
    code = kept[_HASH:]
    if hashlib.sha256(code).digest() != kept[:_HASH]:
        code = compile_text(text, arrays)
        _keep(path, hashlib.sha256(code).digest() + code)
    return MachineCode(code, text, arrays)


def _keep(path: Path, content: str | bytes) -> None:
    """Write a file of the cache, in a folder of its own, and drop the oldest folders."""
    write_atomically(path, content)
    drop_oldest(path.parent.parent, _KEPT)


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A plain function over arrays of numbers, as Numba compiles it."""
    text = f"from typing import Any\n\nfrom numba import njit\n\n\n@njit(cache=True)\n{inspect.getsource(function)}"
    made: Callable[..., Any] = getattr(load(text), function.__name__)
    return made
