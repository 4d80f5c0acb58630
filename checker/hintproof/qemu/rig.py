"""The rig: the operations of a run of the protocol, on a stock QEMU.

Blocks are the model's, numbered from 1; each is a page of the guest. Each store has a value of its own, so that a
block differs at the destination exactly if something newer is at the source.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass

from hintproof.qemu.device import Device
from hintproof.qemu.layout import CELL_PAGE, PAGE, Layout
from hintproof.qemu.machine import Machine, Setup, machine
from hintproof.qemu.migration import Migration
from hintproof.qemu.outcome import Unsteerable

#: Bytes of a page on its way, with content and of zeros.
_SENT_PAGE, _SENT_ZEROS = PAGE + 8, 9

#: Fillers made dirty to have a sync go on: the more, the less it matters how busy the machine is. With more pages
#: than that left, no further sync can be forced, so they are spared then.
_FRESH_LEAST, _FRESH_MOST, _LEFT_MOST = 12, 24, 88

#: Bytes a tick that let zero pages pass, and then one page with content.
_ONE_PAGE = 600

#: Ticks in which a page must have been sent.
_TRIES = 40

#: The first value that is stored.
_FIRST_VALUE = 0xB0000001


@dataclass(frozen=True)
class BlockDifference:
    """A block that is not the same at the destination: its address, and the first words that differ."""

    block: int
    address: int
    source: int
    destination: int

    def __str__(self) -> str:
        return f"block {self.block} at {self.address:#x}: {self.source:#x} at the source, {self.destination:#x} arrived"


class Rig:
    """A machine with its device held, and at most one migration. Use :func:`rig` to have it ended."""

    def __init__(self, running: Machine) -> None:
        self.machine = running
        self.layout = running.layout
        self.balloon = running.balloon
        self.device = Device(running)  # before its driver starts, which may wake it up
        self.balloon.start()
        self.migration: Migration | None = None
        self._value = _FIRST_VALUE
        self._clean: list[int] = []
        self._seen = 0
        self._guard = running.layout.guard(running.setup.lazy)
        self._fill()

    def _fill(self) -> None:
        """Content before all migrations: no block is a page of zeros."""
        ram = self.machine.ram
        for block in range(1, self.layout.blocks + 1):
            ram.write(self.layout.address(block), block.to_bytes(4, "little") * (PAGE // 4))
        for page in (self._guard, CELL_PAGE):
            ram.put(page * PAGE + PAGE - 4, 4, 0xFFFFFFFF)

    # -- memory ----------------------------------------------------------------------------

    def write(self, block: int) -> int:
        """A store by the guest's virtual CPU; the value stored."""
        self.machine.child.steps.append(f"write({block})")
        self.machine.store(self.layout.address(block), self._next_value())
        return self._value

    def dma_write(self, block: int) -> int:
        """A write by QEMU itself, as a device's DMA; the value written."""
        self.machine.child.steps.append(f"dma_write({block})")
        self.machine.qtest.write32(self.layout.address(block), self._next_value())
        return self._value

    def _next_value(self) -> int:
        self._value += 1
        return self._value

    # -- migration -------------------------------------------------------------------------

    @property
    def running(self) -> Migration:
        """The migration. Raises :class:`Unsteerable` if there is none."""
        if self.migration is None:
            raise Unsteerable("no migration runs")
        return self.migration

    def migrate(self) -> int:
        """Begin a migration, up to its first id, with nothing of the model's sent; the id that config shows."""
        self.machine.child.steps.append("migrate")
        self.migration = Migration(self.machine)
        self._seen = 0
        self._send_up_to_guard()
        self._clean = list(self.layout.fillers)
        return self.balloon.command_id

    def _send_up_to_guard(self) -> None:
        """Have all sent that is none of the model's and comes before it. QEMU sends for 50 ms at a time at most."""
        done = 0
        for _ in range(_TRIES):
            ahead = range(done, self._guard)
            contents = sum(1 for page in ahead if any(self.machine.ram.read(page * PAGE, PAGE)))
            before_guard = contents * _SENT_PAGE + (len(ahead) - contents) * _SENT_ZEROS
            self.running.tick(before_guard + PAGE // 2)
            sent = self._sent()
            done = sent[-1] + 1 if sent else done
            if done > self._guard:
                break
        if done != self._guard + 1:
            raise Unsteerable(f"at first QEMU was to send the pages up to {self._guard}, and sent {done}")

    def sync(self) -> int:
        """Have the next round begin; the id that config shows."""
        self.machine.child.steps.append("sync")
        count = max(_FRESH_LEAST, min(_FRESH_MOST, _LEFT_MOST - self.running.remaining))
        fresh, self._clean = self._clean[:count], self._clean[count:]
        if len(fresh) < count:
            raise Unsteerable("no pages are left that could be made dirty to have a sync go on")
        for page in fresh:
            self.machine.qtest.write32(page * PAGE, 0)
        self.running.sync(len(fresh))
        return self.balloon.command_id

    def send(self, block: int) -> None:
        """Have QEMU send a block, and no other of the model's."""
        self.machine.child.steps.append(f"send({block})")
        for _ in range(_TRIES):
            self.running.tick(_ONE_PAGE)
            sent = [b for page in self._sent() if (b := self.layout.block(page)) is not None]
            if sent == [block]:
                return
            if sent:
                raise Unsteerable(f"QEMU sends blocks {sent} where block {block} is wanted")
        raise Unsteerable(f"QEMU does not send block {block}")

    def _sent(self) -> list[int]:
        """Pages of RAM that came since the last look."""
        pages = self.running.destination.pages
        sent, self._seen = pages[self._seen :], len(pages)
        self._clean += [page for page in sent if page in self.layout.fillers and page not in self._clean]
        return sent

    def finish(self) -> list[BlockDifference]:
        """Have the migration complete; the blocks that are not the same at the destination."""
        self.running.finish()
        return [d for b in range(1, self.layout.blocks + 1) if (d := self._difference(b))]

    def cancel(self) -> None:
        """Cancel the migration."""
        self.running.cancel()
        self.migration = None

    def resume(self) -> None:
        """The guest goes on after a complete migration: here, with the device's state as at the destination."""
        self.migration = None
        self.machine.qmp("cont")

    def _difference(self, block: int) -> BlockDifference | None:
        address = self.layout.address(block)
        here = self.machine.ram.read(address, PAGE)
        there = bytes(self.running.destination.memory[address : address + PAGE])
        if here == there:
            return None
        place = next(i for i in range(0, PAGE, 4) if here[i : i + 4] != there[i : i + 4])
        words = [int.from_bytes(content[place : place + 4], "little") for content in (here, there)]
        return BlockDifference(block, address + place, words[0], words[1])


@contextlib.contextmanager
def rig(setup: Setup, layout: Layout) -> Iterator[Rig]:
    """A rig that is ended with the block, however that ends."""
    with machine(setup, layout) as running:
        yield Rig(running)
