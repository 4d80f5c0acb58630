"""The text of functions that take all steps from many packed states, and judge them; LLVM compiles it.

Nothing in it is written by hand for an action: guards and updates are the terms of the protocol text.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Iterator

from hintproof.interpret import packed_helpers as helpers
from hintproof.interpret.concrete import Instance
from hintproof.interpret.decisions import Condition, Guarded, decide
from hintproof.interpret.machine_code import Array
from hintproof.interpret.packed import PackedCompiler
from hintproof.interpret.symmetry import canonical_form
from hintspec.language.folds import values_asked
from hintspec.language.recording import Conjunct
from hintspec.language.sorts import BLOCK, BOOL, Enum


def steps_text(packed: PackedCompiler) -> str:
    """The text for a model and its sizes: constants, helpers, ``canonical``, ``expand_rows``, ``judge_rows``."""
    sizes = packed.sizes
    constants = {
        "WORDS": packed.words,
        "EVERY": packed.all_blocks,
        "CHUNK": sizes.chunk,
        "RING": sizes.ring,
        "RING_COUNT": packed.ring_count,
        "BLOCKS": sizes.blocks,
        "BLOCK_WIDTH": packed.width(BLOCK),
        "LIST_COUNT": packed.list_count,
        "PROMISES": len(packed.concrete.step_properties),
    }
    assignments = "\n".join(f"{name} = {value}" for name, value in constants.items())
    canonical = canonical_form(packed) if packed.symmetry else inspect.getsource(helpers.canonical)
    written = [inspect.getsource(helper) for helper in helpers.HELPERS]
    parts = [*written, canonical, _broken_by(packed), _expand_rows(packed), _judge_rows(packed)]
    return f"{assignments}\n\n\n" + "\n\n".join(parts) + "\n"


def arrays_of(packed: PackedCompiler) -> dict[str, Array]:
    """The arrays that the functions of the text take, by the names of their parameters."""
    numbers = ("ends", "hashes", "fired", "deadlock", "verdicts")
    rows = dict.fromkeys(("states", "out", "words"), Array(columns=packed.words))
    return rows | dict.fromkeys(numbers, Array()) | {"via": Array(bits=16), "broken_at": Array(columns=2)}


def _words(packed: PackedCompiler) -> list[str]:
    return [f"s{i}" for i in range(packed.words)]


def _read_from_words(packed: PackedCompiler) -> list[str]:
    """Lines that read the variables from the words of a state."""
    return [f"{packed.locals[n]} = s{p.word} >> {p.shift} & {p.mask}" for n, p in packed.places.items()]


def _unpacked(packed: PackedCompiler) -> list[str]:
    """Lines that read a row's words, and the variables from them."""
    return [f"s{i} = states[row, {i}]" for i in range(packed.words)] + _read_from_words(packed)


def _expand_rows(packed: PackedCompiler) -> str:
    """The steps from rows ``low`` .. ``high``, one after the other, into ``out``.

    ``ends`` says where each row's steps end, ``via`` which step each is; ``fired`` counts them. Noted are, as
    ``broken_at``, the first row and step that breaks each promise, and the first row without any step.
    """
    steps = [
        Guarded(tuple(_condition(packed, c, instance) for c in instance.action.guard), tuple(lines))
        for number, instance in enumerate(packed.concrete.instances)
        if not any(packed.is_never(c.term) for c in instance.action.guard)
        for lines in [_step(packed, number, instance)]
    ]
    judged = [f"    broken = broken_by(via[j], {', '.join(_words(packed))})", *_NOTED]
    body = [*_unpacked(packed), "first = k", *decide(steps, packed.locals), *_AFTER_A_ROW, *judged]
    lines = ["k = 0", "for row in range(low, high):", *(f"    {line}" for line in body), "return k"]
    head = "def expand_rows(states, low, high, out, via, ends, hashes, fired, broken_at, deadlock):"
    return "\n".join([head, *(f"    {line}" for line in lines)])


_AFTER_A_ROW = (
    "ends[row - low] = k",
    "if k == first and deadlock[0] < 0:",
    "    deadlock[0] = row",
    "for j in range(first, k):",
    "    fired[via[j]] += 1",
    "    canonical(out, j)",
    "    hashes[j] = hashed(out, j)",
)

_NOTED = ("    if broken:", "        note(broken_at, broken, row, via[j])")


def _condition(packed: PackedCompiler, conjunct: Conjunct, instance: Instance) -> Condition:
    source = packed.expr(conjunct.term, instance.block)
    asked = values_asked(conjunct.term)
    if asked is None or asked[0].op != "var" or not isinstance(asked[0].sort, Enum):
        return Condition(source)
    return Condition(source, asked[0].args[0], asked[1])


def _step(packed: PackedCompiler, number: int, instance: Instance) -> list[str]:
    """Write the next state and the step."""
    constants, changed = [0] * packed.words, [0] * packed.words
    new = [[f"s{word}"] for word in range(packed.words)]
    for name, term in instance.action.updates.items():
        place, value = packed.places[name], packed.expr(term, instance.block)
        changed[place.word] |= place.mask << place.shift
        if value.isdigit():
            constants[place.word] |= int(value) << place.shift
        else:
            number_of = f"int({value})" if term.sort == BOOL else value
            new[place.word].append(f"({number_of} << {place.shift})")
    for word, parts in enumerate(new):
        if changed[word]:
            parts[0] += f" & {~changed[word]}"
        if constants[word]:
            parts.append(str(constants[word]))
    lines = [f"out[k, {word}] = {' | '.join(parts)}" for word, parts in enumerate(new)]
    return [*_once(lines, f"n{number}"), f"via[k] = {number}", "k += 1"]


def _once(lines: list[str], name: str) -> list[str]:
    """Assignments with each part that they repeat worked out before them: there is less to compile."""
    before: list[str] = []
    while True:
        counts = Counter(part for line in (*before, *lines) for part in _parenthesised(line))
        repeated = [part for part, times in counts.items() if times > 1]
        if not repeated:
            return before + lines
        longest, local = max(repeated, key=len), f"{name}_{len(before)}"
        lines = [line.replace(longest, local) for line in lines]
        before = [f"{local} = {longest[1:-1]}", *(line.replace(longest, local) for line in before)]


def _parenthesised(line: str) -> Iterator[str]:
    """Every part of a line in parentheses that are not those of a call."""
    opened = []
    for at, sign in enumerate(line):
        if sign == "(":
            opened.append(at)
        elif sign == ")":
            begin = opened.pop()
            if not (line[begin - 1].isalnum() or line[begin - 1] == "_"):
                yield line[begin : at + 1]


def _broken_by(packed: PackedCompiler) -> str:
    """The promises that a step from a state breaks; apart, as one large function takes longer to compile than two."""
    lines = _read_from_words(packed)
    for number, instance in enumerate(packed.concrete.instances):
        mask = packed.broken_promises(instance.action, instance.block, packed.concrete.step_properties)
        if mask != "0":
            lines += [f"if number == {number}:", *(f"    {line}" for line in _once([f"return {mask}"], f"n{number}"))]
    head = f"def broken_by(number, {', '.join(_words(packed))}):"
    return "\n".join([head, *(f"    {line}" for line in [*lines, "return 0"])])


def _judge_rows(packed: PackedCompiler) -> str:
    """For rows ``low`` .. ``high`` the mask of the properties that each violates or reaches, and of all together."""
    judged = f"verdicts[row - low] = {packed.judgement(packed.concrete.state_properties)}"
    body = [*_unpacked(packed), judged, "found |= verdicts[row - low]"]
    lines = ["found = 0", "for row in range(low, high):", *(f"    {line}" for line in body), "return found"]
    return "\n".join(["def judge_rows(states, low, high, verdicts):", *(f"    {line}" for line in lines)])
