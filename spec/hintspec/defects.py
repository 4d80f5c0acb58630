"""The catalogue: each known defect as a world with one rule changed, and what becomes of it when it is mended.

Labels are those of the docs: B and N of the guest's side, numbers of the host's. What can't be said in this
text, and what can be said and does no harm, is in :mod:`hintspec.unsaid`.
"""

from __future__ import annotations

from hintspec.defect import Defect
from hintspec.defects_guest import GUEST
from hintspec.defects_host import HOST

DEFECTS: dict[str, Defect] = {defect.name: defect for defect in (*GUEST, *HOST)}
