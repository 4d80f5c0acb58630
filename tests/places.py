"""Where the tests find what lies outside their own folder."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[1]
COUNTEREXAMPLES = ROOT / "counterexamples"
