"""Measured searches as tables, as a JSON document, and as a picture of time against states."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from rich.table import Table

from hintproof.system.documents import Document
from hintproof.system.errors import BadInput
from hintproof.tasks.bench import COMPILED, SETUPS, SYMMETRIC, Measured, Ratio
from hintproof.views.results import tables

#: Searches with fewer states end before they can be seen in the picture.
_SEEN = 100_000


def searches_table(measured: list[Measured]) -> Table:
    """A row a search."""
    figures = ("states", "transitions", "time", "transitions/s", "ready in", "MB", "bytes/state")
    made = tables.table("environment, sizes", "search", right=figures)
    for m in measured:
        made.add_row(
            *(f"{m.environment} {m.sizes}", f"{m.engine} {m.version}".strip(), f"{m.states:,}"),
            *(_or_dash(m.transitions), f"{m.seconds:.2f} s", _or_dash(m.transition_rate), f"{m.ready:.1f} s"),
            *(f"{m.megabytes:,}", f"{m.bytes_per_state:.0f}" if m.bytes_per_state else "-"),
        )
    return made


def _or_dash(number: float | None) -> str:
    return "-" if number is None else f"{number:,.0f}"


def ratios_table(found: list[Ratio]) -> Table:
    """Ours against SPIN, a row a world: how many times faster."""
    figures = ("counts", "transitions/s", "time to verdict, with symmetry")
    made = tables.table("environment, sizes", "against", right=figures)
    for r in found:
        counts = "agree" if r.agree else "DIFFER"
        made.add_row(f"{r.environment} {r.sizes}", r.spin, counts, _times(r.transitions), _times(r.verdict))
    return made


def _times(ratio: float | None) -> str:
    return "-" if ratio is None else f"{ratio:.1f} x"


@dataclass(frozen=True, kw_only=True)
class Search(Measured):
    """A measured search, with its rate."""

    transitions_per_second: float | None


class BenchDocument(Document, tag="hintproof-bench/1"):
    """The results of ``hintproof bench``. ``against_spin``: how many times faster our searches are than SPIN's."""

    searches: list[Search]
    against_spin: list[Ratio]


def bench_document(measured: list[Measured], ratios: list[Ratio]) -> BenchDocument:
    """All figures."""
    searches = [Search(**vars(m), transitions_per_second=m.transition_rate) for m in measured]
    return BenchDocument(searches=searches, against_spin=ratios)


def plot(measured: list[Measured], file: Path) -> None:
    """Draw seconds against states, as each search went on, into an SVG, PNG or PDF file.

    Raises :class:`BadInput` if Matplotlib is not installed or the file can't be written.
    """
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError:
        raise BadInput("a picture needs Matplotlib: pip install 'hintproof[bench]'") from None
    figure = Figure((9, 6), layout="constrained")
    axes = figure.subplots()
    for number, m in enumerate(m for m in measured if m.engine in (COMPILED, SYMMETRIC) and m.states >= _SEEN):
        states, seconds = zip(*m.samples, strict=True)
        line = "--" if m.engine == SYMMETRIC else "-"
        axes.plot(states, seconds, line, color=f"C{number}", label=f"{m.environment} {m.sizes}, {m.engine}")
    for m in measured:
        if m.engine in SETUPS and m.states >= _SEEN:
            axes.plot([m.states], [m.seconds], "kx", label="_SPIN")
    axes.plot([], [], "kx", label="SPIN, whole search, in both ways")
    axes.set(xscale="log", yscale="log", xlabel="states", ylabel="seconds")
    axes.legend(fontsize="x-small")
    axes.grid(alpha=0.3)
    try:
        with matplotlib.rc_context({"svg.fonttype": "none", "svg.hashsalt": "hintproof"}):  # text stays text
            figure.savefig(file)
    except (OSError, ValueError) as problem:
        raise BadInput(f"can't draw {file}: {problem}") from None
