"""A driver, and the device's side of its queues and of config, which a test plays."""

from __future__ import annotations

from dataclasses import dataclass

from hintproof.linux.binding import QueueView
from hintproof.linux.driver import CMD_ID, Driver
from hintproof.linux.operations import Entry, Op, mask_of


@dataclass(frozen=True)
class Buffer:
    """A buffer on a queue; blocks count from 1.

    ``payload`` is the PRESENT content of an out buffer, as the device would read it.
    """

    out: bool
    payload: int
    block: int
    address: int
    length: int


class DriverUnderTest(Driver):
    """Queues have their numbers, which count those that exist; the default is the queue for hints."""

    def run(self, thread: int, *until: Op) -> bool:
        """Step until the thread stands before one of these calls; False if it ended before."""
        return self.run_until(thread, mask_of(*until))

    def queue(self, number: int | None = None) -> QueueView:
        """The queue as it is now."""
        queue: QueueView = self.view().queues[self.hint_queue if number is None else number]
        return queue

    def waiting(self, number: int | None = None) -> list[Buffer]:
        """The buffers of a queue that the device may take, oldest first."""
        queue = self.queue(number)
        first = queue.used + queue.taken
        elements = (queue.elements[i] for i in range(first, first + queue.available))
        return [Buffer(bool(e.out), e.payload, e.block, e.address, e.length) for e in elements]

    def consume(self, number: int | None = None) -> Buffer | None:
        """Take the oldest buffer, as the device does, and give it back at once; None if there is none."""
        queue = self.hint_queue if number is None else number
        found = self.waiting(queue)
        if not found:
            return None
        assert not self.raw.hp_pop(queue)
        assert not self.raw.hp_use(queue, 0)
        return found[0]

    def command(self, value: int) -> None:
        """Show another command id, and handle its interrupt up to the end."""
        self.config(CMD_ID, value)
        self.call(Entry.CHANGED)
