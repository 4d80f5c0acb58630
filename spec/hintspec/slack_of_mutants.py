"""How hard mutants of the text are looked at: at which sizes."""

from __future__ import annotations

from hintspec.sizes import Sizes

#: The sizes at which a mutant is searched, the cheapest first: every kind of interference, a second round and a
#: second migration, a ring that fills up, two blocks.
MUTATION_SIZES: tuple[Sizes, ...] = (
    Sizes(1, 2, 1),
    Sizes(1, 2, 1, removes=1),
    Sizes(1, 2, 1, dma=1, pauses=1),
    Sizes(1, 2, 1, freezes=1),
    Sizes(1, 2, 1, resizes=1),
    Sizes(1, 2, 2),
    Sizes(2, 2, 1),
)
