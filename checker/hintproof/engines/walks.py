"""Guided random walks: where to begin, whose turn it is, which step; learned from the walks themselves.

Uniform choice hardly ever gets through a whole exchange. Three ideas of others help. *First return, then explore*
(Go-Explore): what was reached is kept, and a walk begins where few have begun. *Novelty of a few variables at a time*
(width-based planning): a state is kept for what a **view** of it shows that was not seen before; a view is what a
property reads and what the steps read or write that change it, with a few other variables, and views that show
nothing new are replaced. *Swarm testing*: half of the walks leave out some steps. Besides, a walk prefers steps to
states that were not seen yet, some walks begin where such steps were left over, and an actor takes several in a row.

Nothing here knows what the model is about; nothing comes from the other engines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hintproof.interpret.concrete import State
from hintproof.interpret.transition_system import TransitionSystem
from hintspec.language.declare import ALWAYS, STEP
from hintspec.language.folds import reads
from hintspec.language.recording import Model, RecordedProperty
from hintspec.language.sorts import BLOCK, BLOCKS, LIST, Ring, Sort

#: Views at a time; walks after which the one that shows least is replaced.
VIEWS, WALKS_A_VIEW = 8, 1000

#: How many variables a view has beside those of its property: one of these.
OTHERS = (0, 1, 2, 3)

#: Most steps of a walk; steps in a row to known states after which it ends; longest run that is gone on with.
LONGEST_WALK, PATIENCE, LONGEST_RUN = 40, 5, 400

#: How many walks begin at the edge of what was seen, where a walk had a choice; how many such states are remembered.
EDGE, LEFT = 0.4, 50_000

#: States that a new view is shown of those that are kept.
SHOWN = 3000

#: States that are remembered as seen; then memory begins anew.
REMEMBERED = 3_000_000

#: A run as linked steps, the last one first: (the run before, instance).
Linked = tuple[Any, int] | None


@dataclass(slots=True)
class Place:
    """A state that is kept, how it was reached, and how often walks began in it or came by."""

    state: State
    run: Linked
    length: int
    begun: int = 0
    passed: int = 1


@dataclass
class View:
    """What is looked at of a state (and perhaps of the last step), and a place for each thing seen."""

    cell: Callable[[State], tuple[Any, ...]]
    with_step: bool
    places: dict[Any, Place] = field(default_factory=dict)
    keys: list[Any] = field(default_factory=list)
    fresh: int = 0
    walks: int = 0

    def show(self, state: State, run: Linked, length: int) -> bool:
        """Keep the state if it shows something new, or was reached in fewer steps; say whether it is new."""
        key = ((run and run[1]), self.cell(state)) if self.with_step else self.cell(state)
        place = self.places.get(key)
        if place is None:
            self.places[key] = Place(state, run, length)
            self.keys.append(key)
            self.fresh += 1
            return True
        place.passed += 1
        if length < place.length:
            place.state, place.run, place.length = state, run, length
        return False

    def little_known(self, chance: Random) -> Place:
        """Of a few places at random the one where fewest walks began or passed."""
        some = [self.places[self.keys[int(chance.random() * len(self.keys))]] for _ in range(6)]
        return min(some, key=lambda place: place.begun + 0.1 * place.passed**0.5)


def unlinked(run: Linked) -> tuple[int, ...]:
    """The instances of a run, the first step first."""
    steps = []
    while run is not None:
        run, last = run
        steps.append(last)
    return tuple(reversed(steps))


class Guide:
    """The walks of one search. ``open`` names the properties that are still looked for.

    A walk ends where its run has ``longest`` steps.
    """

    def __init__(self, system: TransitionSystem, seed: int, longest: int = LONGEST_RUN) -> None:
        self._longest = longest
        self._system = system
        self._chance = Random(seed)
        self._features = _features(system)
        self._interests = dict(_interests(system.model))
        actors = [i.action.action.actor.name for i in system.instances]
        names = list(dict.fromkeys(actors))
        self._actor = [names.index(name) for name in actors]
        self._seen: set[int] = set()
        self.open = set(self._interests)
        self.walks = 0
        self._edge: list[Place] = []
        self._views: list[View] = []
        for _ in range(VIEWS):
            self._add_view()

    def _add_view(self) -> None:
        """A view for the sake of one property that is still open, with the states that others keep."""
        chance = self._chance
        names: set[str] = set()
        if self.open:
            names |= chance.choice(self._interests[chance.choice(sorted(self.open))])
        others = [name for name in self._features if name not in names]
        names |= set(chance.sample(others, min(len(others), chance.choice(OTHERS))))
        source = "".join(f"{self._features[name]}, " for name in sorted(names))
        view = View(eval(f"lambda s: ({source})"), chance.random() < 0.5)
        kept = [place for other in self._views for place in other.places.values()]
        view.show(self._system.initial, None, 0)
        for place in kept if len(kept) <= SHOWN else chance.sample(kept, SHOWN):
            view.show(place.state, place.run, place.length)
        view.fresh = 0
        self._views.append(view)

    def _renew(self) -> None:
        """Replace the view that showed least that was new."""
        walked = [view for view in self._views if view.walks]
        self._views.remove(min(walked, key=lambda view: view.fresh / view.walks))
        self._add_view()
        for view in self._views:
            view.fresh = view.walks = 0
        if len(self._seen) > REMEMBERED:
            self._seen.clear()

    def _leave(self, place: Place) -> None:
        """Remember a state that has more than one step to states not seen, of which a walk takes one."""
        if len(self._edge) < LEFT:
            self._edge.append(place)
        else:
            self._edge[int(self._chance.random() * LEFT)] = place

    def _edge_place(self) -> Place:
        """Take one of the states that were left so, at random."""
        number = int(self._chance.random() * len(self._edge))
        self._edge[number], self._edge[-1] = self._edge[-1], self._edge[number]
        return self._edge.pop()

    def walk(self) -> Iterator[tuple[State, int, int, Linked, bool]]:
        """One walk: for each step the state after it, the instance, broken promises, the run so far, and whether
        the view had not seen the like.
        """
        chance, actor, seen = self._chance, self._actor, self._seen
        self.walks += 1
        if self.walks % WALKS_A_VIEW == 0:
            self._renew()
        view = self._views[self.walks % VIEWS]
        view.walks += 1
        place = self._edge_place() if self._edge and chance.random() < EDGE else view.little_known(chance)
        place.begun += 1
        state, run, length = place.state, place.run, place.length
        left_out: set[int] = set()
        if chance.random() < 0.5:
            left_out = {i for i in range(len(actor)) if chance.random() < 0.2}
        stays = chance.choice((0.3, 0.6, 0.8, 0.9))
        turn, known, new = -1, 0, False
        for _ in range(LONGEST_WALK):
            options = self._system.successors(state)
            unseen = [o for o in options if hash(o[1]) not in seen]
            if not unseen:
                known += 1
            if not options or known == PATIENCE or length >= self._longest:
                break
            if unseen and chance.random() < 0.9:
                options = unseen
            if left_out:
                options = [o for o in options if o[0] not in left_out] or options
            mine = [o for o in options if actor[o[0]] == turn] if chance.random() < stays else []
            if not mine:
                able = list(dict.fromkeys(actor[o[0]] for o in options))
                turn = able[int(chance.random() * len(able))]
                mine = [o for o in options if actor[o[0]] == turn]
            index, after, broken = mine[int(chance.random() * len(mine))]
            if len(unseen) > 1:
                self._leave(Place(state, run, length))
            run, length = (run, index), length + 1
            new = view.show(after, run, length)
            if new:
                place.begun = 0
            seen.add(hash(after))
            yield after, index, broken, run, new
            state = after


def _features(system: TransitionSystem) -> dict[str, str]:
    """For each variable the source of what a view shows of it, in terms of the state ``s``."""
    every = (1 << system.sizes.blocks) - 1
    return {v.name: _feature(f"s[{i}]", v.sort, every) for i, v in enumerate(system.model.vars)}


def _feature(source: str, sort: Sort, every: int) -> str:
    if sort == BLOCK:
        return f"{source} != 0"
    if sort == BLOCKS:
        return f"({source} != 0) + ({source} == {every})"
    if sort == LIST:
        return f"len({source})"
    if isinstance(sort, Ring):
        return f"(len({source}[1]), {source}[1][0][0] if {source}[1] else -1)"
    return source


def _interests(model: Model) -> Iterator[tuple[str, list[set[str]]]]:
    """For each safety property sets of variables that it may pay to look at together.

    Transition invariants are checked along the way: they depend on the step alone, not on how a run gets there.
    """
    of_transitions = {item.property for item in model.transition_invariants}
    for item in model.properties:
        found: list[set[str]] = []
        if item.declared.kind == ALWAYS:
            found = list(_of_states(model, item))
        elif item.declared.kind == STEP and item.name not in of_transitions:
            found = list(_of_steps(model, item.name))
        if found:
            yield item.name, [names for i, names in enumerate(found) if names not in found[:i]]


def _of_states(model: Model, item: RecordedProperty) -> Iterator[set[str]]:
    """What a property reads; and with it, for each step that changes that, what the step asks, and what it writes."""
    assert item.term is not None
    own = {_variable(name) for name in reads(item.term)}
    yield own
    for step in model.actions:
        changed = own & set(step.updates)
        if changed:
            asked = {_variable(n) for c in step.guard for n in reads(c.term)}
            yield own | asked | {_variable(n) for name in changed for n in reads(step.updates[name])}
            yield own | set(step.updates)


def _of_steps(model: Model, name: str) -> Iterator[set[str]]:
    """What a promise reads, and what the step asks that makes it."""
    for step in model.actions:
        for claimed, term in step.promises:
            if claimed == name:
                asked = {_variable(n) for c in step.guard for n in reads(c.term)}
                yield asked | {_variable(n) for n in reads(term)}


def _variable(name: str) -> str:
    """The variable, of a name that may be that of a ring's field."""
    return name.split(":")[0]
