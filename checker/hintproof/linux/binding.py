"""The records and functions of the compiled library, as ctypes takes them."""

from __future__ import annotations

import ctypes
import os
from ctypes import POINTER, Structure, byref, c_char, c_char_p, c_int, c_uint8, c_uint32, c_uint64
from pathlib import Path

from hintproof.system.errors import BadInput

THREADS, QUEUES, WORKS, HINT_ELEMENTS, BLOCKS, SMALL_PAGES, CONFIG_BYTES = 8, 5, 8, 32, 640, 16, 64


def _u32(names: str) -> list[tuple[str, type[c_uint32]]]:
    return [(name, c_uint32) for name in names.split()]


def _u64(names: str) -> list[tuple[str, type[c_uint64]]]:
    return [(name, c_uint64) for name in names.split()]


class Settings(Structure):
    """The fixed settings of a check; see struct settings."""

    _fields_ = [
        *_u64("features"),
        *_u32("ring other_rings blocks small_pages poisoning init_on_free fail_at add_fails"),
    ]


class RawEvent(Structure):
    """A call that was made. The meaning of a, b and c depends on the call."""

    _fields_ = [*_u64("a b c site"), *_u32("op thread")]


class RawFault(Structure):
    """The fault that ended a thread of the driver."""

    _fields_ = [*_u32("kind thread signal op"), *_u64("address pc"), ("text", c_char * 160)]


class ElementView(Structure):
    """A buffer on a queue; ``payload`` is the present beginning of an out buffer."""

    _fields_ = [*_u64("address"), *_u32("length out count payload block unused")]


class QueueView(Structure):
    """A queue: first the used elements, then the taken ones, then the available ones."""

    _fields_ = [*_u32("exists size free used taken available"), ("elements", ElementView * HINT_ELEMENTS)]


class ThreadView(Structure):
    """A thread and the call that it stands before."""

    _fields_ = [*_u64("a b c site"), *_u32("entry argument op enabled")]


class View(Structure):
    """The machine; sets of blocks (the first 32), pages, work items and queues are bit masks.

    ``held`` is how many blocks the driver has, ``workqueues`` how many workqueues. ``answered``: queues of whose used
    buffers the driver may be told now.
    """

    _fields_ = [
        *_u64("features"),
        ("threads", ThreadView * THREADS),
        ("queues", QueueView * QUEUES),
        *_u32("pending running known free driver held small_driver heap workqueues answered"),
        *_u32("bound listening ready frozen shrinker oom reporting"),
        ("config", c_uint8 * CONFIG_BYTES),
    ]


class RawPlan(Structure):
    """The moves of others in a search; see struct plan."""

    _fields_ = [
        ("commands", c_uint32 * 8),
        *_u32("command_count scans removes freezes allocations_fail atomic offset hint_queue"),
    ]


class RawOutcome(Structure):
    """How far a search came, and the path to a state in which something is wrong."""

    _fields_ = [*_u64("states transitions"), *_u32("depth verdict path_length state"), ("path", c_uint8 * 4096)]


_FUNCTIONS: dict[str, tuple[object, list[object]]] = {
    "hp_reset_machine": (c_int, [POINTER(Settings)]),
    "hp_forget_snapshots": (None, []),
    "hp_keep": (c_int, []),
    "hp_recall": (c_int, [c_uint32]),
    "hp_spawn": (c_int, [c_int, c_int]),
    "hp_step": (c_int, [c_int]),
    "hp_run": (c_int, [c_int, c_uint64, c_int]),
    "hp_enabled": (c_uint32, []),
    "hp_pending": (c_uint32, [c_int]),
    "hp_pop": (c_int, [c_int]),
    "hp_use": (c_int, [c_int, c_int]),
    "hp_view": (c_int, [POINTER(View)]),
    "hp_work_name": (c_char_p, [c_int]),
    "hp_read_at": (c_int, [c_uint64, c_uint32, c_char_p]),
    "hp_set_config": (None, [c_uint32, c_uint32, c_uint64]),
    "hp_set_next_block": (None, [c_int]),
    "hp_set_mask": (None, [c_uint64, c_int]),
    "hp_thread_of": (c_int, [c_int, c_int]),
    "hp_has_freeze": (c_int, []),
    "hp_clear_events": (None, []),
    "hp_set_plan": (None, [POINTER(RawPlan)]),
    "hp_move": (c_int, [c_int]),
    "hp_explore_begin": (None, [c_uint32]),
    "hp_explore": (c_int, [c_uint32, POINTER(RawOutcome)]),
    "hp_watch_sections": (None, [c_int, c_int]),
    "hp_walks": (c_int, [c_uint64, c_uint32, c_uint32, POINTER(RawOutcome)]),
}


class Library:
    """A driver's library, loaded into this process. It has one machine, which all share: load each library once."""

    def __init__(self, path: Path) -> None:
        try:
            self.raw = ctypes.CDLL(str(path), mode=os.RTLD_NOW | os.RTLD_LOCAL)
        except OSError as problem:
            raise BadInput(f"{path}: the compiled driver can't be loaded: {problem}") from None
        self.path = path
        for name, (result, arguments) in _FUNCTIONS.items():
            function = getattr(self.raw, name)
            function.restype = result
            function.argtypes = arguments
        self.fault = RawFault.in_dll(self.raw, "hp_fault")
        self.accesses = c_int.in_dll(self.raw, "hp_accesses")
        self.last_place = c_uint64.in_dll(self.raw, "hp_last_place")
        self.init_on_free_is_known = c_int.in_dll(self.raw, "hp_init_on_free_is_known")
        self.event_count = c_uint32.in_dll(self.raw, "hp_event_count")
        self.events = (RawEvent * 4096).in_dll(self.raw, "hp_events")
        self.ran = (c_uint64 * 8192).in_dll(self.raw, "hp_ran")
        self._view = View()

    def view(self) -> View:
        """The machine as it is now. The next call overwrites the record."""
        self.raw.hp_view(byref(self._view))
        return self._view

    def base(self) -> int:
        """The address at which the library was loaded."""
        wanted = str(self.path.resolve())
        for line in Path("/proc/self/maps").read_text().splitlines():
            if line.endswith(wanted):
                return int(line.split("-")[0], 16)
        raise BadInput(f"{self.path}: it is not where it was loaded from any more")
