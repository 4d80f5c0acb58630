"""Any release is a word that stands for the words of its rules."""

from __future__ import annotations

from pathlib import Path

import pytest

from hintproof.tasks.check import plan
from hintspec.catalogue.environments import CHANGES, DEVICES, DRIVERS, compose
from hintspec.catalogue.releases import FAMILIES, resolve_releases
from hintspec.language.errors import SpecError
from tests.checker.command import hintproof


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("linux-5.4.18", "linux-5.0"),
        ("linux-5.4.19", "linux-5.7+no-shrinker"),
        ("linux-5.6", "linux-5.7+no-shrinker"),
        ("linux-5.15", "linux-5.7"),
        ("linux-6", "linux-5.7"),
        ("linux-6.8", "linux-6.1"),
        ("linux-6.1.176", "linux-6.1"),
        ("linux-7.2.13", "linux-6.12"),
        ("linux-latest", "linux-6.12"),
    ],
)
def test_a_linux_release_keeps_to_the_rules_of_a_word(release: str, words: str) -> None:
    resolved = resolve_releases(f"{release}+qemu-7.2+kvm-auto")
    assert resolved.name == f"{words}+qemu-7.2+kvm-auto"
    assert len(resolved.notes) == 1
    assert resolved.notes[0].endswith(f"keeps to the rules of {words}")
    assert compose(f"{release}+qemu-7.2+kvm-auto") == compose(f"{words}+qemu-7.2+kvm-auto")


@pytest.mark.parametrize(
    ("release", "word"),
    [("qemu-4.2", "qemu-5.0"), ("qemu-6.0", "qemu-5.1"), ("qemu-8.1.3", "qemu-7.2"), ("qemu-9.2", "qemu-10"),
     ("qemu-10.0", "qemu-10"), ("qemu-latest", "qemu-10")],
)  # fmt: skip
def test_a_qemu_release_keeps_to_the_rules_of_a_word(release: str, word: str) -> None:
    assert resolve_releases(f"linux-6.1+{release}+kvm-auto").name == f"linux-6.1+{word}+kvm-auto"


@pytest.mark.parametrize(
    ("environment", "ranges"),
    [
        ("linux-4.19+qemu-7.2+kvm-auto", "no rules of Linux 4.19 are known, only of 4.20 .. 5.5.0, 5.6 .. 7.3"),
        ("linux-5.5.7+qemu-7.2+kvm-auto", "no rules of Linux 5.5.7 are known, only of 4.20 .. 5.5.0, 5.6 .. 7.3"),
        ("linux-6.1+qemu-11.1+kvm-auto", "no rules of QEMU 11.1 are known, only of 4.0 .. 10.2"),
        ("linux-6.1+firecracker-1.15", "no rules of Firecracker 1.15 are known, only of 1.14"),
        ("linux-6.1+qemu-8.2.2+tcg", "no word has the rules of QEMU 8.2 with TCG"),
    ],
)
def test_a_release_outside_every_range_is_refused_with_the_ranges(environment: str, ranges: str) -> None:
    with pytest.raises(SpecError, match=ranges):
        resolve_releases(environment)


@pytest.mark.parametrize("word", [*DRIVERS, *DEVICES, *CHANGES, "virtio-1.3"])
def test_a_word_stays(word: str) -> None:
    assert resolve_releases(word).name == word
    assert resolve_releases(word).notes == ()


def test_all_ranges_name_words() -> None:
    ranges = [releases for family in FAMILIES.values() for releases in family.releases]
    assert {word for releases in ranges for word in releases.words.split("+")} <= {*DRIVERS, *DEVICES, *CHANGES}
    for family in FAMILIES.values():
        assert [r.first for r in family.releases] == sorted(r.first for r in family.releases)


def test_a_check_of_a_release_is_held_to_the_record_of_its_rules() -> None:
    result, _ = plan("linux-6.8+qemu-8.1+kvm-auto")
    assert result.environment == "linux-6.1+qemu-7.2+kvm-auto"
    assert result.record is not None


def test_the_tool_says_which_rules_a_release_keeps_to(tmp_path: Path) -> None:
    done = hintproof(tmp_path, "text", "linux-6.8+qemu-7.2+kvm-auto", "--actor", "guest")
    assert done.returncode == 0
    assert done.stderr == "hintproof: linux-6.8 keeps to the rules of linux-6.1\n"
    assert done.stdout.startswith("linux-6.1+qemu-7.2+kvm-auto\n")
    refused = hintproof(tmp_path, "check", "linux-6.1+qemu-11.1+kvm-auto")
    assert (refused.returncode, refused.stderr.count("\n")) == (2, 1)
    assert "no rules of QEMU 11.1 are known, only of 4.0 .. 10.2" in refused.stderr
