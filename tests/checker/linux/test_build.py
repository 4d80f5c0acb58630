"""One line for a driver that does not compile; limits of includes; the places where drivers are."""

from __future__ import annotations

import io
import re
import tarfile
from pathlib import Path

import pytest

from hintproof.linux import binding, operations
from hintproof.linux.build import SHIM, BuildFailed, build
from hintproof.linux.diagnosis import Missing
from hintproof.linux.driver import Driver
from hintproof.linux.source import DRIVER, HEADER, Source, find_source
from hintproof.system.errors import BadInput
from tests.checker.linux.little import little_source


def test_names_that_the_shim_does_not_have_are_listed_with_their_lines(tmp_path: Path) -> None:
    source = little_source("frobnicate_pages(l->page); l->vq[0]->colour = NEW_FLAG;")
    with pytest.raises(BuildFailed) as caught:
        build(source, tmp_path)
    line = source.files[DRIVER].split("frobnicate")[0].count("\n") + 1
    assert set(caught.value.missing) == {
        Missing("frobnicate_pages", "function", line),
        Missing("colour", "field", line),
        Missing("NEW_FLAG", "name", line),
    }
    assert "the shim does not know" in str(caught.value)


def test_a_function_that_is_declared_and_nowhere_is_listed_too(tmp_path: Path) -> None:
    with pytest.raises(BuildFailed) as caught:
        build(little_source("extern int somewhere(void); somewhere();"), tmp_path)
    assert [m.name for m in caught.value.missing] == ["somewhere"]


@pytest.mark.parametrize("fault", ["l->id = ;", "if (l {", "}"])
def test_an_error_of_its_own_is_not_called_an_unknown_name(tmp_path: Path, fault: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        build(little_source(fault), tmp_path)
    assert caught.value.missing == ()
    assert re.search(r"does not compile: line \d+", str(caught.value))


@pytest.mark.parametrize("name", ["../../etc/passwd.h", "/etc/passwd", "linux/../../x.h", "a b.h", "x.c"])
def test_an_include_stays_below_the_scratch_directory(tmp_path: Path, name: str) -> None:
    source = Source("x", {DRIVER: f"#include <{name}>\n"})
    with pytest.raises(BadInput, match="no header of the kernel"):
        build(source, tmp_path / "here")


def test_a_text_that_would_fill_the_disk_or_the_memory(tmp_path: Path) -> None:
    files = little_source().files
    huge = Source("huge", {**files, DRIVER: "char data[1UL << 33] = { 1 };\n" + files[DRIVER]})
    with pytest.raises(BuildFailed):
        build(huge, tmp_path)


def test_a_path_with_spaces(tmp_path: Path) -> None:
    assert Driver(build(little_source(), tmp_path / "a path" / "with spaces")).start() == 0


def test_a_tree_a_tarball_and_what_is_neither(tmp_path: Path) -> None:
    source = little_source()
    tree = tmp_path / "tree"
    source.write(tree)
    assert find_source(tree).files == source.files
    with tarfile.open(tmp_path / "linux.tar.xz", "w:xz") as tar:
        for path, text in source.files.items():
            info = tarfile.TarInfo(f"linux-9.9/{path}")
            info.size = len(text.encode())
            tar.addfile(info, io.BytesIO(text.encode()))
    assert find_source(tmp_path / "linux.tar.xz").files == source.files
    (tree / HEADER).unlink()
    with pytest.raises(BadInput, match=f"no {HEADER} there"):
        find_source(tree)
    (tmp_path / "file").write_bytes(b"\0" * 100)
    with pytest.raises(BadInput, match="no kernel source"):
        find_source(tmp_path / "file")
    with pytest.raises(BadInput, match="not installed"):
        find_source("linux-source-99.9")
    with pytest.raises(BadInput, match="no such file"):
        find_source(tmp_path / "nothing")


def test_both_sides_number_calls_and_entries_alike() -> None:
    text = (SHIM / "runtime.h").read_text()
    for enum, prefix, python in (("hp_op", "OP_", operations.Op), ("hp_entry", "ENTRY_", operations.Entry)):
        body = re.search(rf"enum {enum} {{(.*?)}};", text, re.DOTALL)
        assert body is not None
        names = [n.removeprefix(prefix) for n in re.findall(rf"{prefix}\w+", body[1]) if n != "OP_COUNT"]
        assert names == [member.name for member in python]
    sizes = dict(re.findall(r"(\w+) = (\d+)[,\s]", text))
    assert int(sizes["HINT_ELEMENTS"]) == binding.HINT_ELEMENTS
    assert int(sizes["THREADS"]) == binding.THREADS
    assert (int(sizes["BLOCKS"]), int(sizes["SMALL_PAGES"])) == (binding.BLOCKS, binding.SMALL_PAGES)


def test_the_portable_switch_of_stacks_does_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from hintproof.linux import build as module

    monkeypatch.setattr(module, "_RUNTIME", (*module._RUNTIME, "-DHP_PORTABLE"))
    module._runtime.cache_clear()
    try:
        driver = Driver(build(little_source(), tmp_path))
    finally:
        module._runtime.cache_clear()
    from hintproof.linux.explore import Plan, Verdict, explore

    driver.start()
    assert explore(driver, Plan(commands=(7, 8), removes=1)).verdict == Verdict.EXHAUSTED
