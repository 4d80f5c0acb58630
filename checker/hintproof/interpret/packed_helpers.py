"""What the compiled steps call: rings and lists as numbers, the hash of a state, the first step that breaks a promise.

The text of these functions is put into a compiled module (:mod:`hintproof.interpret.steps`), beside the constants of a
model and its sizes. A ring is its count of used entries, its count of available ones, and these side by side.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,name-defined"
# ruff: noqa: F821


def canonical(words, row):
    """Without symmetry a state stands for itself alone."""


def hashed(words, row):
    """The hash of a row."""
    mixed = 0
    for i in range(WORDS):
        mixed = (mixed ^ words[row, i]) * -7046029254386353131
        mixed ^= mixed >> 29 & 0x7FFFFFFFF
    return mixed ^ mixed >> 32


def note(broken_at, broken, row, number):
    """Note the row and the step that break promises, if they are the first to break them."""
    for bit in range(PROMISES):
        if broken >> bit & 1 and broken_at[bit, 0] < 0:
            broken_at[bit, 0] = row
            broken_at[bit, 1] = number


def ring_post(ring, entry, width):
    """The ring with one more available entry of so many bits, if there is room."""
    used, count = ring & ((1 << RING_COUNT) - 1), ring >> RING_COUNT & ((1 << RING_COUNT) - 1)
    if used + count >= RING:
        return ring
    return ring + (1 << RING_COUNT) | entry << 2 * RING_COUNT + count * width


def ring_pop(ring, width):
    """The ring with its oldest available entry used."""
    used, count = ring & ((1 << RING_COUNT) - 1), ring >> RING_COUNT & ((1 << RING_COUNT) - 1)
    if count == 0:
        return ring
    entries = ring >> 2 * RING_COUNT >> width
    return used + 1 | count - 1 << RING_COUNT | entries << 2 * RING_COUNT


def ring_mark(ring, blocks, bit, offset, mask, width):
    """The ring with a bit set in every available entry whose block, at this place and of so many bits, is in a set."""
    count = ring >> RING_COUNT & ((1 << RING_COUNT) - 1)
    for i in range(count):
        entry = 2 * RING_COUNT + i * width
        if blocks << 1 >> (ring >> entry + offset & mask) & 1:
            ring |= 1 << entry + bit
    return ring


def list_push(blocks, block):
    """The list with one more block on top."""
    count = blocks & ((1 << LIST_COUNT) - 1)
    if block == 0 or count >= BLOCKS:
        return blocks
    return blocks + 1 | block << LIST_COUNT + count * BLOCK_WIDTH


def list_pop(blocks):
    """The list without its newest block."""
    count = blocks & ((1 << LIST_COUNT) - 1)
    if count == 0:
        return blocks
    return blocks - 1 & ~((1 << BLOCK_WIDTH) - 1 << LIST_COUNT + (count - 1) * BLOCK_WIDTH)


def list_top(blocks):
    """The newest block, or none."""
    count = blocks & ((1 << LIST_COUNT) - 1)
    if count == 0:
        return 0
    return blocks >> LIST_COUNT + (count - 1) * BLOCK_WIDTH & ((1 << BLOCK_WIDTH) - 1)


def chunk(block):
    """The mask of all blocks in the clear chunk of a block; 0 for no block."""
    if block == 0:
        return 0
    first = (block - 1) // CHUNK * CHUNK
    return ((1 << CHUNK) - 1 << first) & EVERY


#: All that every compiled module has.
HELPERS = (hashed, note, ring_post, ring_pop, ring_mark, list_push, list_pop, list_top, chunk)
