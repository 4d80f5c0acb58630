"""The catalogue: each known defect as a world with one rule changed, and what becomes of it when it is fixed.

Labels are those of the docs: B and N of the guest's side, numbers of the host's. What is out of the scope of
this text, and what does no harm, is in :mod:`hintspec.catalogue.out_of_scope`.
"""

from __future__ import annotations

from hintspec.catalogue.defect import Defect
from hintspec.catalogue.defects_guest import GUEST
from hintspec.catalogue.defects_host import HOST

DEFECTS: dict[str, Defect] = {defect.name: defect for defect in (*GUEST, *HOST)}
