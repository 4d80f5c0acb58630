"""The operators that terms are made of: one table, with the sorts of their arguments and of what they give.

A new operator takes a line here, a function in :mod:`hintspec.language.terms` that texts call, and a meaning in each
interpretation. An interpretation that lacks it says so as soon as it is made.
"""

from __future__ import annotations

from dataclasses import dataclass

from hintspec.language.sorts import BLOCK, BLOCKS, BOOL, COUNT, ID, LIST, SLOT, Sort

#: Stand-ins in the table for sorts that depend on the term: any sort, the same throughout; a ring; the fields of
#: the ring's entries, each an argument; the sort of one field, which the argument names.
SAME, RING, ENTRY, FIELD = Sort("value"), Sort("ring"), Sort("entry"), Sort("field")

#: Arguments that are no terms: a name, a number.
NAME, NUMBER = Sort("name"), Sort("number")

#: Where an operator may be used, if not everywhere. Lemmas speak of ring slots and of the order of ids, assumptions of
#: the id window; transition invariants of the next state, until an action is recorded; finite searches have budgets.
LEMMAS, ASSUMPTIONS, TRANSITIONS, BUDGETS = "lemmas", "assumptions", "transition invariants", "budgets"


@dataclass(frozen=True)
class Operator:
    """An operator: what it takes and gives.

    ``among`` are the sorts that SAME may be (none: any), ``wants`` says so in an error message; ``only`` is where it
    may be used.
    """

    name: str
    takes: tuple[Sort, ...]
    gives: Sort
    among: tuple[Sort, ...] = ()
    wants: str = ""
    only: str = ""

    def fits(self, arguments: int) -> bool:
        """Whether it takes so many arguments."""
        least = len(self.takes)
        return arguments >= least if ENTRY in self.takes else arguments == least


_SETS = (BOOL, BLOCKS)

OPERATORS: dict[str, Operator] = {
    item.name: item
    for item in (
        Operator("const", (NUMBER,), SAME),
        Operator("var", (NAME,), SAME),
        Operator("next", (NAME,), SAME, only=TRANSITIONS),
        Operator("block", (), BLOCK),
        Operator("slot", (), SLOT, only=LEMMAS),
        Operator("other", (), SLOT, only=LEMMAS),
        # conditions and comparisons; & | ~ of block sets, too
        Operator("and", (SAME, SAME), SAME, _SETS, "'&' takes conditions or block sets"),
        Operator("or", (SAME, SAME), SAME, _SETS, "'|' takes conditions or block sets"),
        Operator("not", (SAME,), SAME, _SETS, "'~' takes a condition or a block set"),
        Operator("implies", (BOOL, BOOL), BOOL),
        Operator("eq", (SAME, SAME), BOOL),
        Operator("gt", (SAME, NUMBER), BOOL, (COUNT,), "only counts are ordered"),
        Operator("choose", (BOOL, SAME, SAME), SAME),
        # block sets
        Operator("minus", (SAME, SAME), SAME, (BLOCKS,), "'-' takes block sets"),
        Operator("has", (BLOCKS, BLOCK), BOOL),
        Operator("just", (BLOCK,), BLOCKS),
        Operator("chunk", (BLOCK,), BLOCKS),
        # command ids
        Operator("last_id", (), ID),
        Operator("next_id", (ID,), ID),
        Operator("older", (ID, ID), BOOL, only=LEMMAS),
        Operator("in_window", (ID, ID), BOOL, only=ASSUMPTIONS),
        # rings
        Operator("empty_ring", (), RING),
        Operator("post", (RING, ENTRY), RING),
        Operator("pop", (RING,), RING),
        Operator("flush", (RING,), RING),
        Operator("detach", (RING,), RING),
        Operator("mark", (RING, FIELD, BLOCKS), RING),
        Operator("head", (RING, FIELD), FIELD),
        Operator("waiting", (RING,), COUNT),
        Operator("room", (RING,), COUNT),
        Operator("at", (RING, SLOT, FIELD), FIELD, only=LEMMAS),
        Operator("holds", (RING, SLOT), BOOL, only=LEMMAS),
        Operator("newest", (RING,), SLOT, only=LEMMAS),
        Operator("before", (SLOT,), SLOT, only=LEMMAS),
        Operator("earlier", (SLOT, SLOT), BOOL, only=LEMMAS),
        # lists
        Operator("empty_list", (), LIST),
        Operator("list_push", (LIST, BLOCK), LIST),
        Operator("list_pop", (LIST,), LIST),
        Operator("list_top", (LIST,), BLOCK),
        Operator("list_at", (LIST, SLOT), BLOCK, only=LEMMAS),
        Operator("list_holds", (LIST, SLOT), BOOL, only=LEMMAS),
        # the budgets that a finite search adds
        Operator("size", (NAME,), COUNT, only=BUDGETS),
        Operator("minus_one", (COUNT,), COUNT, only=BUDGETS),
    )
}


def only_in(*uses: str) -> frozenset[str]:
    """The names of the operators that nothing else uses: what an interpretation without these can leave out."""
    return frozenset(item.name for item in OPERATORS.values() if item.only in uses)
