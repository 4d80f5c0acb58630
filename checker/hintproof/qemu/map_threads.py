"""Many machines at a time, a thread for each: they sleep most of the time, and a thread costs nothing to start.

A held thread of QEMU obeys only the thread that holds it, so one thread does all the work on a machine.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from typing import TypeVar

from hintproof.qemu.child import kill_all
from hintproof.system.workers import cores

T = TypeVar("T")
R = TypeVar("R")

#: Machines for each processor.
_MACHINES = 6

#: Items that wait for a machine.
_WAITING = 4


def map_threads(work: Callable[[T], R], items: Iterable[T], at_a_time: int | None = None) -> Iterator[tuple[int, R]]:
    """Do the work on each item, and yield position and result as they come.

    The calling thread takes the items, as they are needed. If the caller stops, for whatever reason, all machines are
    killed.
    """
    jobs = at_a_time or _MACHINES * cores()
    source = enumerate(items)
    with ThreadPoolExecutor(jobs) as pool:
        running: dict[Future[R], int] = {}
        try:
            while True:
                for place, item in itertools.islice(source, jobs + _WAITING - len(running)):
                    running[pool.submit(work, item)] = place
                if not running:
                    return
                for future in wait(running, return_when=FIRST_COMPLETED).done:
                    yield running.pop(future), future.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            kill_all()
            raise
