"""The benchmark measures what it says, and nothing pays for Numba that does not use it."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict

import pytest

from hintproof.benchmark import COMPILED, PLAIN, SYMMETRIC, WORLDS, BenchTask, tasks
from hintproof.views import tables
from hintspec.records import RECORDS
from hintspec.sizes import Sizes


@pytest.mark.parametrize("engine", [PLAIN, COMPILED])
def test_a_search_is_measured(engine: str) -> None:
    measured = BenchTask("no-hint+qemu-10+tcg", Sizes(1, 2, 2), engine).run()
    assert measured.states == 273
    assert measured.rate > 0
    assert measured.megabytes > 10
    json.dumps(asdict(measured))


def test_each_world_is_searched_in_each_way() -> None:
    for environment, sizes in WORLDS:
        ways = [task.engine for task in tasks() if (task.environment, task.sizes) == (environment, sizes)]
        assert ways == ([PLAIN, COMPILED, SYMMETRIC] if sizes.blocks > 1 else [PLAIN, COMPILED])
        assert (environment, sizes) in {(r.environment, r.sizes) for r in RECORDS}, "its counts are pinned, too"


def test_the_table_has_a_row_a_search() -> None:
    rows = [BenchTask("no-hint+qemu-10+tcg", Sizes(1, 2, 2), engine).run() for engine in (PLAIN, COMPILED)]
    assert tables.bench_table(rows).row_count == 2


def test_a_command_that_searches_nothing_does_not_import_numba() -> None:
    code = "import hintproof.cli, sys; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
