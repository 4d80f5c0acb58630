"""The rules of an environment by their names and values: to compare environments, and to change one rule."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from enum import Enum
from typing import Any

from hintspec.protocol.rules import World

#: Values of rules by their names: ``device.honours`` or, of the world itself, ``hinting``.
Rules = dict[str, object]

#: Rules that make another system altogether: whether there are hints, what job is done, which kind of device it is.
KIND_OF_SYSTEM = ("hinting", "job", "device.kind")


def rules_of(world: World) -> Rules:
    """The value of each rule of a world."""
    rules: Rules = {}
    for part in fields(world):
        value = getattr(world, part.name)
        if is_dataclass(value):
            rules |= {f"{part.name}.{rule.name}": getattr(value, rule.name) for rule in fields(value)}
        else:
            rules[part.name] = value
    return rules


def with_rules(world: World, rules: Rules) -> World:
    """A world with these rules changed."""
    for name, value in rules.items():
        part, _, rule = name.rpartition(".")
        changed: dict[str, Any] = {rule: value}
        world = replace(world, **({part: replace(getattr(world, part), **changed)} if part else changed))
    return world


def to_word(value: object) -> str:
    """The value of a rule in words."""
    return str(value.value) if isinstance(value, Enum) else "yes" if value else "no"
