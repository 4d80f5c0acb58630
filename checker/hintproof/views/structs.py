"""Structs of documents, filled from results."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

S = TypeVar("S", bound=msgspec.Struct)


def fill(kind: type[S], result: object, **fields: Any) -> S:
    """A Struct with these fields; the others are attributes of a result that have their names.

    A field that the result does not have needs a default.
    """
    names = [name for name in kind.__struct_fields__ if name not in fields and hasattr(result, name)]
    return kind(**{name: getattr(result, name) for name in names}, **fields)
