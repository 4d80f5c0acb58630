"""Symmetry of blocks: of all states that differ in the names of the blocks alone, a search keeps one.

No action and no property tells one block from another, so a permutation of the blocks leads from a run to
a run. The *signature* of a block says which sets of a state have it, and which variables, ring entries and
places of a list name it. Blocks sorted by signature give the state that stands for the others; blocks of
equal signature can change places without changing anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from hintspec.language.errors import SpecError
from hintspec.language.folds import subterms
from hintspec.language.recording import Model
from hintspec.language.sizes import Sizes
from hintspec.language.sorts import BLOCK, BLOCKS, LIST, Ring

if TYPE_CHECKING:
    from hintproof.interpret.packed import PackedCompiler


@dataclass(frozen=True)
class _Mention:
    """Some bits of a state that speak of blocks: a bit for each (a set), or one block's number."""

    word: int
    shift: int
    width: int
    is_set: bool


def refuse_asymmetry(model: Model, sizes: Sizes) -> None:
    """Raise :class:`SpecError` where blocks are not alike: in some of several clear chunks."""
    terms = [t for a in model.actions for t in (*(c.term for c in a.guard), *a.updates.values())]
    if any(part.op == "chunk" for term in terms for part in subterms(term)) and 1 < sizes.chunk < sizes.blocks:
        raise SpecError("blocks are not alike where there are several chunks of several blocks: leave symmetry out")


def canonical_form(packed: PackedCompiler) -> str:
    """Source of a function that makes a row the state that stands for it."""
    refuse_asymmetry(packed.model, packed.sizes)
    blocks = packed.sizes.blocks
    mentions = list(_mentions(packed))
    if len(mentions) > 62:
        raise SpecError("too much speaks of a block at these sizes for a signature of one word: leave symmetry out")
    lines = ["def canonical(words, row):"]
    lines += [f"    s{i} = words[row, {i}]" for i in range(packed.words)]
    for block in range(1, blocks + 1):
        bits = " | ".join(f"int({_says(mention, block)}) << {bit}" for bit, mention in enumerate(mentions))
        lines.append(f"    k{block} = {bits}")
    ordered = " and ".join(f"k{b} >= k{b + 1}" for b in range(1, blocks)) or "True"
    lines += [f"    if {ordered}:", "        return"]
    for last in range(blocks, 1, -1):  # bubble sort, the largest signature first
        for b in range(1, last):
            lines += [f"    if k{b} < k{b + 1}:", f"        k{b}, k{b + 1} = k{b + 1}, k{b}"]
    for word in range(packed.words):
        here = [(bit, m) for bit, m in enumerate(mentions) if m.word == word]
        if here:
            others = ~sum(((1 << m.width) - 1) << m.shift for _, m in here)
            new = " | ".join(f"({_again(bit, m, blocks)}) << {m.shift}" for bit, m in here)
            lines.append(f"    words[row, {word}] = s{word} & {others} | {new}")
    return "\n".join(lines) + "\n"


def _mentions(packed: PackedCompiler) -> list[_Mention]:
    found = []
    for v in packed.model.vars:
        place = packed.places[v.name]
        if v.sort in (BLOCKS, BLOCK):
            found.append(_Mention(place.word, place.shift, place.width, v.sort == BLOCKS))
        elif v.sort == LIST:
            width = packed.width(BLOCK)
            found += [_Mention(place.word, place.shift + at, width, False) for at in packed.entries_of(LIST)]
        elif isinstance(v.sort, Ring):
            for name, inner in v.sort.fields:
                if inner == BLOCK:
                    offset, _ = packed.field(v.sort, name)
                    shifts = [place.shift + at + offset for at in packed.entries_of(v.sort)]
                    found += [_Mention(place.word, shift, packed.width(BLOCK), False) for shift in shifts]
                elif inner == BLOCKS:
                    raise SpecError("a ring of block sets has no canonical form: leave symmetry out")
    return found


def _says(mention: _Mention, block: int) -> str:
    """Whether these bits speak of a block."""
    if mention.is_set:
        return f"(s{mention.word} >> {mention.shift + block - 1} & 1)"
    return f"(s{mention.word} >> {mention.shift} & {(1 << mention.width) - 1} == {block})"


def _again(bit: int, mention: _Mention, blocks: int) -> str:
    """The bits for the blocks in their new order."""
    parts = [f"(k{b} >> {bit} & 1) * {1 << b - 1 if mention.is_set else b}" for b in range(1, blocks + 1)]
    return " + ".join(parts)
