"""The named worlds: a driver, a device, a dirty log, and what is changed about them, joined by ``+``.

``linux-6.1+qemu-7.2+kvm-manual+eager-clear`` is the driver of Linux 6.1 on QEMU 7.2 with KVM's
manual-clear dirty log, with one repair. Which versions differ in what is from the histories of
drivers/virtio/virtio_balloon.c and of QEMU's hw/virtio/virtio-balloon.c and migration/ram.c.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

from hintspec.catalogue.releases import resolve_releases
from hintspec.language.errors import SpecError, quote, suggest
from hintspec.protocol.rules import (
    AcceptsStart,
    DeviceRules,
    DriverRules,
    Fill,
    GuestRules,
    Honours,
    Issue,
    IssueWaits,
    Job,
    Kind,
    LogMode,
    LogRules,
    Order,
    ReadsId,
    Reclaim,
    Release,
    StartCell,
    Waits,
    World,
)


@dataclass(frozen=True)
class Word:
    """One word of an environment's name. ``part`` is the part of the world in which it changes rules, if it does."""

    says: str
    change: Callable[[World], World]
    part: str = ""


def _driver(says: str, rules: DriverRules) -> Word:
    return Word(says, lambda w: replace(w, driver=rules))


def _device(says: str, rules: DeviceRules) -> Word:
    return Word(says, lambda w: replace(w, device=rules))


#: Of each rule the part of the world that has it.
_PART_OF = {
    rule.name: part
    for part, rules in (("driver", DriverRules), ("device", DeviceRules), ("log", LogRules), ("guest", GuestRules))
    for rule in fields(rules)
}


def _change(says: str, **rules: Any) -> Word:
    """A word that changes rules of one part of the world."""
    (part,) = {_PART_OF[name] for name in rules}
    return Word(says, lambda w: replace(w, **{part: replace(getattr(w, part), **rules)}), part)


_LINUX_5_7 = DriverRules()
_LINUX_5_0 = DriverRules(reclaim=Reclaim.NOBODY, releases_on_remove=False)
_QEMU_7_2 = DeviceRules()
_QEMU_6_1 = DeviceRules(hints_in_postcopy=True)
_QEMU_5_1 = replace(_QEMU_6_1, hint_clears_log=False, mutex_spans_send=False)
_QEMU_5_0 = replace(
    _QEMU_5_1, accepts_start=AcceptsStart.ALWAYS, issue=Issue.ID_FIRST, done_on_cleanup=False, has_poison_val=False
)

#: Drivers. 6.1 and 6.12 differ from 5.7 in nothing that this protocol sees.
DRIVERS: dict[str, Word] = {
    "linux-4.20": _driver(
        "Linux 4.20, as first merged: the id is read in the interrupt, there is no check before a round",
        replace(_LINUX_5_0, reads_id=ReadsId.INTERRUPT),
    ),
    "linux-5.0": _driver("Linux 5.0 .. 5.5: the id is read in the worker; no shrinker for hinted blocks", _LINUX_5_0),
    "linux-5.7": _driver("Linux 5.7 and later: a shrinker that may run at any time", _LINUX_5_7),
    "linux-6.1": _driver("Linux 6.1 (for this protocol the same as 5.7)", _LINUX_5_7),
    "linux-6.12": _driver("Linux 6.12 (for this protocol the same as 5.7)", _LINUX_5_7),
    "v36": _driver(
        "series v36 as posted on 2018-07-20: all blocks released after posting, before STOP; no DONE",
        replace(
            _LINUX_5_0,
            reads_id=ReadsId.INTERRUPT,
            release=Release.AFTER_POSTING,
            goes_on_without_start=False,
            releases_on_remove=True,
        ),
    ),
    "virtio-1.3-driver": _driver(
        "a driver that keeps to all driver rules of virtio 1.3: own cell and one read of the id a round",
        replace(
            _LINUX_5_7,
            start_cell=StartCell.PER_ROUND,
            rereads_id_for_start=False,
            goes_on_without_start=False,
            tells_poison_on_restore=True,
            forgets_id_on_restore=True,
        ),
    ),
    "no-hint": Word("any driver without the feature: plain migration", lambda w: replace(w, hinting=False)),
}

#: Devices, with the hypervisor around them.
DEVICES: dict[str, Word] = {
    "qemu-4.0": _device("QEMU 4.0: first with hinting; no lazy clear yet", _QEMU_5_0),
    "qemu-5.0": _device("QEMU 5.0: lazy clear by chunk (since 4.1)", _QEMU_5_0),
    "qemu-5.1": _device("QEMU 5.1: an id is accepted once, locked issue, DONE on cancel", _QEMU_5_1),
    "qemu-6.1": _device("QEMU 6.1: a hint clears the log of its chunk", _QEMU_6_1),
    "qemu-7.2": _device("QEMU 6.2 .. 8: as 6.1; no hints where the migration may turn to postcopy", _QEMU_7_2),
    "qemu-10": _device("QEMU 10 (as 7.2; TCG re-arms pages at the sync)", _QEMU_7_2),
    "firecracker-1.14": _device(
        "Firecracker 1.14: a hinted block's memory is given back when the hint is popped",
        DeviceRules(kind=Kind.DISCARDS, has_poison_val=False),
    ),
    "virtio-1.3-device": _device(
        "the strongest device that virtio 1.3 allows: takes the content of every hinted block "
        "that was not written since the hint's id was issued",
        DeviceRules(kind=Kind.DISCARDS, checks_writes=True, acknowledges_stop=False),
    ),
}

#: Dirty logs.
LOGS: dict[str, Word] = {
    "kvm-auto": _change("KVM, the log is cleared as it is read", mode=LogMode.KVM_AUTO),
    "kvm-manual": _change(
        "KVM manual-clear as QEMU enables it: all bits set at first from 5.1 on", mode=LogMode.KVM_MANUAL
    ),
    "kvm-manual-enable": _change("KVM manual-clear without initially set bits", mode=LogMode.KVM_MANUAL_ENABLE),
    "kvm-ring": _change("KVM dirty ring", mode=LogMode.KVM_RING),
    "tcg": _change("TCG; before QEMU 10 also without ioeventfd", mode=LogMode.TCG),
}

#: Repairs, options and other changes.
CHANGES: dict[str, Word] = {
    "cell-per-round": _change("F1: each START has a cell of its own", start_cell=StartCell.PER_ROUND),
    "wait-at-end": _change("F1: the worker waits at the end of a round until all is used", waits=Waits.END_OF_ROUND),
    "wait-on-ack": _change("R4: the driver waits for each buffer (HINT_WAIT_ON_ACK)", waits=Waits.EACH_BUFFER),
    "read-id-once": _change("the id of W1 is sent, without a second read", rereads_id_for_start=False),
    "stop-without-start": _change("a round whose START does not fit is given up", goes_on_without_start=False),
    "end-round-when-full": _change(
        "N4: a round ends when the ring is full, and does not spin", ends_round_when_full=True
    ),
    "any-order": _change("the shrinker may take any hinted block", order=Order.ANY),
    "no-shrinker": _change("nobody reclaims hinted blocks", reclaim=Reclaim.NOBODY),
    "oom-notifier": _change("the OOM notifier, not a shrinker, reclaims hinted blocks", reclaim=Reclaim.OOM_NOTIFIER),
    "deflate-on-oom": _change(
        "v36 with DEFLATE_ON_OOM: the shrinker takes all hinted blocks at once", reclaim=Reclaim.SHRINKER_ALL
    ),
    "tell-poison-again": _change("poison_val is written again on restore", tells_poison_on_restore=True),
    "forget-id-on-restore": _change(
        "N7: restore forgets the id that was read before the reset", forgets_id_on_restore=True
    ),
    "issue-after-start": _change("F2: no new id before the last START was popped", issue_waits=IssueWaits.START),
    "issue-after-stop": _change("F2: no new id before the last STOP was popped", issue_waits=IssueWaits.STOP),
    "drain-before-id": _change("F3: the ring is drained between the sync and the new id", drains_before_issue=True),
    "no-ioeventfd": _change(
        "no ioeventfd, as in virtio-balloon-pci: nobody but the guest's next kick wakes the device as the VM runs "
        "again, here or at the destination",
        kicks_at_start=False,
    ),
    "hint-without-clear": _change("R0: a hint does not clear the log", hint_clears_log=False),
    "eager-clear": _change("R1: all chunks are cleared inside the sync, before the id is published", eager_clear=True),
    "armed-only": _change(
        "R2: only hints of chunks that were cleared before are honoured", honours=Honours.ARMED_CHUNK
    ),
    "posted-after-clear": _change(
        "R3: only hints posted after the clear of their chunk are honoured", honours=Honours.POSTED_AFTER_CLEAR
    ),
    "clear-by-block": _change("R5: the lazy clear goes by block", clears_by_chunk=False),
    "ids-wrap": _change("the first id is the last before the wrap", ids_wrap_soon=True),
    "stop-in-start-cell": _change(
        "B1: STOP is written into the cell that STARTs point at", start_cell=StartCell.SHARED_WITH_STOP
    ),
    "same-id-again": _change("B2: the id that was served last is served again", skips_served_id=False),
    "read-id-in-interrupt": _change(
        "B5': the id is read in the interrupt, and the worker takes it unchecked", reads_id=ReadsId.INTERRUPT
    ),
    "hint-free-list": _change("B3: hinted blocks stay on the free list (up to v35)", holds_hinted=False),
    "shrinker-counts-zero": _change("B7: the shrinker finds nothing to shrink", reclaim=Reclaim.SHRINKER_COUNTS_ZERO),
    "swapped-ids": _change("B15: ids are decoded in the wrong byte order", swaps_bytes=True),
    "start-any-time": _change("an id is taken as START each time it comes", accepts_start=AcceptsStart.ALWAYS),
    "stop-on-cleanup": _change("a cancelled or failed migration ends with STOP", done_on_cleanup=False),
    "unlocked-issue": _change("the new id, then its status, without the lock", issue=Issue.ID_FIRST),
    "status-before-id": _change("the new status, then its id, without the lock", issue=Issue.STATUS_FIRST),
    "legacy-features": _change("a legacy driver may turn the feature off with no reset", features_are_fixed=False),
    "return-before-act": _change("a hint is given back before it is honoured", acts_before_return=False),
    "return-marks-dirty": _change("giving a hint back marks its block dirty", return_marks_dirty=True),
    "lost-kick": _change("a kick is lost while the loop goes to sleep", rechecks_ring=False),
    "timed-sync": _change("a timer begins syncs, too (QEMU 9.2 and later)", syncs_at_any_time=True),
    "ring-unarmed": _change("dirty ring: all pages begin unprotected", ring_arms_at_start=False),
    "torn-entries": _change("dirty ring: an entry may be read before it is whole", ring_loses_entries=True),
    "clear-unseen": _change("a chunk's clear covers bits that no GET returned", clears_seen_only=False),
    "mark-before-store": _change("TCG: a store is marked before it lands", store_is_atomic=False),
    "send-without-clear": _change("sends do not clear the log of their chunk", send_clears=False),
    "postcopy": Word("the migration may turn to postcopy", lambda w: replace(w, job=Job.POSTCOPY), "job"),
    "snapshot": Word("a background snapshot instead of a migration", lambda w: replace(w, job=Job.SNAPSHOT), "job"),
    "hints-in-snapshot": _change("hints are asked for in a snapshot, too", hints_in_snapshot=True),
    "poison": _change("the guest poisons free pages (page_poisoning=1)", fill=Fill.POISON),
    "init-on-free": _change("the guest zeroes pages as they are freed", fill=Fill.ZERO),
    "init-on-alloc": _change("the guest zeroes pages as they are allocated", init_on_alloc=True),
}

#: Full names of environments that are made of words which mean nothing alone.
ALIASES = {"virtio-1.3": "virtio-1.3-driver+virtio-1.3-device"}

_KINDS = (("driver", DRIVERS), ("device", DEVICES), ("dirty log", LOGS))


def compose(name: str) -> World:
    """The world of an environment's name. Raises :class:`SpecError` saying which word is wrong, and why."""
    words = ALIASES.get(name, resolve_releases(name).name).split("+")
    world = World()
    chosen: dict[str, str] = {}
    for kind, known in _KINDS:
        found = [word for word in words if word in known]
        if len(found) > 1:
            raise SpecError(f"environment {quote(name)}: two words for the {kind}: {' and '.join(found)}")
        if found:
            chosen[kind] = found[0]
            world = known[found[0]].change(world)
    for word in words:
        _refuse_unknown(name, word)
        if words.count(word) > 1:
            raise SpecError(f"environment {quote(name)}: '{word}' is there twice")
    _refuse_impossible(name, words, chosen)
    for word in words:
        if word in CHANGES:
            world = CHANGES[word].change(world)
    return _fit(world, chosen)


def _refuse_unknown(name: str, word: str) -> None:
    every = [w for _, known in _KINDS for w in known] + list(CHANGES)
    if word in every:
        return
    hint = suggest(word, every)
    raise SpecError(f"environment {quote(name)}: unknown word {quote(word)}{hint} (hintproof environments lists all)")


def _refuse_impossible(name: str, words: list[str], chosen: dict[str, str]) -> None:
    """Combinations that no real system has."""
    for kind in ("driver", "device"):
        if kind not in chosen:
            raise SpecError(f"environment {quote(name)}: no {kind} named; say for example linux-6.1+qemu-7.2+kvm-auto")
    device, log = chosen["device"], chosen.get("dirty log")
    is_qemu = device.startswith("qemu")
    problems = [
        (is_qemu and log is None, f"{device} needs a dirty log: {', '.join(LOGS)}"),
        (not is_qemu and log is not None, f"{device} has no dirty log: leave '{log}' out"),
        (not is_qemu and chosen["driver"] == "no-hint", "without the feature there is nothing to check here"),
        (device == "qemu-4.0" and "manual" in (log or ""), "QEMU uses manual-clear from 4.1 on"),
        (device in ("qemu-4.0", "qemu-5.0", "qemu-5.1") and log == "kvm-ring", "QEMU has the ring from 6.1 on"),
        ("deflate-on-oom" in words and chosen["driver"] != "v36", "'deflate-on-oom' is for v36 only: Linux "
         "4.20 .. 5.3 count no hinted block below 1024 of them, 5.7 has a shrinker anyway"),
        (not is_qemu and "init-on-free" in words, f"{device} leaves zeros, which is what the guest expects"),
        (chosen["driver"] == "no-hint" and any(w in _HINTING_CHANGES for w in words), "no-hint has no driver, "
         "queue or hint that could be changed"),
        (not is_qemu and any(w in _MIGRATION_CHANGES for w in words), f"{device} has no such rule to change"),
        ("manual" not in (log or "") and any(w in _MANUAL_CHANGES for w in words),
         "R0 .. R5, 'clear-unseen' and 'send-without-clear' change manual-clear logs only"),
        (log != "kvm-ring" and any(w in ("ring-unarmed", "torn-entries") for w in words), "there is no dirty ring"),
        (log != "tcg" and "mark-before-store" in words, "stores are marked first by TCG only"),
        ("hint-free-list" in words and any(w in words for w in ("wait-on-ack", "wait-at-end")),
         "a driver that holds no block waits for none"),
        ("snapshot" in words and ("postcopy" in words or log != "kvm-auto"),
         "a background snapshot has no postcopy and no dirty log; say kvm-auto"),
        ("hints-in-snapshot" in words and "snapshot" not in words, "there is no snapshot"),
    ]  # fmt: skip
    for impossible, why in problems:
        if impossible:
            raise SpecError(f"environment {quote(name)}: {why}")


def _changes_of(*parts: str) -> tuple[str, ...]:
    """The changes of the rules in these parts of the world."""
    return tuple(name for name, word in CHANGES.items() if word.part in parts)


_MANUAL_CHANGES = (
    *("hint-without-clear", "eager-clear", "armed-only", "posted-after-clear", "clear-by-block"),
    *("clear-unseen", "send-without-clear"),
)
#: What can be changed only where QEMU migrates: any device may begin with the last id before the wrap.
_MIGRATION_CHANGES = tuple(word for word in _changes_of("device", "log", "job") if word != "ids-wrap")
#: What can be changed in a world without hints, too.
_PLAIN_CHANGES = (*_changes_of("guest", "log", "job"), *_MANUAL_CHANGES, "timed-sync")
_HINTING_CHANGES = tuple(w for w in CHANGES if w not in _PLAIN_CHANGES)


def _fit(world: World, chosen: dict[str, str]) -> World:
    """What a version of QEMU makes of a dirty log, and of the accelerator that it belongs to."""
    device, log = chosen["device"], chosen.get("dirty log")
    if log == "kvm-manual" and device == "qemu-5.0":
        world = replace(world, log=LogRules(LogMode.KVM_MANUAL_ENABLE))
    if log == "tcg" and device != "qemu-10":
        world = replace(world, log=replace(world.log, rearms_at_sync=False))
        if world.hinting:  # before QEMU 8.2 virtio-mmio turns ioeventfd off without KVM
            world = replace(world, device=replace(world.device, kicks_at_start=False))
    return world
