"""The inner loop of the compiled search. Its text is put into each compiled module, beside ``expand`` and ``judge``.

It is written for Numba: plain loops over arrays of numbers. A state is a row of ``states``; ``table`` is
a hash table of row numbers, open addressing, empty places -1. A row's parent and the step that led to it
are in ``parent`` and ``step``, so that shortest runs can be read back.
"""

# mypy: disable-error-code="no-untyped-def,no-untyped-call,name-defined"
# ruff: noqa: F821

#: Places in ``at``: the row to be expanded next, rows, transitions, depth, the first row of the next level,
#: the first row without any step (or -1), the mask of properties that spoke up.
HERE, COUNT, TRANSITIONS, DEPTH, LEVEL, DEADLOCK, SPOKEN, FIELDS = 0, 1, 2, 3, 4, 5, 6, 7


def place_of(table, states, words, row):
    """Where in the table a state is, or the empty place where it belongs."""
    mixed = 0
    for i in range(WORDS):
        mixed = (mixed ^ words[row, i]) * -7046029254386353131
        mixed ^= mixed >> 29 & 0x7FFFFFFFF
    place = (mixed ^ mixed >> 32) & (len(table) - 1)
    while table[place] >= 0:
        same = True
        for i in range(WORDS):
            if states[table[place], i] != words[row, i]:
                same = False
                break
        if same:
            return place
        place = (place + 1) & (len(table) - 1)
    return place


def fill(table, states, count):
    """Put the first ``count`` states into an empty table."""
    for row in range(count):
        table[place_of(table, states, states, row)] = row


def search(states, table, parent, step, at, fired, first, broken_at, out, via, broken, until):
    """Expand states up to row ``until``, or until the arrays may be too small for another one's steps."""
    here, count, transitions, spoken = at[HERE], at[COUNT], at[TRANSITIONS], at[SPOKEN]
    while here < count and here < until and count + len(via) <= len(states):
        if here == at[LEVEL]:
            at[DEPTH] += 1
            at[LEVEL] = count
        steps = expand_row(states, here, out, via, broken)
        transitions += steps
        if steps == 0 and at[DEADLOCK] < 0:
            at[DEADLOCK] = here
        for k in range(steps):
            fired[via[k]] += 1
            if broken[k]:
                for bit in range(len(broken_at)):
                    if broken[k] >> bit & 1 and broken_at[bit, 0] < 0:
                        broken_at[bit, 0] = here
                        broken_at[bit, 1] = via[k]
            canonical(out, k)
            place = place_of(table, states, out, k)
            if table[place] < 0:
                table[place] = count
                for i in range(WORDS):
                    states[count, i] = out[k, i]
                parent[count] = here
                step[count] = via[k]
                fresh = judge_row(states, count) & ~spoken
                if fresh:
                    spoken |= fresh
                    for bit in range(len(first)):
                        if fresh >> bit & 1:
                            first[bit] = count
                count += 1
        here += 1
    at[HERE], at[COUNT], at[TRANSITIONS], at[SPOKEN] = here, count, transitions, spoken


def meets(states, good, bit, low, high):
    """Note of each state whether the property of that bit speaks up there."""
    for row in range(low, high):
        good[row] = judge_row(states, row) >> bit & 1


def lead(states, table, good, out, via, broken, low, high):
    """Note of states, the last first, that a step leads to a noted one; whether there was any."""
    changed = False
    for row in range(high - 1, low - 1, -1):
        if not good[row]:
            for k in range(expand_row(states, row, out, via, broken)):
                canonical(out, k)
                if good[table[place_of(table, states, out, k)]]:
                    good[row] = 1
                    changed = True
                    break
    return changed
