"""Terms of the protocol text in words: much as they were written."""

from __future__ import annotations

from collections.abc import Callable

from hintproof.interpret.backend import Backend
from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, ID, Enum, Ring, Sort
from hintspec.language.terms import Term

#: How operators are written: {name} is the operator's, {0}, {1} .. are its arguments, {a} and {b} the first two in
#: parentheses where they need them.
_FORMS = {
    "{0}": "var",
    "{name}": "block slot other",
    "{name}()": "last_id empty_ring empty_list",
    "{name}({0})": "next size just chunk next_id minus_one before",
    "{name}({0}, {1})": "implies older in_window earlier",
    "{name}({0}, {1}, {2})": "choose",
    "{a} & {b}": "and",
    "{a} | {b}": "or",
    "{a} - {b}": "minus",
    "{a} == {b}": "eq",
    "{a} > {b}": "gt",
    "{a}.{name}": "newest waiting room list_top",
    "{a}.{name}()": "pop flush detach list_pop",
    "{a}.{name}({1})": "has holds list_push list_at list_holds",
    "{a}.{name}({1}, {2})": "mark at",
    "{a}.head.{1}": "head",
}
_FORM_OF = {op: form for form, ops in _FORMS.items() for op in ops.split()}

#: Operators that are written between their two arguments.
_BETWEEN = {"and", "or", "minus", "eq", "gt"}


class _Wording(Backend[str]):
    title = "worded"
    lacks = frozenset()

    def _bind(self, name: str) -> Callable[..., str] | None:
        if name not in _FORM_OF:
            return super()._bind(name)

        def write(term: Term, *args: object) -> str:
            inner = (_inner(part, str(text)) for part, text in zip(term.args, args, strict=True))
            parts = dict(zip("ab", inner, strict=False))
            return _FORM_OF[name].format(*args, name=name.removeprefix("list_"), **parts)

        return write

    def _const(self, term: Term, value: int) -> str:
        return _constant(value, term.sort)

    def _not(self, term: Term, text: str) -> str:
        (inner,) = term.args
        if inner.op == "eq":
            a, b = map(wording, inner.args)
            return f"{_inner(inner.args[0], a)} != {_inner(inner.args[1], b)}"
        return "ALL" if inner.op == "const" and inner.sort == BLOCKS else f"~{_inner(inner, text)}"

    def _post(self, term: Term, ring: str, *entry: str) -> str:
        assert isinstance(term.sort, Ring)
        fields = ", ".join(f"{name}={value}" for (name, _), value in zip(term.sort.fields, entry, strict=True))
        return f"{_inner(term.args[0], ring)}.post({fields})"


def _inner(part: object, text: str) -> str:
    """A text inside another one."""
    if not isinstance(part, Term):
        return text
    between = part.op in _BETWEEN or (part.op == "not" and part.args[0].op == "eq")
    return f"({text})" if between else text


def _constant(value: int, sort: Sort) -> str:
    if isinstance(sort, Enum):
        return sort.labels[value]
    if sort == BOOL:
        return str(bool(value))
    if sort == ID:
        return {0: "STOP", 1: "DONE", 2: "OLDEST_ID"}[value]
    if sort == BLOCK:
        return "NO_BLOCK"
    return "EMPTY" if sort == BLOCKS else str(value)


_WORDING = _Wording()


def wording(term: Term) -> str:
    """The term as a line of text."""
    return _WORDING.meaning(term)
