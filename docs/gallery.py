"""The gallery: one page for each known defect, made when MkDocs builds the docs (a hook of MkDocs).

A page shows counterexamples/NAME, replayed, and the rules that the run needs (docs/rules.json).
"""

from __future__ import annotations

import html
import sys
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from hintproof.story.build import build_story
from hintproof.story.model import PreventingRule, Story
from hintproof.trace.document import load
from hintproof.views.trace import drawing, mail, note, page
from hintspec.catalogue.defect import Defect, Status
from hintspec.catalogue.defects import DEFECTS

sys.path.insert(0, str(Path(__file__).parent))  # MkDocs runs a hook as if it were alone

from trace_pages import load_rules

ROOT = Path(__file__).parent.parent
TRACES = ROOT / "counterexamples"


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the page of each defect into the navigation, below the gallery."""
    assert config.nav is not None
    pages = ["gallery/index.md", *({name: f"gallery/{name}/index.md"} for name in DEFECTS)]
    config.nav = [{"Gallery": pages} if item == {"Gallery": "gallery/index.md"} else item for item in config.nav]
    return config


def on_page_markdown(markdown: str, page: Page, **_: object) -> None:
    """Leave the column of the navigation to the text where a tab has one page alone."""
    if page.url in ("index.html", "tutorial.html"):
        page.meta["hide"] = ["navigation"]


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the gallery's pages, pictures and traces to the files that MkDocs found."""
    for name, content in gallery(load_rules(ROOT / "docs")):
        files.append(File.generated(config, name, content=content))
    return files


def gallery(stopped: dict[str, tuple[PreventingRule, ...]]) -> Iterator[tuple[str, str]]:
    """Make each file of the gallery: its name below the docs, and its content."""
    stories: dict[str, Story] = {}
    for defect in DEFECTS.values():
        folder = TRACES / defect.name
        if (folder / "trace.json").exists():
            stories[defect.name] = build_story(load(folder / "trace.json"), defect.known, stopped[defect.name])
        yield from _defect(defect, stories.get(defect.name), stopped[defect.name])
    yield "gallery/index.md", _index(stories)


def _defect(defect: Defect, story: Story | None, stopped: tuple[PreventingRule, ...]) -> Iterator[tuple[str, str]]:
    folder = f"gallery/{defect.name}"
    parts = [(TRACES / defect.name / "README.md").read_text().rstrip()]
    if story is not None:
        yield f"{folder}/trace.txt", mail.render(story)
        yield f"{folder}/trace.json", (TRACES / defect.name / "trace.json").read_text()
        yield f"{folder}/trace.svg", drawing.render(story)
        yield f"{folder}/trace.html", page.render(story)
        parts += ["## The run", "[Step through it](trace.html) in a page of its own.", _drawing(defect.title)]
        parts += [note.steps_table(story), "## The marks", note.marks_table(story)]
    parts += ["## Which rules it needs", _NEEDED, note.rules_table(stopped)]
    yield f"{folder}/index.md", "\n\n".join(parts) + "\n"


_NEEDED = (
    "Each row is a world that differs in one rule. The run is not possible there, and the property holds in all states "
    "of these sizes. `hintproof explain` finds these worlds: it tries every rule. Other properties that are violated "
    "there tell a rule that only hides the defect from a repair."
)


def _drawing(title: str) -> str:
    """The drawing in a box that scrolls: its letters keep their size."""
    alt = html.escape(title)
    return f'<div class="drawing" tabindex="0"><img src="trace.svg" alt="{alt}"></div>'


#: The groups of the gallery.
_GROUPS = {
    Status.OPEN: "In the newest releases that were looked at, or in all that have the code.",
    Status.FIXED: "A release has it, and a later one has not.",
    Status.UNRELEASED: "In a posted series, in development, or a danger that nobody let in.",
}


def _index(stories: dict[str, Story]) -> str:
    parts = [
        "# Gallery",
        "Every known defect that the text can express, with a drawing of its shortest run. A drawing leads to the "
        "page of the defect. *Step through it* opens the run in a page of its own; the file behind it needs no "
        "network, and can be mailed. `hintproof export TRACE -o trace.svg` makes such a drawing of any trace.",
    ]
    for status, says in _GROUPS.items():
        cards = [_card(d, stories.get(d.name)) for d in DEFECTS.values() if d.status == status]
        parts += [f"## {status.name.replace('UNRELEASED', 'NEVER RELEASED').capitalize()}", says]
        parts += ["\n".join(['<div class="cards">', *cards, "</div>"])]
    return "\n\n".join(parts) + "\n"


def _card(defect: Defect, story: Story | None) -> str:
    """One defect: the drawing, the name, what happens, which releases."""
    name, title, affects = (html.escape(text) for text in (defect.name, defect.title, defect.affects))
    page = f"{name}/index.html"
    thumb = f'<img loading="lazy" src="{name}/trace.svg" alt="drawing of {name}">' if story else ""
    run = f'<a href="{name}/trace.html">step through it</a> ({story.length})' if story else "the event never happens"
    lines = [
        '<div class="card">',
        f'<a class="thumb" href="{page}">{thumb}</a>' if story else "",
        f'<p><a href="{page}"><strong>{name}</strong></a> ({html.escape(defect.label)})</p>',
        f"<p>{title}</p>",
        f'<p class="about">violates <code>{defect.violates}</code><br>{affects}<br>{run}</p>',
        "</div>",
    ]
    return "\n".join(line for line in lines if line)
