"""The table of real measurements, cell by cell, on the real system: which writes between post and pop are lost.

``tests/spec/protocol/test_host_table.py`` has the cells of the model; here a stock QEMU has the word, with each of
KVM's dirty logs, the ring, and TCG.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from hintproof.qemu.machine import Setup
from hintproof.qemu.outcome import Result
from hintproof.qemu.replay import replay_all
from hintspec.language.sizes import Sizes
from hintspec.protocol.rules import LogMode
from tests.checker.qemu.needs import course, needs_kvm, needs_qemu, setup
from tests.checker.qemu.older_kvm import OFFERED, compiler_missing, library
from tests.script import Script
from tests.spec.protocol.test_host_table import CLEARED, LOST, MODES

SIZES = Sizes(blocks=2, ring=4, rounds=2, chunk=2, dma=1)

#: P is hinted. Q, another block of its chunk, in use, lies before it: QEMU sends pages upwards.
Q, P = 1, 2

#: Entries of the dirty ring.
RING = 4096

pytestmark = [needs_qemu, pytest.mark.slow]

needs_compiler = pytest.mark.skipif(bool(compiler_missing()), reason=compiler_missing())


def up_to_the_round(mode: str, round_: int, dirty: bool) -> Script:
    """Migration is in the wanted round, P is free, Q is in use and in the bitmap."""
    script = Script(f"linux-6.1+{MODES[mode]}+cell-per-round", SIZES)
    script.take(f"allocate({Q})", f"write({Q})", "migrate").sync()
    if round_ == 2:
        script.send(Q).send(P).take(f"write({Q})")
        if dirty:
            script.take(f"allocate({P})", f"write({P})", f"free({P})")
        script.take("next_sync").sync()
    return script


def between_post_and_pop(mode: str, round_: int, dirty: bool, cleared: str, write: str = "write") -> Script:
    script = up_to_the_round(mode, round_, dirty)
    if cleared == "before the write":
        script.send(Q)
    script.hint(P).take("shrink_newest", f"allocate({P})", f"{write}({P})")
    if cleared == "between write and pop":
        script.send(Q)
    return script.pop_hint().finish()


def after_the_pop(mode: str, round_: int, dirty: bool) -> Script:
    script = up_to_the_round(mode, round_, dirty).hint(P).pop_hint()
    return script.take("shrink_newest", f"allocate({P})", f"write({P})").finish()


def settings(mode: str, directory: Path) -> Setup:
    if mode == "tcg":
        return setup("tcg")
    if mode == "kvm-ring":
        return setup("kvm", ring=RING)
    return replace(setup("kvm"), preload=library(LogMode(mode), directory))


MARKS: dict[str, list[pytest.MarkDecorator]] = {
    **{str(mode): [needs_kvm, needs_compiler] for mode in OFFERED},
    "kvm-ring": [needs_kvm],
    "tcg": [],
}


@pytest.mark.parametrize("mode", [pytest.param(mode, marks=marks) for mode, marks in MARKS.items()])
def test_the_table_on_the_real_system(mode: str, tmp_path: Path) -> None:
    cells = [(round_, dirty, c) for m, round_, dirty in LOST if m == mode for c in CLEARED]
    courses = [course(between_post_and_pop(mode, *cell)) for cell in cells]
    expected = [LOST[mode, round_, dirty] and c != "before the write" for round_, dirty, c in cells]
    for round_, dirty in {(r, d) for m, r, d in LOST if m == mode}:
        courses.append(course(after_the_pop(mode, round_, dirty)))
        courses.append(course(between_post_and_pop(mode, round_, dirty, "never", write="dma_write")))
        expected += [False, False]
    results = [played.result for played in replay_all(courses, settings(mode, tmp_path), len(courses))]
    assert results == [Result.LOST if lost else Result.KEPT for lost in expected]
