"""The loops of the compiled search. Their text is put into a compiled module, beside how many words a state has.

They are written for Numba: plain loops over arrays of numbers. A state is a row of ``states``. ``table`` is a hash
table of row numbers, open addressing: an entry is 0 (empty) or a row's number plus one, with some bits of the
hash above it, so that few entries need a look at the row. New states stand in ``scratch`` at first, a buffer a
thread. Each of several threads enters states into its own part of the table, so that none waits for another; there
new states count as the rows past ``count`` until ``commit`` gives them their own.

Memory is slow, and a search looks all over it. So each loop asks for what it will need for a state further on
before it looks at the one at hand, and need not wait for it then.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,name-defined"
# ruff: noqa: F821

#: How many states ahead memory is asked for.
AHEAD = 24


def equal(states, row, words, k):
    """Whether two rows hold the same state."""
    same = True
    for i in range(WORDS):
        same = same and states[row, i] == words[k, i]
    return same


def share_out(hashes, low, high, bits, parts, part, mine):
    """List the states of a buffer that belong into one part of the table; how many they are."""
    rows, first = (1 << bits) - 1, part * ((1 << bits) // parts)
    last = first + (1 << bits) // parts - 1
    size = 0
    for k in range(low, high):
        mine[size] = k
        size += first <= hashes[k] & rows <= last
    return size


def look_ahead(states, table, bits, hashes, mine, i):
    """Ask for the entry of a state further on, and for the row that the entry of a nearer one names."""
    rows = (1 << bits) - 1
    prefetch(table, hashes[mine[i + 2 * AHEAD]] & rows)
    prefetch(states, (int(table[hashes[mine[i + AHEAD]] & rows]) & rows) - 1)


def insert(states, table, bits, scratch, hashes, sizes, count, part, mine, places, fresh):
    """Enter the states of all buffers that belong into this part of the table.

    Alone, a thread gives new states their rows at once. With others, ``places`` says where a new one was entered,
    or -1 of one that was known; ``fresh`` how many are new.
    """
    rows, tags = (1 << bits) - 1, (1 << 32 - bits) - 1
    parts = len(sizes)
    alone, room = parts == 1, len(scratch) // parts
    within = len(table) // parts - 1
    for source in range(parts):
        begin, new = source * room, 0
        size = share_out(hashes, begin, begin + sizes[source], bits, parts, part, mine)
        for i in range(min(2 * AHEAD, size)):
            prefetch(table, hashes[mine[i]] & rows)
        for i in range(size):
            look_ahead(states, table, bits, hashes, mine, i)
            k = mine[i]
            mixed = hashes[k]
            place, tag = mixed & rows, mixed >> 32 & tags
            while True:
                entry = int(table[place])
                if entry == 0:
                    if alone:
                        for word in range(WORDS):
                            states[count, word] = scratch[k, word]
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


def fill(states, table, bits, parts, part, low, high):
    """Put those states that belong into one part of the table there; they differ from one another."""
    rows, tags = (1 << bits) - 1, (1 << 32 - bits) - 1
    within = len(table) // parts - 1
    first = part * (within + 1)
    for row in range(low - AHEAD, high):
        if row + AHEAD < high:
            prefetch(table, hashed(states, row + AHEAD) & rows)
        if row >= low:
            mixed = hashed(states, row)
            place = mixed & rows
            if first <= place <= first + within:
                while table[place] != 0:
                    place = place & ~within | place + 1 & within
                table[place] = (mixed >> 32 & tags) << bits | row + 1


def locate(states, table, bits, parts, words, hashes, size, found):
    """The rows of states that are all known."""
    rows, tags = (1 << bits) - 1, (1 << 32 - bits) - 1
    within = len(table) // parts - 1
    for k in range(size):
        prefetch(table, hashes[k + 2 * AHEAD] & rows)
        prefetch(states, (int(table[hashes[k + AHEAD] & rows]) & rows) - 1)
        place, tag = hashes[k] & rows, hashes[k] >> 32 & tags
        while True:
            entry = int(table[place])
            row = (entry & rows) - 1
            if entry != 0 and entry >> bits == tag and equal(states, row, words, k):
                found[k] = row
                break
            place = place & ~within | place + 1 & within


#: The loops, each after those that it calls.
LOOPS = (equal, share_out, look_ahead, insert, commit, fill, locate)
