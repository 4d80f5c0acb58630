"""The gallery: one page for each known defect, made when MkDocs builds the docs (a hook of MkDocs).

A page shows counterexamples/NAME, replayed, and the rules that the run needs (docs/rules.json).
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from hintproof.story.build import build_story
from hintproof.story.model import PreventingRule, Story
from hintproof.trace.document import load
from hintproof.views import markdown
from hintproof.views.trace import drawing, mail, note, page
from hintspec.catalogue.defect import Defect
from hintspec.catalogue.defects import DEFECTS

sys.path.insert(0, str(Path(__file__).parent))  # MkDocs runs a hook as if it were alone

from trace_pages import load_rules

ROOT = Path(__file__).parent.parent
TRACES = ROOT / "counterexamples"


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
        parts += ["## The run", "[Step through it](trace.html) in a page of its own.", f"![{defect.title}](trace.svg)"]
        parts += [note.steps_table(story), "## The marks", note.marks_table(story)]
    parts += ["## Which rules it needs", _NEEDED, note.rules_table(stopped)]
    yield f"{folder}/index.md", "\n\n".join(parts) + "\n"


_NEEDED = (
    "Each row is a world that differs in one rule. The run is not possible there, and the property holds in all states "
    "of these sizes. `hintproof explain` finds these worlds: it tries every rule. Other properties that are violated "
    "there tell a rule that only hides the defect from a repair."
)


def _index(stories: dict[str, Story]) -> str:
    rows = [
        (
            f"[{d.name}]({d.name}/index.md)",
            d.label,
            f"**{d.status.value}**" if d.status.value == "open" else d.status.value,
            markdown.escaped(d.affects),
            markdown.escaped(d.title),
            markdown.code(d.violates),
            f"[{stories[d.name].length}]({d.name}/trace.html)" if d.name in stories else "never happens",
        )
        for d in DEFECTS.values()
    ]
    head = ("defect", "label", "status", "affects", "what happens", "violated", "shortest run")
    parts = [
        "# Gallery",
        "Every known defect that the text can express, with a drawing of its shortest run. *Shortest run* opens the "
        "run in a page of its own, to step through. The file behind it needs no network, and can be mailed.",
        markdown.table(head, rows),
    ]
    return "\n\n".join(parts) + "\n"
