"""Proofs as tables and trees, and obligations that fail in full."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from hintproof.interpret.wording import wording
from hintproof.story.build import build_story
from hintproof.system.words import quantity
from hintproof.tasks.certify import Certificate
from hintproof.tasks.cover import GOAL, HYPOTHESIS, Covered, Item
from hintproof.tasks.dependencies import GUARD, LEMMA, Dependency, Part, term_of, why_not_needed
from hintproof.tasks.prove import Failure, ProofResult, step_of, title_of
from hintproof.views.results import tables
from hintproof.views.results.figures import duration
from hintproof.views.trace import mail
from hintspec.language.recording import Model

#: Columns of the long texts.
_WIDTH = 100


def proofs_tables(results: list[ProofResult]) -> Iterator[Text]:
    """Of each environment its verdict and figures, the properties that are proved, and those that are not."""
    for result in results:
        proof = result.proof
        proved = len(proof.obligations) - len(proof.failed)
        slowest = max((o.seconds for o in proof.obligations), default=0.0)
        yield Text(result.environment, "bold")
        figures = f"{proved:,} of {len(proof.obligations):,} obligations, the slowest in {slowest * 1000:,.0f} ms"
        verdict = (result.says, "green" if result.says == "proved" else "yellow")
        yield Text.assemble("  ", verdict, f": {figures}; {duration(proof.seconds)}")
        yield from (Text(line) for text in _proved_lines(result) for line in _indented(text))


def _indented(text: str) -> list[str]:
    return textwrap.wrap(
        text, _WIDTH, initial_indent="  ", subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )


def summary(results: list[ProofResult], seconds: float) -> str:
    """The last line: how many proofs, of how many obligations."""
    by = Counter(result.says for result in results)
    asked = sum(len(result.proof.obligations) for result in results)
    untouched = sum(result.proof.untouched for result in results)
    environments = quantity(len(results), "environment")
    return (
        f"{environments}, for every size: {by['proved']} proved, {by['as known']} but for known violations, "
        f"{by['undecided']} undecided; {asked:,} obligations, and {untouched:,} pairs of a step and a claim that it "
        f"can't touch; {duration(seconds)}"
    )


def certificates_tables(results: list[Certificate]) -> Iterator[Text]:
    """Of each environment how many obligations both solvers confirm, on which they disagree, and what that proves."""
    for result in results:
        yield Text(result.environment, "bold")
        asked = sum(o.z3 == "unsat" for o in result.obligations)
        lines = [f"{len(result.confirmed):,} of {asked:,} obligations confirmed by both solvers"]
        lines.append(f"proved for every size: {', '.join(result.proved) or 'nothing'}")
        lines += [f"known violation: {name} ({title_of(defect)})" for name, defect in result.known.items()]
        yield from (Text(line) for text in lines for line in _indented(text))


def certificates_summary(results: list[Certificate], out: Path, seconds: float) -> str:
    """The last line: how many obligations the second solver confirms."""
    holds = sum(o.z3 == "unsat" for result in results for o in result.obligations)
    confirmed = sum(len(result.confirmed) for result in results)
    clash = sum(len(result.disagreements) for result in results)
    return (
        f"cvc5 confirms {confirmed:,} of the {holds:,} obligations that Z3 proves "
        f"({100 * confirmed / max(holds, 1):.1f} %), {clash} disagreements; {duration(seconds)}\n"
        f"written to {out}; to check it without hintproof: python {out}/check.py"
    )


def dependencies_table(model: Model, rows: list[Dependency]) -> Table:
    """A row a part: its wording, and which properties lose their proof without it."""
    made = tables.table("left out", "which says", "then fails", "and with it")
    for row in rows:
        names = f"{row.part.kind} {row.part}"
        made.add_row(names, _wording(model, row.part), ", ".join(row.breaks), _unproved(model, row))
    return made


def _wording(model: Model, part: Part) -> str:
    if part.kind == LEMMA:
        return model.claim_named(part.name).declared.says
    term = term_of(model, part)
    return "" if term is None else wording(term)


def _unproved(model: Model, row: Dependency) -> str:
    """The properties that lose their proof without a part, or why none does."""
    if row.unproved:
        return ", ".join(row.unproved)
    term = term_of(model, row.part)
    reason = why_not_needed(term) if row.part.kind == GUARD and term is not None else ""
    return f"nothing: {reason}" if reason else "nothing"


def covers_tables(reports: list[tuple[str, Covered]]) -> Iterator[Text]:
    """Of each environment the shortest run to each goal, and what never happens."""
    for environment, report in reports:
        yield Text(environment, "bold")
        goals = ", ".join(f"{i.name} {n}" for i, n in report.lengths.items() if i.kind == GOAL and n is not None)
        never = ", ".join(_item_name(item) for item in report.missing)
        lines = [f"shortest runs, in steps: {goals}" if goals else "", f"never: {never}" if never else ""]
        yield from (Text(line) for text in lines if text for line in _indented(text))


def _item_name(item: Item) -> str:
    return f"{item.name} (its hypothesis {item.number + 1})" if item.kind == HYPOTHESIS else item.name


def claim_tree(model: Model, name: str) -> Tree:
    """A claim and the lemmas that its proof uses, each in full once."""
    claims = {item.name: item.declared for item in (*model.lemmas, *model.properties)}
    shown: set[str] = set()

    def grow(tree: Tree, here: str) -> None:
        if here in shown:
            tree.add(f"{here} (see above)")
            return
        shown.add(here)
        branch = tree.add(f"{here}: {' '.join(claims[here].says.split())}")
        for lean in claims[here].leans_on:
            if lean in claims:
                grow(branch, lean)

    root = Tree(f"the proof of {name} uses")
    grow(root, name)
    return root


def _proved_lines(result: ProofResult) -> list[str]:
    lines = [", ".join(result.proof.proved) or "nothing"]
    known = [f"{name} ({title_of(result.known_as(name))})" for name in result.proof.unproved if result.known_as(name)]
    if known:
        lines.append(f"known violations: {', '.join(known)}")
    if result.missing:
        lines.append(f"NOT PROVED: {', '.join(result.missing)}")
    return lines


def failure(environment: str, found: Failure, saved: Path | None) -> str:
    """An obligation that fails, in full: the step, the two states, and whether the protocol gets there."""
    failed = found.obligation
    head = f"{environment}: {failed.by} does not keep {failed.claim}"
    if failed.verdict != "fails":
        return f"{environment}: {failed.by}, {failed.claim}: undecided after {failed.seconds:.0f} s\n"
    trace = step_of(environment, found)
    if trace is None or found.reached is None:
        return (
            f"{head}, by the lemmas that it may use.\nNo state of up to 3 blocks and 3 entries that keeps all lemmas "
            "shows it: it would hold if the lemmas did that fail, too.\n"
        )
    reachability = _wrapped(_reachability(found, saved))
    return f"{_wrapped(head + '.')}\n\n{mail.render(build_story(trace))}\n{reachability}\n"


def _wrapped(text: str) -> str:
    return textwrap.fill(text, mail.WIDTH, break_long_words=False, break_on_hyphens=False)


def _reachability(found: Failure, saved: Path | None) -> str:
    """Whether the protocol gets there: then the claim is wrong, else the lemmas may be too weak."""
    claim, reached = found.obligation.claim, found.reached
    assert reached is not None
    assert found.counterexample is not None
    searched = f"{reached.states} states searched at {found.counterexample.sizes}"
    if reached.run is not None:
        where = f"; the run is in {saved}" if saved else ""
        return (
            f"The protocol gets there: {len(reached.run)} steps from the initial state to where "
            f"{claim} is broken ({searched}){where}. The claim is false, not just too weak."
        )
    if reached.finished:
        seen = "is reached, but no reachable state" if reached.seen else "is not reached, and no reachable state"
        return f"The state of line 0 {seen} breaks {claim} ({searched}, which are all). " + _TOO_WEAK
    return f"Nothing was found that is reachable ({searched}, which are not all). " + _TOO_WEAK


_TOO_WEAK = "The claim may be true of this protocol at these sizes, and the lemmas too weak to show it."
