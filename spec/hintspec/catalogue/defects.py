"""The catalogue: each known defect as a world with one rule changed, and what becomes of it when it is fixed.

``defects_guest.toml`` and ``defects_host.toml`` have them. Labels are those of the docs: B and N of the guest's side,
numbers of the host's. :mod:`hintspec.catalogue.out_of_scope` has what does no harm, and what this text does not model.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

from hintspec.catalogue.defect import Defect, Status
from hintspec.language.sizes import Sizes


def _load(name: str) -> Iterator[Defect]:
    """The defects of a file. A key that :class:`Defect` does not have, or that is missing, is a TypeError."""
    text = files("hintspec.catalogue").joinpath(name).read_text(encoding="utf-8")
    for entry in tomllib.loads(text)["defect"]:
        parts: dict[str, Any] = {
            "sizes": Sizes(**entry.pop("sizes")),
            "status": Status(entry.pop("status")),
            "repairs": tuple(entry.pop("repairs", ())),
        }
        yield Defect(**entry, **parts)


DEFECTS: dict[str, Defect] = {
    defect.name: defect for name in ("defects_guest.toml", "defects_host.toml") for defect in _load(name)
}
