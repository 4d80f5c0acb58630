"""Why some guards are not needed for safety: what they read, and what they are there for.

``hintproof why`` finds the guards without which every proof still stands. They are in the text because the
real systems have them, or because the step would mean nothing otherwise; here is why nothing is lost by it.
"""

from __future__ import annotations

#: By variable: why a guard that reads it may be left out without any loss of data.
NOT_FOR_SAFETY: dict[str, str] = {
    "vm.running": "a stopped guest does nothing; it matters only to steps that store, issue, or honour hints",
    "device.interrupt": "an interrupt too many is answered by looking at the id again",
    "device.awake": "the device may look at the ring whenever it likes",
    "device.negotiated": "while the driver is away the ring is empty and no hints are asked for",
    "device.status": "an out buffer that ends a batch, or is ignored, honours nothing",
    "driver.queued": "work that nobody asked for finds nothing new",
    "driver.binding": "it keeps the real driver from freed memory; the blocks are accounted for either way",
    "driver.cache": "a round that ends early, or DONE taken for something else, costs hints or time, not data",
    "driver.order": "of an empty list nothing is given back",
    "ring.queue": "a full ring takes no entry, and from an empty one nothing is popped, whatever the guard says",
    "migration.at": "lemmas tie hinting and sending to the round; elsewhere there is nothing to do",
    "migration.sending": "a send that is overtaken leaves its mark in the bitmap or the log",
    "migration.send_step": "to read a block again is to send what it has now",
    "migration.last": "outside the last stage the user may stop and continue the VM at any time",
    "log.bitmap": "to send a block that need not be sent costs time alone",
    "log.kernel": "to harvest an empty log changes nothing",
    "driver.held": "to give back nothing changes nothing",
    "memory.free": "the notifier may come before memory is short",
}
