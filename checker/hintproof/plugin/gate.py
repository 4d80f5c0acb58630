"""The gate from pytest: options, a test for each patch, and a fixture for other tests.

A plugin adds the options and registers :class:`GatePlugin`. A test that needs patches imports what reads and checks
them.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from hintproof.cli.gate import MakeChecker
    from hintproof.cli.settings import GateSettings
    from hintproof.gate.mails import Patch
    from hintproof.gate.report import GateReport, PatchReport

#: The shipped test of patches.
_SHIPPED = Path(__file__).parents[1] / "suite" / "test_gate.py"

#: The argument of a test that runs once for each patch.
ONE_PATCH = "hintproof_patch"


def add_options(group: pytest.OptionGroup) -> None:
    """Add the options of the gate."""
    group.addoption("--hintproof-linux", metavar="TREE", help="gate patches to the driver of this tree or package")
    group.addoption(
        "--hintproof-patch", metavar="FILE", action="append", default=[], help="a patch; may be repeated: a series"
    )
    group.addoption("--hintproof-thorough", action="store_true", help="search larger sizes; takes longer than a minute")


class GatedPatches:
    """The report of the gate on a series of patches, and an assertion about it."""

    def __init__(self, report: GateReport) -> None:
        self.report = report

    def must_add_nothing_bad(self, strict: bool = False) -> None:
        """Fail the test, with the mail text as its output, unless the gate ends with exit code 0.

        It does not if a patch violates a property that held without it (``strict``: if any property is violated), or
        if something is undecided. Of a patch that leaves the code as it is the properties are asked only with
        ``strict = true`` in [tool.hintproof.gate]; without, ``strict`` finds them undecided.
        """
        from hintproof.tasks.verdict import Exit
        from hintproof.views.gate import mail as gate_mail

        __tracebackhide__ = True
        if self.report.exit_code(strict) != Exit.AS_EXPECTED:
            pytest.fail(gate_mail.render(self.report), pytrace=False)


#: The name under which :class:`GatePlugin` is registered.
NAME = "hintproof-gate"


@pytest.fixture(scope="session")
def hintproof_gate(pytestconfig: pytest.Config) -> GatedPatches:
    """The report on all patches together."""
    plugin = pytestconfig.pluginmanager.get_plugin(NAME)
    assert isinstance(plugin, GatePlugin)
    return plugin.gated()


class GatePlugin:
    """The patches of a session, checked once, when the first test asks."""

    def __init__(self, config: pytest.Config, make_checker: MakeChecker | None = None) -> None:
        self._config = config
        self._make_checker = make_checker

    @cached_property
    def _settings(self) -> GateSettings:
        from hintproof.cli.settings import load_settings

        return load_settings(self._config.rootpath).gate

    @property
    def _linux(self) -> str:
        """The tree to gate patches to; "" if no patches are gated."""
        if not self._config.getoption("--hintproof-patch"):
            return self._config.getoption("--hintproof-linux") or ""
        return self._config.getoption("--hintproof-linux") or self._settings.linux

    @cached_property
    def _patches(self) -> list[Patch]:
        from hintproof.gate.patches import read

        return [patch for file in self._config.getoption("--hintproof-patch") for patch in read(file)]

    @cached_property
    def _report(self) -> GateReport:
        from hintproof.cli.gate import linux_checker
        from hintproof.gate.gate import run_gate
        from hintproof.linux.source import find_source

        thorough = bool(self._config.getoption("--hintproof-thorough")) or self._settings.thorough
        checker = (self._make_checker or linux_checker)(thorough)
        return run_gate(find_source(self._linux), self._patches, checker, ask_always=self._settings.strict)

    def pytest_ignore_collect(self, collection_path: Path) -> bool | None:
        """Leave the shipped test of patches out where no patches are gated."""
        return True if collection_path == _SHIPPED and not self._linux else None

    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> None:
        """Make a test for each patch."""
        if ONE_PATCH in metafunc.fixturenames:
            numbers = range(len(self._patches) if self._linux else 0)
            names = [ascii(self._patches[number].title or self._patches[number].name)[1:-1] for number in numbers]
            metafunc.parametrize(ONE_PATCH, numbers, ids=names, indirect=True)

    def gated(self) -> GatedPatches:
        """The report on all patches together; skips where none are gated."""
        if not self._linux or not self._patches:
            pytest.skip("needs patches: --hintproof-linux TREE --hintproof-patch FILE")
        return GatedPatches(self._report)

    @pytest.fixture
    def hintproof_patch(self, request: pytest.FixtureRequest, hintproof_gate: GatedPatches) -> GatedPatches:
        """The report on one patch of the series."""
        one: PatchReport = hintproof_gate.report.patches[request.param]
        return GatedPatches(replace(hintproof_gate.report, patches=(one,)))
