"""Write the pages, and the parts of pages, that come from the code. Run it after a change of the spec.

python docs/generate.py           writes them
python docs/generate.py --check   says which are out of date, exit code 1
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from marks import fill
from proof_pages import proof_pages
from result_pages import defects_page, exploration_page, gate_page, mutation_page, speed_page
from rooms import fill_imports
from stateful_pages import example, stateful_page
from text_pages import environments_page, properties_page, resolved_page, state_page, steps_page
from trace_pages import explaining_page, reading_page

from hintproof.cli.reference import documents, schema_text
from hintproof.system.workers import Task, run_in_order
from hintproof.tasks.defects import Derived, derive
from hintproof.views.results.defects import files as defect_files
from hintproof.views.results.real import observation_lines
from hintspec.catalogue.defects import DEFECTS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"

#: The defect whose run the README prints.
FIRST = "early-release"


def derive_all() -> list[Derived]:
    """Derive all known defects anew, on all cores."""
    return run_in_order([Task(d.environment, d.name, partial(derive, d.name)) for d in DEFECTS.values()])


def generate() -> dict[Path, str]:
    """Make the text of every generated file."""
    proof, dependencies = proof_pages(DOCS)
    files = {
        DOCS / "architecture.md": fill_imports((DOCS / "architecture.md").read_text()),
        DOCS / "steps.md": steps_page(),
        DOCS / "text-linux-6.1.md": resolved_page("linux-6.1+qemu-7.2+kvm-manual"),
        DOCS / "state.md": state_page(),
        DOCS / "properties.md": properties_page(),
        DOCS / "environments.md": environments_page(),
        DOCS / "proof.md": proof,
        DOCS / "proof-dependencies.md": dependencies,
        DOCS / "speed.md": speed_page(DOCS),
        DOCS / "defects.md": defects_page(DOCS),
        DOCS / "exploration.md": exploration_page(DOCS),
        DOCS / "stateful.md": stateful_page(DOCS),
        DOCS / "mutation.md": mutation_page(DOCS),
        DOCS / "explaining.md": explaining_page(DOCS),
        DOCS / "gate.md": gate_page(DOCS),
        DOCS / "reading-a-trace.md": reading_page(DOCS),
    }
    files |= {DOCS / "schemas" / f"{name}.json": schema_text(name) for name in documents()}
    for item in derive_all():
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


def main() -> int:
    """Write the files that changed, or with ``--check`` name them; the exit code."""
    only_check = "--check" in sys.argv
    stale = {p: text for p, text in generate().items() if not p.exists() or p.read_text() != text}
    for path, text in stale.items():
        if not only_check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        print(f"{path.relative_to(ROOT)} {'is out of date' if only_check else 'written'}")
    return 1 if only_check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
