"""The Promela interpretation: a model at given sizes as one SPIN process that repeats our steps.

Every step is one option of one loop, a d_step, and the process is never anywhere but at the loop's head: what SPIN
stores are our states, one for one. Its transitions are ours and one more, as it counts the initial state as one.

SPIN checks what our search checks, as often: the ALWAYS properties once in each state, as the first option, which
never happens but tells a counter of its failure; what steps promise, as assertions before their updates; and that
every state has a step. It does not look at the other properties, nor keep the runs that our search keeps.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from hintproof.interpret.concrete import Concrete, Instance
from hintproof.interpret.promela_terms import RESERVED_IDS, ZERO, PromelaTerms, bare, label
from hintproof.interpret.source import Compiler
from hintspec.language.declare import ALWAYS
from hintspec.language.recording import RecordedProperty, RecordedVar
from hintspec.language.sorts import Enum, Ring, Sort

#: A variable to be assigned, and the source of its new value.
Assignment = tuple[str, str]


def promela(concrete: Concrete, title: str = "") -> str:
    """The Promela text of a model. Raises :class:`~hintspec.language.errors.SpecError` for sizes that SPIN lacks."""
    return _Writer(concrete).text(title)


class _Writer:
    def __init__(self, concrete: Concrete) -> None:
        self.concrete = concrete
        self.model = concrete.model
        self.sizes = concrete.sizes
        self.terms = PromelaTerms(Compiler(concrete.model, concrete.sizes), concrete.sizes)
        self.sorts = {v.name: v.sort for v in self.model.vars}
        self.temporaries = 0

    def text(self, title: str) -> str:
        """The whole file."""
        steps = [line for instance in self.concrete.instances for line in self._step(instance)]
        head = _wrapped(f"{title or 'A model'}; {self.sizes}. Written by hintproof.", "")
        loop = ["active proctype Model() {", "  do", *self._check(), *steps, "  od", "}"]
        then = [f"hidden int then_{i};" for i in range(self.temporaries)]
        parts = [head, self._counters(), self._labels(), [*self._variables(), *then], loop]
        return "\n\n".join("\n".join(part) for part in parts if part) + "\n"

    # -- what is declared ------------------------------------------------------------------
    def _labels(self) -> list[str]:
        lines = [f"#define EVERY {self.terms.all_blocks}  /* the set of all blocks; block b is bit b - 1 */"]
        lines += [f"#define {name} {number}" for number, name in RESERVED_IDS.items()]
        for enum in dict.fromkeys(_enums(self.sorts.values())):
            lines += [f"#define {label(enum, i)} {i}" for i in range(len(enum.labels))]
        return lines

    def _variables(self) -> list[str]:
        lines = []
        for v in self.model.vars:
            ghost = " (ghost)" if v.declared.ghost else ""
            lines += _wrapped(f"{v.declared.says}{ghost}", "")
            lines += self._declared(v)
        return lines

    def _declared(self, v: RecordedVar) -> Iterator[str]:
        scalars = self.terms.scalars(v.name, v.sort)
        for (name, width), init in zip(scalars.items(), self.terms.value(v.init, None), strict=True):
            sort = "bit " if width == 1 else "unsigned "
            bits = "" if width == 1 else f" : {width}"
            yield f"{sort}{name}{bits}" + ("" if init in ZERO else f" = {init}") + ";"

    # -- what is checked -------------------------------------------------------------------
    @property
    def _always(self) -> list[RecordedProperty]:
        return [p for p in self.model.properties if p.term is not None and p.declared.kind == ALWAYS]

    def _counters(self) -> list[str]:
        """C that counts the states in which a property falls, beside the state, and tells the counts at the end."""
        if not self._always:
            return []
        lines = ["c_decl {"]
        for i, item in enumerate(self._always):
            # SPIN lets an expression have no side effect that it can see
            lines.append(f"\\#define FALLS_{i} (states_without[{i}]++, 0)  /* {item.name} */")
        lines.append(f"  static long states_without[{len(self._always)}];")
        lines.append("  __attribute__((destructor)) static void tell(void) {")
        lines += [
            f'    printf("states without {p.name}: %ld\\n", states_without[{i}]);' for i, p in enumerate(self._always)
        ]
        return [*lines, "  }", "}"]

    def _check(self) -> list[str]:
        """The option that is looked at once in each state and never taken."""
        if not self._always:
            return []
        parts = []
        for i, item in enumerate(self._always):
            assert item.term is not None
            blocks = self.sizes.blocks_for(item.declared.takes_block)
            held = " && ".join(self.terms.number(item.term, block) for block in blocks)
            parts.append(f"(!({held}) && c_expr {{ FALLS_{i} }})")
        return ["  /* what must hold in every state */", f"  :: d_step {{ {f'{_OR}'.join(parts)} }}"]

    # -- steps -----------------------------------------------------------------------------
    def _step(self, instance: Instance) -> Iterator[str]:
        action = instance.action.action
        step = f"{action.step} " if action.step else ""
        yield from _wrapped(f"{step}{instance}: {action.actor.name}; {action.where}", "  ")
        self.terms.facts = frozenset()
        guard = [self.terms.number(c.term, instance.block) for c in instance.action.guard]
        promises = [f"assert({bare(self.terms.number(term, instance.block))})" for _, term in instance.action.promises]
        self.terms.facts = frozenset(guard)
        statements = [*promises, *self._in_order(list(self._assignments(instance)))] or ["skip"]
        yield f"  :: d_step {{ {' && '.join(guard) or 'true'} ->"
        yield from (f"       {statement};" for statement in statements[:-1])
        yield f"       {statements[-1]} }}"

    def _assignments(self, instance: Instance) -> Iterator[Assignment]:
        for name, term in instance.action.updates.items():
            values = self.terms.value(term, instance.block)
            for target, source in zip(self.terms.scalars(name, self.sorts[name]), values, strict=True):
                if source != target:
                    yield target, bare(source)

    def _in_order(self, left: list[Assignment]) -> list[str]:
        """Simultaneous updates one after the other: what others read comes last, through a temporary if need be."""
        lines: list[str] = []
        last: list[str] = []
        while left:
            free = [one for one in left if not any(one[0] in _names(other[1]) for other in left if other is not one)]
            target, source = chosen = free[0] if free else left[0]
            left.remove(chosen)
            if free:
                lines.append(f"{target} = {source}")
            else:
                lines.append(f"then_{len(last)} = {source}")
                last.append(f"{target} = then_{len(last)}")
        self.temporaries = max(self.temporaries, len(last))
        return lines + last


_OR = " ||\n              "


def _names(source: str) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", source))


def _enums(sorts: Iterable[Sort]) -> Iterator[Enum]:
    for sort in sorts:
        if isinstance(sort, Enum):
            yield sort
        elif isinstance(sort, Ring):
            yield from _enums(inner for _, inner in sort.fields)


def _wrapped(words: str, indent: str) -> list[str]:
    """A comment; a line of its own is wrapped, and can't be ended early."""
    comment = words.replace("*/", "* /")
    return textwrap.wrap(f"/* {comment} */", 110, initial_indent=indent, subsequent_indent=f"{indent}   ")
