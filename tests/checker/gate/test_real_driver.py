"""The text side of the gate on the drivers of real kernels, with patches that are made here."""

from __future__ import annotations

import pytest

from hintproof.gate.ctext import functions
from hintproof.gate.gate import run_gate
from hintproof.gate.patches import patches_in
from hintproof.gate.traceability import behind, table
from hintproof.linux.source import DRIVER, Source
from tests.checker.gate.made import MarkChecker, diff, mail


def with_a_line(text: str, function: str, line: str) -> str:
    """The driver with a line more at the end of a function."""
    lines = text.split("\n")
    last = next(item.last for item in functions(text) if item.name == function)
    return "\n".join([*lines[: last - 1], line, *lines[last - 1 :]])


@pytest.mark.parametrize("function", sorted(table()))
def test_a_change_of_any_function_is_traced_to_its_steps(real_driver: str, function: str) -> None:
    changed = with_a_line(real_driver, function, "\t/* falls: no_lost_write 24 */")
    [patch] = patches_in(mail(diff(changed, real_driver)).encode(), "p")
    [report] = run_gate(Source("real", {DRIVER: real_driver}), [patch], MarkChecker()).patches
    assert report.reason == "newly violated: no_lost_write"
    assert [(touch.touched.function, touch.behind) for touch in report.touches] == [(function, behind(function))]
    assert report.touches[0].behind.actions == table()[function]
    assert report.findings[0].place is not None
    assert report.findings[0].place.function == function


def test_a_series_over_the_whole_driver(real_driver: str) -> None:
    """A patch a function, each made against the driver after the one before; as one mailbox, the last mail first."""
    text, mails = real_driver, []
    names = list(dict.fromkeys(item.name for item in functions(real_driver)))
    for number, name in enumerate(names, 1):
        after = with_a_line(text, name, f"\tchanged({number});")
        mails.append(mail(diff(after, text), f"[PATCH {number}/{len(names)}] {name}"))
        text = after
    checker = MarkChecker()
    patches = patches_in("".join(reversed(mails)).encode(), "p")
    report = run_gate(Source("real", {DRIVER: real_driver}), patches, checker)
    assert [(patch.title, patch.touches[0].touched.function) for patch in report.patches] == [(n, n) for n in names]
    assert checker.checked[-1] == text
    assert len(checker.checked) == len(names) + 1


def test_the_driver_replaced_as_a_whole(real_driver: str) -> None:
    """As between two kernels: every function is touched, and it still applies."""
    changed = real_driver.replace("\n\t", "\n\t/**/")
    [patch] = patches_in(diff(changed, real_driver).encode(), "p")
    [report] = run_gate(Source("real", {DRIVER: real_driver}), [patch], MarkChecker()).patches
    assert {touch.touched.function for touch in report.touches} >= set(table())
    assert report.notes == ()
