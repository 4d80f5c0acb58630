"""Rules of the protocol that both sides keep beside the safety of data.

Mutation of the text found them: nothing else noticed when one of these rules was left out (``docs/mutation.md``).
"""

from __future__ import annotations

from hintspec.language.declare import ALWAYS, RECOVERABLE, state_property
from hintspec.language.terms import DONE, Term, implies, is_issued, one_of
from hintspec.properties.safety import guest_at_rest
from hintspec.protocol.device import config_shows
from hintspec.protocol.rules import LogMode
from hintspec.protocol.state import Binding, Phase, State, Status, Worker
from hintspec.protocol.worlds import hinting, migrating, reads_in_worker, skipping


@state_property(
    ALWAYS,
    "QEMU ram.c: memory_global_dirty_log_stop at the clean-up; each logged write costs the guest a fault",
    migrating,
    kept_with="",
)
def log_rests(s: State, block: Term) -> Term:
    """While no migration is under way nothing is logged, and nothing is to be sent."""
    noted = s.log.own | s.log.bitmap | s.ghost.stale
    noted = noted | (s.log.hot if s.world.log.mode == LogMode.TCG else s.log.kernel)
    if s.world.log.is_manual:
        noted = noted | s.log.seen | s.log.owed
    if s.world.hinting:
        noted = noted | s.ghost.written
    return implies(s.migration.at == Phase.IDLE, ~noted.has(block))


@state_property(
    ALWAYS,
    "virtio 1.3 device rule V2; QEMU virtio_balloon_free_page_start: the id moves on before it is shown",
    skipping,
    kept_with="ids_are_known",
)
def requested_id_is_new(s: State) -> Term:
    """While hints are asked for, the device has not yet seen the id in an out buffer."""
    return implies(s.device.status == Status.S_REQUESTED, ~(s.ghost.last_id == s.device.cmd_id))


@state_property(
    ALWAYS,
    "virtio 1.3 driver rules D4 and D10: what the field shows is acted upon; virtio: a config change interrupts",
    lambda w: skipping(w) and reads_in_worker(w),
    kept_with="bit_has_work done_has_work ids_are_known news_is_on_its_way reset_shows_stop unserved_id_has_work "
    "worker_rests_while_away",
)
def news_is_acted_upon(s: State, block: Term) -> Term:
    """A driver at rest has served the id that config shows, and keeps no block if it shows DONE.

    This holds for drivers that read the id in the worker. One that reads it in the interrupt (Linux 4.20) may begin a
    round after DONE, which ``blocks_come_back`` shows.
    """
    shown = config_shows(s)
    served = implies(is_issued(shown), s.driver.active == shown)
    done = implies(shown == DONE, ~s.driver.held.has(block))
    return implies(guest_at_rest(s), served & done)


@state_property(
    ALWAYS,
    "virtio_balloon.c: virtballoon_remove, cancel_work_sync: work that is left would run in freed memory",
    hinting,
    kept_with="",
)
def no_work_while_absent(s: State) -> Term:
    """Once removal has cancelled the worker's work none is pending, until the driver is back."""
    leaving = one_of(s.driver.binding, Binding.REMOVE_RELEASE, Binding.REMOVE_RESET, Binding.ABSENT)
    return implies(leaving, ~s.driver.queued & (s.driver.at == Worker.IDLE))


@state_property(RECOVERABLE, "a migration that can neither end nor be cancelled keeps its VM", migrating)
def migration_can_end(s: State) -> Term:
    """Whatever happened, the migration can still come to its end."""
    return s.migration.at == Phase.IDLE
