"""A driver in a process of its own: its limits there, and the message if it takes the process along."""

from __future__ import annotations

import os
import signal
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from hintproof.linux.build import build
from hintproof.linux.child import Lost, run_job
from hintproof.linux.driver import Driver
from hintproof.linux.explore import Plan, explore
from hintproof.system.errors import BadInput, EngineBug
from tests.checker.linux.little import little_source


def explored(arguments: dict[str, Any]) -> dict[str, Any]:
    driver = Driver(Path(arguments["library"]))
    driver.start()
    found = explore(driver, Plan(commands=(7, 8), removes=1))
    return {"verdict": found.verdict.name, "states": found.states}


def tries(arguments: dict[str, Any]) -> dict[str, Any]:
    """What a hostile driver might try."""
    elsewhere = Path(arguments["elsewhere"])
    could: dict[str, bool] = {}
    try:
        elsewhere.write_text("here")
        could["write"] = True
    except OSError:
        could["write"] = False
    try:
        os.truncate(arguments["there"], 0)
        could["truncate"] = True
    except OSError:
        could["truncate"] = False
    try:
        socket.create_connection(("127.0.0.1", arguments["port"]), timeout=2).close()
        could["connect"] = True
    except OSError:
        could["connect"] = False
    Path("here").write_text("allowed")
    return {"could": could}


def dies(arguments: dict[str, Any]) -> dict[str, Any]:
    os.kill(os.getpid(), signal.SIGSEGV)
    return {}


def is_wrong(arguments: dict[str, Any]) -> dict[str, Any]:
    raise AssertionError("a fault of ours")


def sleeps(arguments: dict[str, Any]) -> dict[str, Any]:
    time.sleep(600)
    return {}


def refuses(arguments: dict[str, Any]) -> dict[str, Any]:
    raise BadInput("this will not do")


def eats(arguments: dict[str, Any]) -> dict[str, Any]:
    return {"bytes": len(bytearray(4 << 30))}


def test_a_search_in_a_child(tmp_path: Path) -> None:
    answer = run_job(explored, {"library": str(build(little_source(), tmp_path))})
    assert answer["verdict"] == "EXHAUSTED"
    assert answer["states"] > 50


def test_what_the_child_gave_up(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        there = tmp_path / "there"
        there.write_text("kept")
        arguments = {"elsewhere": str(tmp_path / "file"), "there": str(there), "port": server.getsockname()[1]}
        answer = run_job(tries, arguments)
    if "no writing elsewhere" in answer["sandbox"]:
        assert not answer["could"]["write"]
        assert not (tmp_path / "file").exists()
    if "no truncating elsewhere" in answer["sandbox"]:
        assert not answer["could"]["truncate"]
        assert there.read_text() == "kept"
    if "no network" in answer["sandbox"]:
        assert not answer["could"]["connect"]
    assert "limits" in answer["sandbox"]


def test_a_child_that_is_lost() -> None:
    with pytest.raises(Lost, match="SIGSEGV"):
        run_job(dies, {})
    with pytest.raises(Lost, match="MemoryError"):
        run_job(eats, {}, megabytes=2048)


def test_a_child_that_takes_too_long_is_ended() -> None:
    with pytest.raises(BadInput, match="longer than 2 seconds"):
        run_job(sleeps, {}, seconds=2)


def test_bad_input_in_the_child_is_bad_input() -> None:
    with pytest.raises(BadInput, match="this will not do"):
        run_job(refuses, {})


def test_a_job_that_fails_by_itself_is_no_crash_of_the_driver() -> None:
    with pytest.raises(EngineBug, match=r"is_wrong failed, and not for the driver's sake: .*a fault of ours"):
        run_job(is_wrong, {})
