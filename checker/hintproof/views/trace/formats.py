"""The formats that a trace can be written in, by name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.story.model import Story
from hintproof.system.documents import to_json
from hintproof.system.errors import BadInput
from hintproof.trace.document import trace_document
from hintproof.trace.replay import Trace
from hintproof.views.trace import drawing, itf, mail, mermaid, note, page


@dataclass(frozen=True)
class Format:
    """A format: the suffixes of its files, and how a trace is written in it."""

    suffixes: tuple[str, ...]
    render: Callable[[Trace], str]


def _of(view: Callable[[Story], str]) -> Callable[[Trace], str]:
    return lambda trace: view(build_story(trace))


def _json(trace: Trace) -> str:
    return to_json(trace_document(trace, explain_end(trace)))


FORMATS: dict[str, Format] = {
    "json": Format((".json",), _json),
    "text": Format((".txt",), _of(mail.render)),
    "markdown": Format((".md",), _of(note.render)),
    "mermaid": Format((".mmd",), _of(mermaid.render)),
    "itf": Format((".itf.json",), _of(itf.render)),
    "svg": Format((".svg",), _of(drawing.render)),
    "html": Format((".html", ".htm"), _of(page.render)),
}


def format_for(name: str | None, output: Path | None) -> Format:
    """The format that is named, or that the output's name ends in. Raises :class:`BadInput` if there is none."""
    if name is not None:
        if name not in FORMATS:
            raise BadInput(f"no format is called {name[:80]!a}: say {', '.join(FORMATS)}")
        return FORMATS[name]
    if output is None:
        raise BadInput(f"say --format ({', '.join(FORMATS)}), or --output FILE with one of their suffixes")
    fitting = [(s, f) for f in FORMATS.values() for s in f.suffixes if output.name.endswith(s)]
    if not fitting:
        raise BadInput(f"{str(output)[:80]!a}: no format has this suffix: say --format ({', '.join(FORMATS)})")
    return max(fitting, key=lambda pair: len(pair[0]))[1]
