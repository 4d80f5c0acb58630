"""The rooms of both packages, and which room imports which: the last column of the table in ``architecture.md``."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent

#: Where the source of each package stands.
PACKAGES = {"hintspec": ROOT / "spec" / "hintspec", "hintproof": ROOT / "checker" / "hintproof"}


def rooms(packages: dict[str, Path] = PACKAGES) -> dict[str, list[Path]]:
    """Each room, as ``package.room``, with its modules. A module at the top of a package is a room by itself."""
    found: dict[str, list[Path]] = {}
    for package, folder in packages.items():
        for file in sorted(folder.rglob("*.py")):
            name = file.relative_to(folder).parts[0].removesuffix(".py")
            if name != "__init__":
                found.setdefault(f"{package}.{name}", []).append(file)
    return found


def imports(packages: dict[str, Path] = PACKAGES) -> dict[str, list[str]]:
    """The other rooms that each room imports, anywhere in its modules: in functions and for types alone, too."""
    known = rooms(packages)
    return {
        room: sorted({other for file in files for other in _imported(file, known)} - {room})
        for room, files in known.items()
    }


def _imported(file: Path, known: dict[str, list[Path]]) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(), str(file))):
        names: list[str] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            if node.level:
                raise ValueError(f"{file}:{node.lineno}: a relative import")
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        for name in names:
            room = ".".join(name.split(".")[:2])
            if room in known:
                yield room


def table_rows(page: str) -> Iterator[tuple[int, str, list[str]]]:
    """The rows of the page's tables of rooms: the number of the line (from 0), the room, the cells."""
    package = ""
    for number, line in enumerate(page.splitlines()):
        if line.startswith("#"):
            package = line.split("`")[1] if line.startswith("### `") else ""
        elif package and line.startswith("| `"):
            cells = [cell.strip() for cell in line.split("|")[1:-1]]
            yield number, f"{package}.{cells[0].strip('`')}", cells


def fill_imports(page: str) -> str:
    """The page with the last column of its tables of rooms made anew."""
    lines, rows, known = page.splitlines(), list(table_rows(page)), imports()
    order = [room for _, room, _ in rows]
    for number, room, cells in rows:
        others = ", ".join(f"`{other.split('.')[1]}`" for other in sorted(known[room], key=order.index))
        lines[number] = f"| {' | '.join([*cells[:-1], others or 'nothing'])} |"
    return "\n".join(lines) + "\n"
