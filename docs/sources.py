"""The source pages: each Python file of the text, and each that a page names, with numbered lines (a hook of MkDocs).

The pages are part of the site, so that a link to code works without a network. The search leaves them out.
"""

from __future__ import annotations

import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parent.parent

#: Where a path in a page may begin.
PLACES = ("", "checker", "checker/hintproof", "spec/hintspec", "checker/hintproof/views")

_NAMED = re.compile(r"`([\w./-]+\.py)`")


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add a page for each file."""
    for path in shown_files():
        files.append(File.generated(config, f"source/{path}.md", content=_page(path)))
    return files


def shown_files() -> list[str]:
    """The files that have a page, by their path from the root."""
    found = {str(path.relative_to(ROOT)) for path in (ROOT / "spec").rglob("*.py")}
    for page in (ROOT / "docs").glob("*.md"):
        found |= {path for name in _NAMED.findall(page.read_text()) if (path := find_file(name))}
    return sorted(found)


def find_file(name: str) -> str:
    """The path from the root of a file that a page names; "" if there is none."""
    for place in PLACES:
        if "/" in name and (ROOT / place / name).is_file():
            return str(Path(place, name))
    return ""


def _page(path: str) -> str:
    code = (ROOT / path).read_text().rstrip()
    fence = "`" * (max((len(run) for run in re.findall("`{3,}", code)), default=2) + 1)
    head = f"---\ntitle: {path}\nsearch: {{exclude: true}}\nhide: [navigation, toc]\n---\n\n# `{path}`\n\n"
    return f'{head}{fence}python linenums="1"\n{code}\n{fence}\n'
