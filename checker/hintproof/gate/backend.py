"""Who opens kernel trees and runs their drivers, for the command and for pytest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hintproof.gate.checker import Render
from hintproof.gate.watched import DRIVER, HEADER, DirectoryTree, Source, TextTree, decoded

if TYPE_CHECKING:
    from hintproof.gate.linux import LinuxChecker


class LinuxBackend:
    """Opens kernel trees and source packages, and runs their drivers; ``render`` writes traces as text."""

    def __init__(self, render: Render) -> None:
        self.render = render

    def source(self, name: str) -> Source:
        """A kernel tree, or the source package of that name. Raises :class:`BadInput` if there is none."""
        if Path(name).is_dir():
            return DirectoryTree(Path(name))
        from hintproof.linux.source import find_source  # here and below, as not every command needs a driver

        found = find_source(name)
        texts = {DRIVER: decoded(found.driver), HEADER: decoded(found.header)}
        return TextTree(found.name, texts)

    def checker(self, thorough: bool) -> LinuxChecker:
        """What checks a driver: in a minute, or as far as it can."""
        from hintproof.gate.check_plan import MORE, USUAL
        from hintproof.gate.linux import LinuxChecker

        return LinuxChecker((*USUAL, *MORE) if thorough else USUAL, self.render)
