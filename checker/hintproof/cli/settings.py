"""Defaults of the gate and of the pytest plugin: ``[tool.hintproof]`` in pyproject.toml. Options win over them."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import msgspec

from hintproof.system.errors import BadInput

_FILE = "pyproject.toml"


class GateSettings(msgspec.Struct, forbid_unknown_fields=True):
    """``[tool.hintproof.gate]``: options of ``hintproof gate``, and of the plugin's gate."""

    linux: str = ""
    format: str = ""
    strict: bool = False
    thorough: bool = False
    seconds: float | None = None


class Settings(msgspec.Struct, forbid_unknown_fields=True):
    """``[tool.hintproof]``: options of the pytest plugin."""

    environments: list[str] = []
    engines: list[str] = []
    sizes: dict[str, int] = {}
    seconds: float | None = None
    profile: str = ""
    database: bool = True
    traces: str = ""
    gate: GateSettings = msgspec.field(default_factory=GateSettings)


def load_settings(directory: Path) -> Settings:
    """The settings of the nearest pyproject.toml, in a directory or above it; without any the defaults.

    Raises :class:`BadInput` for a file that is no TOML, and for an option that hintproof does not have.
    """
    found = next((folder / _FILE for folder in (directory, *directory.parents) if (folder / _FILE).is_file()), None)
    if found is None:
        return Settings()
    try:
        table: dict[str, Any] = tomllib.loads(found.read_text("utf-8")).get("tool", {}).get("hintproof", {})
        return msgspec.convert(table, Settings)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, msgspec.ValidationError, AttributeError) as problem:
        raise BadInput(f"{found}: [tool.hintproof]: {problem}") from None
