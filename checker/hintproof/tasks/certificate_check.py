"""Check a directory of certificates, without hintproof: hashes, and the answer of a solver to each script.

usage: python check.py [--solver COMMAND] [DIRECTORY]

Without --solver it uses the Python module cvc5; COMMAND is any solver that reads SMT-LIB 2.6 from a file,
for example 'z3' or 'cvc5'. Exit code 0: all as the manifest says; 1: not so; 2: this is no certificate.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any


def ask_cvc5(module: Any, script: str, milliseconds: int | None = None) -> str:
    """The answer of the Python module cvc5 to a script, in a solver of its own: "unsat", "sat" or "unknown"."""
    solver = module.Solver(module.TermManager())
    if milliseconds is not None:
        solver.setOption("tlimit-per", str(milliseconds))
    parser = module.InputParser(solver)
    parser.setStringInput(module.InputLanguage.SMT_LIB_2_6, script, "obligation")
    answers = []
    while not (command := parser.nextCommand()).isNull():
        answers.append(str(command.invoke(solver, parser.getSymbolManager())).strip())
    decided = [answer for answer in answers if answer in ("sat", "unsat")]
    return decided[0] if len(decided) == 1 else "unknown"


def ask_module(script: str) -> str:
    """The answer of cvc5, where it is installed."""
    import cvc5

    return ask_cvc5(cvc5, script)


def ask_command(command: str, path: Path) -> str:
    """The answer of a solver on the PATH."""
    done = subprocess.run([*shlex.split(command), str(path)], capture_output=True, text=True, check=False)
    return done.stdout.strip()


def find_problem(directory: Path, entry: dict[str, Any], command: str | None) -> str:
    """The problem of one obligation: its file, its hash or its answer; "" if there is none."""
    path = directory / entry["file"]
    try:
        script = path.read_bytes()
    except OSError as problem:
        return f"{entry['file']}: {problem.strerror}"
    if hashlib.sha256(script).hexdigest() != entry["sha256"]:
        return f"{entry['file']}: not the file that was certified"
    answer = ask_command(command, path) if command else ask_module(script.decode())
    return "" if answer == entry["z3"] else f"{entry['file']}: {answer!r}, but the manifest says {entry['z3']!r}"


def main() -> int:
    """Check all files and say how many are right."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--solver", help="a command that reads SMT-LIB from a file, such as z3 or cvc5")
    parser.add_argument("directory", nargs="?", type=Path, default=Path(__file__).parent)
    options = parser.parse_args()
    try:
        manifest = json.loads((options.directory / "manifest.json").read_text())
        environments = [(e["environment"], e["obligations"]) for e in manifest["environments"]]
    except (OSError, ValueError, KeyError, TypeError) as problem:
        print(f"{options.directory}: no certificate: {problem}", file=sys.stderr)
        return 2
    bad = 0
    for environment, obligations in environments:
        problems = [text for entry in obligations if (text := find_problem(options.directory, entry, options.solver))]
        bad += len(problems)
        print(f"{environment}: {len(obligations) - len(problems)} of {len(obligations)} as the manifest says")
        for text in problems:
            print(f"  {text}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
