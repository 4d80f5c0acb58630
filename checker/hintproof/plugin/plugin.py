"""The pytest plugin: a test of a few lines says which properties must hold in an environment.

.. code-block:: python

    @pytest.mark.hintproof("linux-6.1+qemu-7.2+kvm-auto+cell-per-round", ring=3, rounds=2)
    def test_no_write_is_lost(hintproof_result):
        hintproof_result.must_hold("no_lost_write")

pytest imports this module in every run, so that it imports nothing that takes time. A fixture imports the checker.
"""

from __future__ import annotations

import sys
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hintproof.engines.options import PROFILES
from hintproof.plugin import gate as pytest_gate

if TYPE_CHECKING:
    from hintproof.cli.settings import Settings
    from hintproof.engines.options import Options
    from hintproof.plugin.checked import CheckedEnvironment
    from hintproof.system.progress import Progress
    from hintproof.tasks.check import Result
    from hintspec.language.sizes import Sizes

_MARKER = "hintproof"

#: pytest looks for fixtures here.
hintproof_gate = pytest_gate.hintproof_gate


class HintproofPlugin:
    """Options as given, and the checks made so far in this session."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self._done: dict[Any, Result] = {}

    @cached_property
    def settings(self) -> Settings:
        """The defaults of pyproject.toml. Raises :class:`BadInput` for a wrong one."""
        from hintproof.cli.settings import load_settings

        return load_settings(self.config.rootpath)

    @property
    def traces(self) -> Path:
        """The directory for trace files."""
        return Path(self.config.getoption("hintproof_traces") or self.settings.traces or "hintproof-traces")

    def pytest_collection_finish(self) -> None:
        """Have stateful tests save their traces where all others are."""
        if "hintproof.stateful" in sys.modules:
            from hintproof.stateful.violation import Traces
            from hintproof.system.errors import BadInput

            try:
                Traces.directory = self.traces
            except BadInput as problem:
                raise pytest.UsageError(f"hintproof: {problem}") from None

    @pytest.fixture
    def hintproof_check(self) -> Any:
        """A function ``(environment, engines=(), **sizes)`` that checks and returns a :class:`CheckedEnvironment`."""
        from hintproof.system.errors import BadInput
        from hintspec.language.errors import SpecError
        from hintspec.language.sizes import Sizes

        def run(environment: str, engines: Any = (), **sizes: int) -> CheckedEnvironment:
            __tracebackhide__ = True
            problem: Exception
            try:
                chosen = Sizes(**sizes) if sizes else None
            except (SpecError, TypeError) as wrong:
                problem = wrong
            else:
                try:
                    return self._check(environment, list(engines), chosen)
                except BadInput as wrong:
                    problem = wrong
            pytest.fail(f"hintproof: {str(problem).replace('Sizes.__init__() got', 'no size:')}", pytrace=False)

        return run

    @pytest.fixture
    def hintproof_result(self, request: pytest.FixtureRequest, hintproof_check: Any) -> CheckedEnvironment:
        """The checked environment that the test's ``hintproof`` marker names."""
        marker = request.node.get_closest_marker(_MARKER)
        if marker is None or not marker.args:
            pytest.fail('hintproof: mark the test with @pytest.mark.hintproof("ENVIRONMENT")', pytrace=False)
        checked: CheckedEnvironment = hintproof_check(*marker.args, **marker.kwargs)
        return checked

    def _check(self, environment: str, engines: list[str], sizes: Sizes | None) -> CheckedEnvironment:
        """Check an environment once a session for the same engines and sizes."""
        from hintproof.engines.limits import Limits
        from hintproof.plugin.checked import CheckedEnvironment
        from hintproof.tasks.check import check

        engines = self.config.getoption("hintproof_engine") or engines or self.settings.engines
        sizes = self.sizes_option() or sizes or self._default_sizes()
        key = (environment, tuple(engines), sizes)
        if key not in self._done:
            limits = Limits(seconds=self.config.getoption("hintproof_seconds") or self.settings.seconds)
            with self._progress(environment) as progress:
                self._done[key] = check(environment, sizes, engines, limits, self._options(), progress)
        return CheckedEnvironment(self._done[key], self.traces)

    def _options(self) -> Options:
        """The engines' options. With Hypothesis' own option for a seed nothing is replayed, as in Hypothesis itself."""
        from hintproof.engines.options import DEFAULT_PROFILE, Options, SamplingOptions

        seed = self.config.getoption("--hypothesis-seed", None)
        keeps = seed is None and self.settings.database and not self.config.getoption("hintproof_no_database")
        database = str(self.config.rootpath / ".hypothesis" / "examples") if keeps else None
        profile = self.config.getoption("hintproof_profile") or self.settings.profile or DEFAULT_PROFILE
        return Options(sampled=SamplingOptions(profile=profile, seed=_seed(seed), database=database))

    def sizes_option(self) -> Sizes | None:
        """The sizes of ``--hintproof-sizes``; None if it was not given."""
        given = self.config.getoption("hintproof_sizes")
        return parse_sizes(given) if given else None

    def _default_sizes(self) -> Sizes | None:
        """The sizes of pyproject.toml; None if there are none."""
        given = self.settings.sizes
        return parse_sizes(",".join(f"{name}={value}" for name, value in given.items())) if given else None

    @contextmanager
    def _progress(self, environment: str) -> Iterator[Progress]:
        """Show the progress of a check in one line, on a terminal only and never with -q."""
        from hintproof.system.progress import no_progress

        reporter = self.config.pluginmanager.get_plugin("terminalreporter")
        capture = self.config.pluginmanager.get_plugin("capturemanager")
        if reporter is None or capture is None or not reporter.isatty or self.config.get_verbosity() < 0:
            yield no_progress
            return

        def show(text: str) -> None:
            with capture.global_and_fixture_disabled():
                sys.stdout.write(f"\r{text[:78]:<78}\r")
                sys.stdout.flush()

        yield lambda what, count: show(f"{environment}: {count} {what}")
        show("")


def _seed(given: str | int | None) -> int:
    """The number for a seed of Hypothesis, which may be any word."""
    try:
        return int(given or 0)
    except ValueError:
        return zlib.crc32(str(given).encode())


def parse_sizes(text: str) -> Sizes:
    """Sizes from ``blocks=2,ring=4``. Raises :class:`BadInput` for anything else."""
    from hintproof.system.errors import BadInput
    from hintspec.language.errors import SpecError
    from hintspec.language.sizes import Sizes

    try:
        pairs = [pair.split("=", 1) for pair in text.split(",")]
        return Sizes(**{name.strip(): int(value) for name, value in pairs})
    except (ValueError, TypeError, SpecError) as problem:
        raise BadInput(f"sizes {text!r}: write for example blocks=1,ring=3,rounds=2 ({problem})") from None


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options."""
    group = parser.getgroup("hintproof", "hintproof: free page hinting")
    group.addoption(
        "--hintproof-environment", action="append", metavar="NAME", help="environment for hintproof.suite; repeatable"
    )
    group.addoption("--hintproof-engine", action="append", metavar="ENGINE", help="use these engines only; repeatable")
    group.addoption("--hintproof-sizes", metavar="SIZES", help="sizes, for example blocks=1,ring=3,rounds=2")
    group.addoption("--hintproof-seconds", type=float, metavar="S", help="seconds an engine may take")
    amount = "how much the sampled engine explores (default: quick)"
    group.addoption("--hintproof-profile", choices=list(PROFILES), help=amount)
    group.addoption("--hintproof-no-database", action="store_true", help="do not use the database of Hypothesis")
    group.addoption("--hintproof-traces", metavar="DIR", help="directory for trace files (default: hintproof-traces)")
    pytest_gate.add_options(group)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker and the plugin's state; refuse options of no use before any test runs."""
    config.addinivalue_line(
        "markers", f"{_MARKER}(environment, engines=[...], **sizes): the environment of the hintproof_result fixture"
    )
    plugin = HintproofPlugin(config)
    config.pluginmanager.register(plugin, "hintproof-state")
    config.pluginmanager.register(pytest_gate.GatePlugin(config), pytest_gate.NAME)
    if config.getoption("hintproof_sizes"):
        from hintproof.system.errors import BadInput

        try:
            plugin.sizes_option()
        except BadInput as problem:
            raise pytest.UsageError(str(problem)) from None
