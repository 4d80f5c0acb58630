"""The loops of the compiled search. Their text is put into a compiled module, beside how many words a state has.

They are written for Numba: plain loops over arrays of numbers. A state is a row of ``states``. ``table`` is a hash
table of row numbers, open addressing: an entry is 0 (empty) or a row's number plus one, with some bits of the
hash above it, so that few entries need a look at the row. New states stand in ``scratch`` at first, a buffer a
thread. Each of several threads enters states into its own part of the table, so that none waits for another; there
new states count as the rows past ``count`` until ``commit`` gives them their own.

Memory is slow, and a search looks all over it. So each loop first touches what it will need for the next
few states, which the processor fetches at once, and then looks.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,name-defined"
# ruff: noqa: F821

#: States whose places are touched ahead.
AHEAD = 128


def equal(states, row, words, k):
    """Whether two rows hold the same state."""
    same = True
    for i in range(WORDS):
        same = same and states[row, i] == words[k, i]
    return same


def touch(states, table, bits, hashes, low, high, count):
    """Fetch the entries and rows that are going to be compared; the result has no meaning but to need them."""
    told = 0
    rows, tags = (1 << bits) - 1, (1 << 32 - bits) - 1
    for k in range(low, high):
        told ^= table[hashes[k] & rows]
    for k in range(low, high):
        entry = int(table[hashes[k] & rows])
        row = (entry & rows) - 1
        if 0 <= row < count and entry >> bits == hashes[k] >> 32 & tags:
            told ^= states[row, 0]
    return told


def insert(states, table, bits, scratch, hashes, sizes, count, part, places, fresh):
    """Enter the states of all buffers that belong into this part of the table.

    Alone, a thread gives new states their rows at once. With others, ``places`` says where a new one was entered,
    or -1 of one that was known; ``fresh`` how many are new.
    """
    told = 0
    rows, tags = (1 << bits) - 1, (1 << 32 - bits) - 1
    parts = len(sizes)
    alone, room = parts == 1, len(scratch) // parts
    within = len(table) // parts - 1
    known = count
    for source in range(parts):
        begin = source * room
        new = 0
        for low in range(begin, begin + sizes[source], AHEAD):
            high = min(begin + sizes[source], low + AHEAD)
            told ^= touch(states, table, bits, hashes, low, high, known)
            for k in range(low, high):
                mixed = hashes[k]
                place, tag = mixed & rows, mixed >> 32 & tags
                if not alone and place // (within + 1) != part:
                    continue
                while True:
                    entry = int(table[place])
                    if entry == 0:
                        if alone:
                            for i in range(WORDS):
                                states[count, i] = scratch[k, i]
                            count += 1
                            table[place] = tag << bits | count
                        else:
                            table[place] = tag << bits | count + k + 1
                        places[k] = place
                        new += 1
                        break
                    if entry >> bits == tag:
                        row = (entry & rows) - 1
                        if equal(states, row, scratch, k) if row < count else equal(scratch, row - count, scratch, k):
                            places[k] = -1
                            break
                    place = place & ~within | place + 1 & within
        fresh[part, source] = new
    return told


def commit(states, table, bits, scratch, low, high, row, places):
    """Give the new states of one buffer their rows, from ``row`` on, in the order in which they were found."""
    rows = (1 << bits) - 1
    for k in range(low, high):
        place = places[k]
        if place >= 0:
            for i in range(WORDS):
                states[row, i] = scratch[k, i]
            table[place] = int(table[place]) & ~rows | row + 1
            row += 1


def fill(states, table, bits, parts, low, high):
    """Put states that differ from one another into the table."""
    told = 0
    rows, tags = (1 << bits) - 1, (1 << 32 - bits) - 1
    within = len(table) // parts - 1
    for start in range(low, high, AHEAD):
        stop = min(high, start + AHEAD)
        for row in range(start, stop):
            told ^= table[hashed(states, row) & rows]
        for row in range(start, stop):
            mixed = hashed(states, row)
            place = mixed & rows
            while table[place] != 0:
                place = place & ~within | place + 1 & within
            table[place] = (mixed >> 32 & tags) << bits | row + 1
    return told


def locate(states, table, bits, parts, words, hashes, size, found):
    """The rows of states that are all known."""
    told = 0
    rows, tags = (1 << bits) - 1, (1 << 32 - bits) - 1
    within = len(table) // parts - 1
    for low in range(0, size, AHEAD):
        high = min(size, low + AHEAD)
        told ^= touch(states, table, bits, hashes, low, high, len(states))
        for k in range(low, high):
            place, tag = hashes[k] & rows, hashes[k] >> 32 & tags
            while True:
                entry = int(table[place])
                row = (entry & rows) - 1
                if entry >> bits == tag and equal(states, row, words, k):
                    found[k] = row
                    break
                place = place & ~within | place + 1 & within
    return told
