"""Ways to get a term wrong: each operator makes other terms of the one at a place, of the same sort.

They know terms and sorts, and nothing of what a model is about.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hintspec.language.folds import places, replace_at, subterms
from hintspec.language.recording import Model, RecordedAction
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, COUNT, ID, Enum
from hintspec.language.terms import DONE, FALSE, STOP, TRUE, Term, apply, choose

#: Operators whose first argument is of their own sort, so that they can be left out.
_WRAPPERS = ("pop", "flush", "detach", "list_pop", "next_id", "post", "list_push", "mark")

#: Operators of conditions that are not made of other conditions.
_ATOMS = ("eq", "has", "gt", "var", "head")


@dataclass(frozen=True)
class Vocabulary:
    """Replacements for a mutation: the labels that the model uses of each enumeration, the variables of one action."""

    labels: dict[str, tuple[int, ...]]
    variables: tuple[Term, ...]


def vocabulary(model: Model, action: RecordedAction) -> Vocabulary:
    """The words of one action."""
    used: dict[str, set[int]] = {}
    for item in model.actions:
        for term in _all_terms(item):
            if term.op == "const" and isinstance(term.sort, Enum):
                used.setdefault(term.sort.name, set()).add(term.args[0])
    variables = {term.args[0]: term for term in _all_terms(action) if term.op == "var"}
    sorts = {v.name: v.sort for v in model.vars}
    for name in action.updates:
        variables.setdefault(name, Term("var", (name,), sorts[name]))
    return Vocabulary({name: tuple(sorted(found)) for name, found in used.items()}, tuple(variables.values()))


def _all_terms(action: RecordedAction) -> Iterator[Term]:
    for term in (*(c.term for c in action.guard), *action.updates.values()):
        yield from subterms(term)


def variants(whole: Term, words: Vocabulary) -> Iterator[tuple[str, Term]]:
    """All terms that differ from this one at one place: (operator and place, term), each term once."""
    found = {whole}
    ops = {place: term.op for place, term in places(whole)}
    for place, term in places(whole):
        above = ops[place[:-1]] if place else ""
        for name, operator in OPERATORS.items():
            for number, new in enumerate(operator(term, above, words)):
                made = replace_at(whole, place, new)
                if made not in found:
                    found.add(made)
                    where = ".".join(str(p) for p in place)
                    yield f"{name}{number or ''}{'@' if where else ''}{where}", made


# -- the operators ----------------------------------------------------------------------------


def single_operand(term: Term, above: str, words: Vocabulary) -> Iterator[Term]:
    """One operand of a conjunction, disjunction or difference, without the other."""
    if term.op in ("and", "or"):
        yield from term.args
    elif term.op == "minus":
        yield term.args[0]


def other_junction(term: Term, above: str, words: Vocabulary) -> Iterator[Term]:
    """And instead of or, or instead of and."""
    if term.op in ("and", "or"):
        yield apply("or" if term.op == "and" else "and", *term.args)


def negated(term: Term, above: str, words: Vocabulary) -> Iterator[Term]:
    """The opposite."""
    if term.op == "not":
        yield term.args[0]
    elif term.sort == BOOL and term.op in _ATOMS and above != "not":
        yield ~term


def off_by_one(term: Term, above: str, words: Vocabulary) -> Iterator[Term]:
    """A comparison of counts that is too wide or too narrow by one."""
    if term.op == "gt":
        count, least = term.args
        if least > 0:
            yield count > least - 1
        yield count > least + 1
    elif term.op == "eq" and term.args[0].sort == COUNT and term.args[1].op == "const":
        yield term.args[0] == term.args[1].args[0] + 1


def other_constant(term: Term, above: str, words: Vocabulary) -> Iterator[Term]:
    """Another constant: the labels next to it that the model uses, the other truth, the other reserved id."""
    if term.op != "const":
        return
    value = term.args[0]
    if isinstance(term.sort, Enum):
        labels = words.labels[term.sort.name]
        here = labels.index(value)
        for label in (*labels[max(0, here - 1) : here], *labels[here + 1 : here + 2]):
            yield Term("const", (label,), term.sort)
    elif term.sort == BOOL:
        yield FALSE if term is TRUE else TRUE
    elif term.sort == ID:
        yield DONE if term is STOP else STOP
    elif term.sort == BLOCKS and above != "not":
        yield ~term


def branches(term: Term, above: str, words: Vocabulary) -> Iterator[Term]:
    """One branch in all cases, or the branches swapped."""
    if term.op == "choose":
        condition, then, otherwise = term.args
        yield then
        yield otherwise
        yield choose(condition, otherwise, then)


def left_undone(term: Term, above: str, words: Vocabulary) -> Iterator[Term]:
    """An operation on a ring, a list or an id is left out."""
    if term.op in _WRAPPERS:
        yield term.args[0]


def other_variable(term: Term, above: str, words: Vocabulary) -> Iterator[Term]:
    """Another variable of the same sort that the action reads or writes: ids, blocks and block sets."""
    if term.op == "var" and term.sort in (ID, BLOCK, BLOCKS):
        yield from (v for v in words.variables if v.sort == term.sort and v is not term)


Operator = Callable[[Term, str, Vocabulary], Iterator[Term]]

#: All operators on terms, by the name under which their mutants are reported.
OPERATORS: dict[str, Operator] = {
    "one side": single_operand,
    "other junction": other_junction,
    "negated": negated,
    "off by one": off_by_one,
    "other constant": other_constant,
    "branches": branches,
    "left undone": left_undone,
    "other variable": other_variable,
}
