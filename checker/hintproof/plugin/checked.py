"""The result of a check in a test, and assertions about it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hintproof.story.build import build_story
from hintproof.story.causes import explain_end
from hintproof.system.errors import BadInput
from hintproof.tasks.check import Result
from hintproof.tasks.verdict import Verdict
from hintproof.trace.document import save
from hintproof.views.trace import mail
from hintspec.language.errors import quote, suggest


class CheckedEnvironment:
    """The result of a check, and assertions about it."""

    def __init__(self, result: Result, traces: Path) -> None:
        self.result = result
        self._traces = traces

    def must_hold(self, *properties: str) -> None:
        """Fail the test, with the trace as its output, unless the properties (default: all) are shown to hold.

        An undecided property fails the test, too. Raises :class:`BadInput` for a
        property that this environment doesn't have.
        """
        __tracebackhide__ = True
        known = [item.name for item in self.result.properties]
        for name in properties or known:
            if name not in known:
                hint = suggest(name, known)
                raise BadInput(f"{self.result.environment} has no property {quote(name)}{hint}: {', '.join(known)}")
            verdict = self.result.verdict(name)
            if not verdict.holds:
                pytest.fail(self._complaint(name, verdict), pytrace=False)

    def must_fall(self, name: str) -> None:
        """Fail the test unless the property is refuted: for controls that must be able to fail."""
        __tracebackhide__ = True
        if self.result.verdict(name) != Verdict.REFUTED:
            pytest.fail(f"{self.result.environment}: {name} is not refuted", pytrace=False)

    def _complaint(self, name: str, verdict: Verdict) -> str:
        engines = "; ".join(f"{j.engine}: {j.verdict.value} {j.detail}" for j in self.result.judgements(name))
        text = f"{self.result.environment} ({self.result.sizes}): {name} {verdict.value} ({engines})\n"
        trace = self.result.trace(name)
        if trace is None:
            return text
        path = self._traces / f"{self.result.environment},{name}.json"
        save(trace, explain_end(trace), path)
        shown = mail.render(build_story(trace, self.result.known_as(name)))
        return f"{text}trace kept in {path}\n\n{shown}"
