"""The steps of the protocol text behind each function of virtio_balloon.c, with their guards and properties.

The table comes from the citations of the actions (``where="virtio_balloon.c: send_cmd_id_start"``). This module
accounts for all other functions: they are part of a cited one, or the protocol has nothing to say of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import chain, starmap

from hintproof.gate.touched import FILE_LEVEL
from hintproof.interpret.wording import wording
from hintproof.trace.replay import record_environment
from hintspec.language.folds import reads
from hintspec.language.recording import Model, RecordedAction
from hintspec.language.terms import Term
from hintspec.text import PROTOCOL

#: Together these worlds have every driver step of Linux 5.7 and later.
WORLDS = (
    "linux-6.1+qemu-7.2+kvm-auto",
    "linux-6.1+qemu-7.2+kvm-auto+poison",
    "linux-6.1+firecracker-1.14",
)

#: Functions of the kernel that citations name beside the driver's own, to say where in it a step is.
KERNEL_API = {
    *("alloc_pages", "balloon_page_push", "cancel_work_sync", "free_pages", "virtio_reset_device"),
    *("virtqueue_add_inbuf", "virtqueue_add_outbuf", "virtqueue_kick"),
}

#: Functions without a step of their own: the one that calls them has it.
PART_OF = {
    "virtio_balloon_queue_free_page_work": "virtballoon_changed",
    "shrink_free_pages": "virtio_balloon_shrinker_scan",
}

#: What the protocol has nothing to say of: for each reason the functions.
_REASONS = {
    "inflates and deflates the balloon: the protocol has no such pages, but for the OOM path before 5.7": (
        "page_to_balloon_pfn balloon_ack tell_host set_page_pfns fill_balloon release_pages_balloon leak_balloon "
        "towards_target update_balloon_size update_balloon_size_func start_update_balloon_size"
    ),
    "moves a page of the inflated balloon, never a hinted one": "virtballoon_migratepage",
    "since 5.7 it deflates the balloon and leaves hinted blocks alone": "virtio_balloon_oom_notify",
    "free page reporting: another feature, on a queue of its own": "virtballoon_free_page_report",
    "memory statistics: on a queue of their own": (
        "update_stat update_balloon_stats update_balloon_vm_stats stats_request stats_handle_request "
        "update_balloon_stats_func"
    ),
    "keeps the guest from suspending while it inflates: no part of hinting": (
        "start_wakeup_event process_wakeup_event finish_wakeup_event"
    ),
    "sets the driver up or takes it down in one go: the protocol begins with what it leaves": (
        "init_vqs virtballoon_validate"
    ),
    "part of probe: from then on the shrinker's step is possible": "virtio_balloon_register_shrinker",
    "the first thing that removal does: from then on no shrinker's step": "virtio_balloon_unregister_shrinker",
    "reads a number that only says how much a scan is asked for; any scan may happen": "virtio_balloon_shrinker_count",
}

#: Functions that the protocol has nothing to say of, with the reason.
NOT_MODELLED = {FILE_LEVEL: "outside of any function: no step speaks of it"} | {
    function: reason for reason, functions in _REASONS.items() for function in functions.split()
}

_CITED = re.compile(r"(?:^|; *)virtio_balloon\.c: ([^;]*)")


@dataclass(frozen=True)
class Guard:
    """A guard of a step, in the text's own words, and its place there (``driver.py:82``)."""

    action: str
    says: str
    place: str


@dataclass(frozen=True)
class Behind:
    """The part of the protocol text behind a function of the driver.

    A step promises each of ``properties``, or writes a variable that it reads; the proof of each in ``by_lemmas`` leans
    on such a lemma. With no steps, ``reason`` says why.
    """

    function: str
    actions: tuple[str, ...]
    guards: tuple[Guard, ...]
    properties: tuple[str, ...]
    by_lemmas: tuple[str, ...]
    reason: str = ""


@cache
def behind(function: str) -> Behind:
    """The part of the protocol text behind a function; empty, with the reason, if there is none."""
    name = PART_OF.get(function, function)
    steps = table().get(name, ())
    if not steps:
        return Behind(function, (), (), (), (), NOT_MODELLED.get(name, "the protocol text does not know it"))
    recorded = [(model, item) for model in _models() for item in model.actions if item.name in steps]
    direct = set(chain.from_iterable(starmap(_direct, recorded)))
    lemmas = set(chain.from_iterable(starmap(_by_lemmas, recorded)))
    guards = dict.fromkeys(chain.from_iterable(starmap(_guards, recorded)))
    ordered = [p.name for p in PROTOCOL.properties]
    properties, by_lemmas = (tuple(sorted(names, key=ordered.index)) for names in (direct, lemmas - direct))
    return Behind(function, steps, tuple(guards), properties, by_lemmas)


@cache
def table() -> dict[str, tuple[str, ...]]:
    """Functions of the driver that citations name, each with the steps that cite it, in reading order."""
    found: dict[str, list[str]] = {}
    every = {item.name for model in _models() for item in model.actions}
    for item in PROTOCOL.actions:
        if item.name in every:
            for function in cited(item.where):
                found.setdefault(function, []).append(item.name)
    return {function: tuple(steps) for function, steps in found.items()}


def cited(where: str) -> list[str]:
    """The driver's functions in a citation of its current text; none in one of an older text or another file."""
    names = [name.strip() for part in _CITED.findall(where) for name in part.split(",")]
    return [name for name in names if re.fullmatch(r"[a-z_]\w*", name) and name not in KERNEL_API]


def _models() -> tuple[Model, ...]:
    return tuple(map(record_environment, WORLDS))


def _guards(model: Model, item: RecordedAction) -> Iterator[Guard]:
    """The guards of a step, without those that all steps of its actor have, and without the budgets of a search."""
    same_actor = [other for other in model.actions if other.action.actor == item.action.actor]
    common = set.intersection(*({wording(c.term) for c in other.guard} for other in same_actor))
    for conjunct in item.guard:
        says = wording(conjunct.term)
        if says not in common and not says.startswith("left."):
            yield Guard(item.name, says, conjunct.place)


def _direct(model: Model, item: RecordedAction) -> set[str]:
    promised = {name for name, _ in item.promises}
    return promised | {p.name for p in model.properties if p.term is not None and _depends_on(p.term, item)}


def _by_lemmas(model: Model, item: RecordedAction) -> set[str]:
    moved = {lemma.name for lemma in model.lemmas if lemma.term is not None and _depends_on(lemma.term, item)}
    return {p.name for p in model.properties if moved & set(p.declared.leans_on)}


def _depends_on(term: Term, item: RecordedAction) -> bool:
    """Whether a predicate reads a variable that a step writes."""
    return not item.updates.keys().isdisjoint(reads(term))
