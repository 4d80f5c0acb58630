"""Reports for the tests of the views: one as it may be, one of hostile content. Writes the golden files anew.

python -m tests.checker.gate.reports
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hintproof.cli.gate import as_text
from hintproof.gate.checker import Place, TraceLine
from hintproof.gate.report import Finding, GateReport, PatchReport, Standing, Touch
from hintproof.gate.touched import Touched
from hintproof.gate.traceability import Behind, Guard
from hintproof.linux.source import DRIVER
from hintproof.tasks.verdict import Outcome
from hintproof.views.gate.formats import FORMATS, TERMINAL

GOLDEN = Path(__file__).parent / "golden"

#: Forms that are compared word for word; the others are data, and compared as such.
KEPT = (TERMINAL, "mail", "terse", "ktap", "github")

START = Place(DRIVER, 588, "send_cmd_id_start")
TRACE = (
    TraceLine("  # ADVH step                   changed     ring", None),
    TraceLine("  1 .D.. send_cmd_id_start      active=id1  [START]", START),
    TraceLine("  2 ..V. pops START             status=S_START", None),
    TraceLine("  3 ...H completes", Place(DRIVER, 640, "get_free_page_and_send")),
)
LOST = Finding(
    "no_lost_write (late device)",
    "no_lost_write",
    "virtio 1.3 device rule V4",
    "When migration is complete, the destination has the current content of every block that matters.",
    Standing.NEW,
    TRACE,
    START,
    3,
    "exhaustive",
)
ONCE = replace(
    LOST, name="id_at_most_once", property_name="id_at_most_once", clause="D3", says="No id comes twice.",
    standing=Standing.BEFORE, length=9, remark="in 9 steps, before the patch in 12",
)  # fmt: skip
ENDS = replace(ONCE, name="worker_can_end", property_name="worker_can_end", standing=Standing.FIXED, remark="")
OPEN = Finding(
    "blocks_return", "blocks_return", "D10", "Blocks come back.", Standing.UNDECIDED, remark="the time was up"
)

TOUCHES = (
    Touch(
        Touched(DRIVER, "send_cmd_id_start", 588, (583, 600), (583, 601)),
        Behind(
            "send_cmd_id_start",
            ("set_active_id", "post_start"),
            (Guard("post_start", "ring.queue.room > 0", "driver.py:189"),),
            ("signs_are_sent",),
            ("no_lost_write",),
        ),
    ),
    Touch(
        Touched(DRIVER, "fill_balloon", 210, (205, 253), (205, 253)),
        Behind("fill_balloon", (), (), (), (), "not modelled"),
    ),
)

REPORT = GateReport(
    "linux-source-6.1",
    "6.1.192",
    (
        PatchReport(
            "0001-keep.patch",
            "virtio_balloon: keep the id of the round that is under way in the cell that is shared",
            "A U Thor <author@example.org>",
            Outcome.REFUTED,
            "newly violated: no_lost_write; fixed: worker_can_end",
            (LOST, ONCE, ENDS),
            ("block_conserved", "kept_till_done"),
            ("before: send_cmd_id_start: virtqueue_add_outbuf(&cmd_id_active)", "after:  send_cmd_id_start: kick"),
            TOUCHES,
            ("hunk 2 of drivers/virtio/virtio_balloon.c fits with offset 12 lines",),
            sizes="1 block, ring 4, 2 rounds",
            seconds=12.25,
        ),
        PatchReport(
            "0002-typo.patch",
            "virtio_balloon: a typo",
            "A U Thor <author@example.org>",
            Outcome.UNDECIDED,
            "the patched driver does not compile",
            details=(f"{DRIVER}:590:2: error: 'vbb' undeclared",),
            place=Place(DRIVER, 590, "send_cmd_id_start"),
            touches=TOUCHES[:1],
        ),
        PatchReport(
            "0123456789ab",
            "virtio_balloon: wait longer",
            "",
            Outcome.UNDECIDED,
            "not decided: blocks_return",
            (OPEN,),
            ("block_conserved",),
            seconds=3.0,
            commit=True,
        ),
        PatchReport(
            "0004-words.patch", "virtio_balloon: words", "A", Outcome.UNCHANGED, "no difference of behaviour seen",
            held=("block_conserved",),
        ),
        PatchReport("0005-order.patch", "", "A", Outcome.CHANGED, "behaviour changed; what held still holds"),
    ),
    15.4,
)  # fmt: skip

#: Commands to a log, escapes of a terminal, markup of every kind, a name that turns the line, no Unicode.
EVIL = (
    "::error file=x::owned \x1b[31mred\x1b[0m\r\n::set-output name=a::b ##[add-mask]x </testcase>]]>&amp; [bold]x[/] "
    "# SKIP %0A::warning::x \u202egnirts \u2028 \x00\x08\udce9 :smile: '\""
)


def hostile() -> GateReport:
    """A report of which every text comes from somebody who means no good."""
    place = Place(f"../{EVIL}", 3, EVIL)
    finding = Finding(EVIL, EVIL, EVIL, EVIL, Standing.NEW, (TraceLine(EVIL, place),) * 2, place, 2, EVIL, EVIL)
    touch = Touch(Touched(EVIL, EVIL, 1), Behind(EVIL, (EVIL,), (Guard(EVIL, EVIL, EVIL),), (EVIL,), (EVIL,), EVIL))
    findings = (finding, replace(finding, standing=Standing.BEFORE))
    rest = (EVIL,), (EVIL,), (touch,), (EVIL,), (EVIL,), place, EVIL
    patch = PatchReport(EVIL, EVIL, EVIL, Outcome.REFUTED, EVIL, findings, *rest, commit=True)
    broken = replace(patch, outcome=Outcome.UNDECIDED, findings=(), held=())
    return GateReport(EVIL, EVIL, (patch, broken), notes=(EVIL,))


def rendered(form: str, report: GateReport, strict: bool = False) -> str:
    """A report in one form."""
    return as_text(report, strict) if form == TERMINAL else FORMATS[form](report, strict)


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for name in KEPT:
        (GOLDEN / f"{name}.txt").write_text(rendered(name, REPORT))
