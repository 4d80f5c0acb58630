"""Names in code link to their definition: steps, variables, properties, environments, defects, files (a MkDocs hook).

A name links where a page writes it as code. The definition itself links to the line of the source that makes it.
"""

from __future__ import annotations

import html
import importlib
import inspect
import posixpath
import re
import sys
from functools import cache
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))  # MkDocs runs a hook as if it were alone

from sources import ROOT, find_file, shown_files

from hintspec.catalogue.defects import DEFECTS
from hintspec.catalogue.environments import ALIASES, CHANGES, DEVICES, DRIVERS, LOGS
from hintspec.text import PROTOCOL

#: Pages that define names, in the first cell with code of a row, and the kinds of names that each defines.
STEPS, STATE, PROPERTIES, PROOF, ENVIRONMENTS = (
    f"{name}.html" for name in ("steps", "state", "properties", "proof", "environments")
)

#: Pages in which a name that is an ordinary word (`write`, `free`) is a step.
_ABOUT_STEPS = ("steps", "mutation", "proof-dependencies", "text-linux-6.1", "gallery/", "protocol")

_WORDS = (*DRIVERS, *DEVICES, *LOGS, *CHANGES, *ALIASES)

_CODE = re.compile(
    r"(?P<skip><pre\b.*?</pre>|<a\b.*?</a>|<h[1-6]\b.*?</h[1-6]>)|<code>(?P<text>[^<]*)</code>", re.DOTALL
)
_PRE = re.compile(r"<pre\b.*?</pre>", re.DOTALL)
_BETWEEN_TAGS = re.compile(r"(?<=>)[^<]+(?=<)")
_STEP = re.compile(r"(?P<name>\w+)(?P<rest>\(\w+\)|\.[\w.]+)?")


@cache
def definitions() -> dict[str, tuple[str, str]]:
    """The page and the anchor that define each name, but for files and environments."""
    found = {name: (f"gallery/{name}/index.html", "") for name in DEFECTS}
    found |= {a.name: (STEPS, a.name) for a in PROTOCOL.actions}
    found |= {name: (STATE, name) for name in variables()}
    found |= {p.name: (PROOF, p.name) for p in (*PROTOCOL.lemmas, *PROTOCOL.assumptions)}
    found |= {p.name: (PROPERTIES, p.name) for p in (*PROTOCOL.properties, *PROTOCOL.transition_invariants)}
    return found | {word: (ENVIRONMENTS, word) for word in _WORDS}


@cache
def variables() -> dict[str, str]:
    """The state variables, each with the class that declares it."""
    parts = PROTOCOL.state.parts().items()
    return {f"{part}.{name}": declared.__name__ for part, declared in parts for name in declared.declared()}


@cache
def _names_in_text() -> re.Pattern[str]:
    """A state variable, with or without a field or method behind it; or a property."""
    names = (*variables(), *(p.name for p in PROTOCOL.properties))
    return re.compile(rf"(?<![\w.])({'|'.join(map(re.escape, names))})(?!\w)")


@cache
def source_lines() -> dict[str, str]:
    """The source page, with its line, of each step, variable, property, lemma and word."""
    found = {a.name: _at(*a.source) for a in PROTOCOL.actions}
    claims = (*PROTOCOL.properties, *PROTOCOL.lemmas, *PROTOCOL.assumptions, *PROTOCOL.transition_invariants)
    for item in claims:
        if item.body is not None:
            found[item.name] = _at(item.body.__module__, item.body.__code__.co_firstlineno)
        else:
            found[item.name] = _line_with(f'"{item.name}"', "hintspec.protocol.promises", "hintspec.properties")
    for name, owner in variables().items():
        found[name] = _at("hintspec.protocol.state", _line_of_variable(owner, name.split(".")[1]))
    for word in _WORDS:
        found[word] = _line_with(f'"{word}":', "hintspec.catalogue.environments")
    return {name: address for name, address in found.items() if address}


def _line_of_variable(owner: str, name: str) -> int:
    module = importlib.import_module("hintspec.protocol.state")
    lines, first = inspect.getsourcelines(getattr(module, owner))
    return first + next(number for number, line in enumerate(lines) if line.startswith(f"    {name} = "))


def _line_with(text: str, *modules: str) -> str:
    """The first line with a text in modules, or in those of a package."""
    for name in modules:
        base = ROOT / "spec" / Path(*name.split("."))
        for file in sorted(base.glob("*.py")) if base.is_dir() else [base.with_suffix(".py")]:
            for number, line in enumerate(file.read_text().splitlines(), 1):
                if text in line:
                    return f"source/{file.relative_to(ROOT)}.html#L-0-{number}"
    return ""


def _at(module: str, line: int) -> str:
    return f"source/spec/{module.replace('.', '/')}.py.html#L-0-{line}"


def on_page_content(content: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Link the names of a page."""
    here = page.url
    if here.startswith("source/"):
        return content
    if here in (STEPS, STATE, PROPERTIES, PROOF, ENVIRONMENTS):
        content = _define(content, here)
    content = _CODE.sub(lambda found: _link(found, here), content)
    if here == "text-linux-6.1.html":
        content = _PRE.sub(lambda block: _link_names(block[0], here, _BETWEEN_TAGS), content)
        content = re.sub(r"<strong>(\w+)(\(block\))?</strong>", lambda found: _link_step(found, here), content)
    return content


def _define(content: str, here: str) -> str:
    """Give the cell that defines a name its anchor, and a link to the source."""
    left = {name for name, (page, _) in definitions().items() if page == here}

    def define(found: re.Match[str]) -> str:
        name = html.unescape(found[1])
        if name not in left:
            return found[0]
        left.discard(name)
        address = source_lines().get(name)
        shown = f'<code id="{name}">{found[1]}</code>'
        linked = f'<a class="to-source" title="its source" href="{_relative(address, here)}">{shown}</a>'
        return f"<td>{linked if address else shown}</td>"

    return re.sub(r"<td>(?:<code>)([^<]+)</code></td>", define, content)


def _link(found: re.Match[str], here: str) -> str:
    if found["skip"]:
        return found[0]
    text = html.unescape(found["text"])
    for make in (_to_name, _to_environment, _to_file):
        linked = make(text, here)
        if linked:
            return linked
    return _link_names(found[0], here, re.compile(r"(?<=<code>)[^<]+"))


def _to_name(text: str, here: str) -> str:
    known = definitions()
    step = _STEP.fullmatch(text)
    name = text if text in known else step["name"] if step and step["name"] in known else ""
    if not name:
        return ""
    page, anchor = known[name]
    ordinary = re.fullmatch(r"[a-z]+", name) and page == STEPS and not here.startswith(_ABOUT_STEPS)
    return "" if ordinary or (page == here and not anchor) else _anchor(f"{page}#{anchor}".rstrip("#"), here, text)


def _to_environment(text: str, here: str) -> str:
    """Each word of an environment's name by itself; a line may break after a plus."""
    words = text.split("+")
    if len(words) < 2 or any(word not in _WORDS for word in words):
        return ""
    links = [f'<a class="name" href="{_relative(f"{ENVIRONMENTS}#{word}", here)}">{word}</a>' for word in words]
    return f"<code>{'+<wbr>'.join(links)}</code>"


@cache
def _shown() -> frozenset[str]:
    return frozenset(shown_files())


def _to_file(text: str, here: str) -> str:
    path = find_file(text) if text.endswith(".py") else ""
    return _anchor(f"source/{path}.html", here, text) if path in _shown() else ""


def _link_names(piece: str, here: str, where: re.Pattern[str]) -> str:
    """Link the variables and properties in the text of a piece."""

    def link(found: re.Match[str]) -> str:
        page, anchor = definitions()[found[1]]
        return f'<a class="name" href="{_relative(f"{page}#{anchor}", here)}">{found[1]}</a>'

    return where.sub(lambda text: _names_in_text().sub(link, text[0]), piece)


def _link_step(found: re.Match[str], here: str) -> str:
    name = found[1]
    if name not in definitions():
        return found[0]
    return f'<strong id="{name}"><a class="name" href="{_relative(f"{STEPS}#{name}", here)}">{name}</a></strong>' + (
        found[2] or ""
    )


def _anchor(address: str, here: str, text: str) -> str:
    return f'<a class="name" href="{_relative(address, here)}"><code>{html.escape(text, quote=False)}</code></a>'


def _relative(address: str, here: str) -> str:
    page, mark, anchor = address.partition("#")
    return posixpath.relpath(page, posixpath.dirname(here) or ".") + mark + anchor
