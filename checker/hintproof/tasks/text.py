"""The text of one world: its steps with all branches on the world decided, as recorded.

>>> [step.name for step in resolve("no-hint+qemu-7.2+kvm-auto", "guest")]
['allocate', 'write', 'free']
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from hintproof.interpret.wording import wording
from hintproof.story.links import links
from hintproof.story.model import Link
from hintproof.system.errors import BadInput
from hintproof.trace.replay import record_environment
from hintspec.language.errors import quote, suggest
from hintspec.language.recording import RecordedAction
from hintspec.language.terms import Term
from hintspec.text import PROTOCOL


@dataclass(frozen=True)
class ResolvedStep:
    """A step of one world. ``updates`` and ``ghosts`` are variables with their new values, all assigned at once."""

    name: str
    takes_block: bool
    step: str
    actor: str
    says: str
    where: str
    links: tuple[Link, ...]
    guard: tuple[str, ...]
    updates: tuple[tuple[str, str], ...]
    ghosts: tuple[tuple[str, str], ...]
    promises: tuple[str, ...]

    @property
    def function(self) -> str:
        """The first function that the step cites, with its file: steps of one function stand together."""
        return self.where.partition(";")[0].partition(",")[0]


def resolve(environment: str, actor: str = "") -> list[ResolvedStep]:
    """The steps of an environment, or one actor's, with no budget.

    They come by actor, and of an actor in the order of the functions that they cite. Raises :class:`BadInput` for an
    environment or an actor that does not exist.
    """
    known = [who.name for who in PROTOCOL.actors]
    if actor and actor not in known:
        raise BadInput(f"no actor {quote(actor)}{suggest(actor, known)}: {', '.join(known)}")
    model = record_environment(environment, finite=False)
    ghosts = {v.name for v in model.vars if v.declared.ghost}
    steps = [_resolve_step(item, environment, ghosts) for item in model.actions]
    places: dict[tuple[str, str], int] = {}
    for step in steps:
        places.setdefault((step.actor, step.function), len(places))
    of_actor = [step for step in steps if step.actor == (actor or step.actor)]
    return sorted(of_actor, key=lambda step: (known.index(step.actor), places[step.actor, step.function]))


def _resolve_step(item: RecordedAction, environment: str, ghosts: set[str]) -> ResolvedStep:
    action = item.action
    return ResolvedStep(
        name=item.name,
        takes_block=action.takes_block,
        step=action.step,
        actor=action.actor.name,
        says=action.says,
        where=action.where,
        links=tuple(links(action.where, environment)),
        guard=tuple(wording(conjunct.term) for conjunct in item.guard),
        updates=tuple(_new_values(item.updates, set(item.updates) - ghosts)),
        ghosts=tuple(_new_values(item.updates, ghosts)),
        promises=tuple(dict.fromkeys(name for name, _ in item.promises)),
    )


def _new_values(updates: dict[str, Term], names: set[str]) -> Iterator[tuple[str, str]]:
    """Variables with their new values in words, but for those that keep their value."""
    for name, term in updates.items():
        if name in names and (text := wording(term)) != name:
            yield name, text
