"""Write the pages, and the parts of pages, that come from the code. Run it after a change of the spec.

python docs/generate.py                     writes them
python docs/generate.py --check             says which are out of date, exit code 1
python docs/generate.py index.md state.md   only these; --help lists all
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from first_page import first_page
from marks import fill
from pictures import pictures
from proof_pages import proof_pages
from result_pages import defects_page, exploration_page, gate_page, mutation_page, speed_page
from rooms import fill_imports
from stateful_pages import example, stateful_page
from text_pages import environments_page, properties_page, resolved_page, state_page, steps_page
from trace_pages import explaining_page, reading_page
from tutorial_page import tutorial_page

from hintproof.cli.reference import documents, schema_text
from hintproof.system.workers import Task, run_in_order
from hintproof.tasks.defects import derive
from hintproof.trace.document import load
from hintproof.views.results.defects import files as defect_files
from hintproof.views.results.real import observation_lines
from hintspec.catalogue.defects import DEFECTS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

#: The defect whose run the README prints.
FIRST = "early-release"


def derive_all() -> dict[Path, str]:
    """Derive all known defects anew, on all cores: their folders, and the trace that the README prints."""
    files: dict[Path, str] = {}
    for item in run_in_order([Task(d.environment, d.name, partial(derive, d.name)) for d in DEFECTS.values()]):
        if item.problems:
            raise SystemExit("\n".join(item.problems))
        folder = ROOT / "counterexamples" / item.defect.name
        texts = defect_files(item, observation_lines(folder))
        files |= {folder / name: text for name, text in texts.items()}
        if item.defect.name == FIRST:
            page = (ROOT / "README.md").read_text()
            page = fill(page, "trace", f"```text\n{texts['trace.txt']}```")
            files[ROOT / "README.md"] = fill(page, "stateful", example())
    return files


def prove_all() -> dict[Path, str]:
    """Make the page of the proof, and that of proof dependencies."""
    proof, dependencies = proof_pages(DOCS)
    return {DOCS / "proof.md": proof, DOCS / "proof-dependencies.md": dependencies}


def run_tutorial() -> dict[Path, str]:
    """Run the commands of the tutorial, and say which of them could not run here."""
    page, unchecked = tutorial_page(DOCS)
    for line in unchecked:
        print(f"docs/tutorial.md {line}")
    return {DOCS / "tutorial.md": page}


def draw_pictures() -> dict[Path, str]:
    """Draw the pictures of the README."""
    trace = load(ROOT / "counterexamples" / FIRST / "trace.json")
    return {DOCS / "pictures" / name: text for name, text in pictures(trace).items()}


def write_schemas() -> dict[Path, str]:
    """Make the JSON Schemas."""
    return {DOCS / "schemas" / f"{name}.json": schema_text(name) for name in documents()}


#: Pages that take no time, each with the function that makes it.
PAGES: dict[str, Callable[[], str]] = {
    "index.md": lambda: first_page(DOCS),
    "architecture.md": lambda: fill_imports((DOCS / "architecture.md").read_text()),
    "steps.md": steps_page,
    "text-linux-6.1.md": lambda: resolved_page("linux-6.1+qemu-7.2+kvm-manual"),
    "state.md": state_page,
    "properties.md": properties_page,
    "environments.md": environments_page,
    "speed.md": lambda: speed_page(DOCS),
    "defects.md": lambda: defects_page(DOCS),
    "exploration.md": lambda: exploration_page(DOCS),
    "stateful.md": lambda: stateful_page(DOCS),
    "mutation.md": lambda: mutation_page(DOCS),
    "explaining.md": lambda: explaining_page(DOCS),
    "gate.md": lambda: gate_page(DOCS),
    "reading-a-trace.md": lambda: reading_page(DOCS),
}

#: Everything that can be chosen by name. The last three take minutes: proofs, searches, two patches that are gated.
PARTS: dict[str, Callable[[], dict[Path, str]]] = {
    **{name: partial(lambda name: {DOCS / name: PAGES[name]()}, name) for name in PAGES},
    "pictures": draw_pictures,
    "schemas": write_schemas,
    "proof": prove_all,
    "counterexamples": derive_all,
    "tutorial.md": run_tutorial,
}


def main() -> int:
    """Write the files that changed, or with ``--check`` name them; the exit code."""
    parser = argparse.ArgumentParser(description="Write the pages, and the parts of pages, that come from the code.")
    parser.add_argument("--check", action="store_true", help="say which are out of date, and write nothing")
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"what to make (default: all): {', '.join(PARTS)}")
    arguments = parser.parse_args()
    for name in arguments.parts:
        if name not in PARTS:
            parser.error(f"no part {name}: choose from {', '.join(PARTS)}")
    stale = False
    for name in arguments.parts or PARTS:
        if arguments.check and name == "tutorial.md" and not arguments.parts:
            print("docs/tutorial.md not checked: its gates take minutes; ask for it by name")
            continue
        for path, text in PARTS[name]().items():
            if path.exists() and path.read_text() == text:
                continue
            stale = True
            if not arguments.check:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
            print(f"{path.relative_to(ROOT)} {'is out of date' if arguments.check else 'written'}", flush=True)
    return 1 if arguments.check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
