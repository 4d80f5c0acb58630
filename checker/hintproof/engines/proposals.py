"""Hypothesis on byte strings that we propose: it replays, shrinks and stores them; a backend of ours generates them."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.database import ExampleDatabase
from hypothesis.internal.conjecture.providers import AVAILABLE_PROVIDERS, PrimitiveProvider

_NAME = "hintproof-proposals"


class RunFails(AssertionError):
    """The test fails on a byte string: Hypothesis is to shrink it."""


def shrink_proposals(
    test: Callable[[bytes], None],
    propose: Callable[[], bytes],
    longest: int,
    examples: int,
    phases: tuple[Phase, ...] = (Phase.generate, Phase.shrink),
    database: ExampleDatabase | None = None,
    first_seed: int = 0,
) -> None:
    """Run a test on proposals of at most ``longest`` bytes, and shrink one on which it raises :class:`RunFails`.

    The first example is the empty string, which Hypothesis always tries. The test has to remember what it saw.
    """
    AVAILABLE_PROVIDERS[_NAME] = _backend(propose)
    options = settings(
        max_examples=examples,
        deadline=None,
        database=database,
        report_multiple_bugs=False,
        print_blob=False,
        phases=phases,
        suppress_health_check=list(HealthCheck),
        backend=_NAME,
    )
    try:
        # in this order: a seed bars the database unless settings come after it
        options(seed(first_seed)(given(st.binary(max_size=longest))(test)))()
    except RunFails:
        pass
    finally:
        del AVAILABLE_PROVIDERS[_NAME]


def _backend(propose: Callable[[], bytes]) -> type[PrimitiveProvider]:
    class Proposals(PrimitiveProvider):
        def draw_bytes(self, min_size: int = 0, max_size: int = 0) -> bytes:
            return propose()

        def _not_drawn(self, *args: object, **kwargs: object) -> object:
            raise AssertionError("a run is drawn as bytes")

        draw_boolean = draw_integer = draw_float = draw_string = _not_drawn  # type: ignore[assignment]

    return Proposals
