"""A change of the real driver: some patterns with their replacements, and the answer that the gate must give.

A patch is made of them when a test runs, as the driver's own text is not kept here.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass

from hintproof.linux.source import DRIVER
from hintproof.tasks.verdict import Outcome

#: What a pattern of :func:`inside` found before its own part: each replacement begins with it.
HEAD = r"\g<head>"

#: A code with a fault, by its property.
SOUND = ("code_is_sound",)

#: What the shared START cell makes fall.
STALE_ID = ("no_lost_write", "hint_in_window", "id_at_most_once")

LOCK = r"spin_lock_irq\(&vb->free_page_list_lock\);"
UNLOCK = r"spin_unlock_irq\(&vb->free_page_list_lock\);"

#: A block goes on the list: up to 6.12, and from 7.1 on.
PUSH = r"(?:balloon_page_push\(&vb->free_page_list, page\)|list_add\(&page->lru, &vb->free_page_list\));"

#: A block is given back by its page, where it leaves the list.
FREE = (
    r"(?:free_pages\(\(unsigned long\)page_address\(page\),\s+VIRTIO_BALLOON_HINT_BLOCK_ORDER\);"
    r"|__free_pages\(page, VIRTIO_BALLOON_HINT_BLOCK_ORDER\);)"
)


def inside(function: str) -> str:
    """A pattern of a function's text up to a place in it: what follows the pattern is found in that function alone."""
    return rf"(?P<head>static [\w *]+?\b(?:{function})\([^;{{}}]*\)\n\{{(?:(?!\n\}}).)*?)"


#: The functions that hint, each up to a place in it.
QUEUE = inside("virtio_balloon_queue_free_page_work")
RECEIVED = inside("virtio_balloon_cmd_id_received")
START = inside("send_cmd_id_start")
STOP = inside("send_cmd_id_stop")
SEND = inside("get_free_page_and_send")
LOOP = inside("send_free_pages")
ROUND = inside("virtio_balloon_report_free_page")
WORK = inside("report_free_page_func")
GIVE = inside("return_free_pages_to_mm")


@dataclass(frozen=True)
class Change:
    """A change, the outcome that it must have, and what must be among what falls anew and what is mended."""

    name: str
    says: str
    replacements: tuple[tuple[str, str], ...]
    outcome: Outcome
    falls: tuple[str, ...] = ()
    mends: tuple[str, ...] = ()

    def apply(self, text: str) -> str:
        """The changed text. Each pattern is found once."""
        for pattern, replacement in self.replacements:
            text, count = re.subn(pattern, replacement, text, flags=re.DOTALL)
            assert count == 1, f"{self.name}: {pattern} is found {count} times"
        return text

    def patch(self, text: str) -> str:
        """The change as a mail with a patch."""
        names = f"a/{DRIVER}", f"b/{DRIVER}"
        lines = [part.splitlines(keepends=True) for part in (text, self.apply(text))]
        body = "".join(difflib.unified_diff(lines[0], lines[1], *names))
        head = f"From: A U Thor <author@example.org>\nSubject: [PATCH] virtio_balloon: {self.says}\n\n---\n"
        return f"{head}diff --git {names[0]} {names[1]}\n{body}"
