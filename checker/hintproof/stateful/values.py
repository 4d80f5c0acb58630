"""The state of a machine by its variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from hypothesis.errors import InvalidDefinition

from hintproof.interpret.concrete import Concrete, State, parse_value, show_value


class Values(Mapping[str, Any]):
    """The variables of a state by name, in plain values as traces show them."""

    def __init__(self, system: Concrete, state: State) -> None:
        self._system, self._state = system, state

    def __getitem__(self, name: str) -> Any:
        for v, value in zip(self._system.model.vars, self._state, strict=True):
            if v.name == name:
                return show_value(value, v.sort)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return (v.name for v in self._system.model.vars)

    def __len__(self) -> int:
        return len(self._state)

    def __repr__(self) -> str:
        return repr(dict(self))


def change_values(system: Concrete, state: State, values: Mapping[str, Any]) -> State:
    """The state with other, plain values of some variables.

    Raises ``InvalidDefinition`` for a variable or a value that does not exist.
    """
    sorts = {v.name: v.sort for v in system.model.vars}
    changed = dict(zip(sorts, state, strict=True))
    for name, shown in values.items():
        if name not in sorts:
            raise InvalidDefinition(f"no variable {name!r}: {', '.join(sorts)}")
        try:
            changed[name] = parse_value(shown, sorts[name])
        except (ValueError, TypeError, AttributeError, KeyError):
            raise InvalidDefinition(
                f"{name} can't be {shown!r}; now it is {show_value(changed[name], sorts[name])!r}"
            ) from None
    return tuple(changed.values())
