"""What must be able to happen, or every property holds in vain.

That a page is left out of a migration is a property of its own (``free_block_skipped``).
"""

from __future__ import annotations

from hintspec.device import config_shows, payload
from hintspec.rules import ReadsId, World, asks_for_hints
from hintspec.sorts import DONE, EMPTY, Term
from hintspec.text import Cover, StateView, cover

S = StateView[World]


@cover(("pop_start", "pop_command"), asks_for_hints)
def hinting_starts(s: S) -> Term:
    """The device takes a START for the id issued last, and hinting starts."""
    return payload(s) == s.device.cmd_id


@cover(("ignore_hint", "ignore_unasked_hint", "ignore_early_hint"), asks_for_hints)
def stale_hint_ignored(s: S) -> Term:
    """A hint that was posted under an older id is ignored."""
    return ~(s.ring.queue.head("governed_by") == s.device.cmd_id)


@cover(("release_on_done", "config_changed_reading"), asks_for_hints)
def done_releases(s: S) -> Term:
    """DONE gives blocks back."""
    shown = s.driver.cache if s.world.driver.reads_id == ReadsId.WORKER else config_shows(s)
    return (shown == DONE) & ~(s.driver.held == EMPTY)


COVERS: tuple[Cover, ...] = (hinting_starts, stale_hint_ignored, done_releases)
