"""A QEMU binary: finding it, its version and accelerators, and why it can't be used here."""

from __future__ import annotations

import fcntl
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hintproof.qemu.tracee import tracing_refusal
from hintproof.system.errors import BadInput
from hintspec.protocol.rules import LogMode

#: Looked for if no binary is named.
DEFAULT = "qemu-system-x86_64"

#: Seconds that a binary may take to print its version.
_SECONDS = 20.0

KVM = Path("/dev/kvm")
_KVM_GET_API_VERSION, _KVM_CHECK_EXTENSION = 0xAE00, 0xAE03
_KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 = 168


@dataclass(frozen=True)
class Qemu:
    """A QEMU binary: where it is, its version as numbers and as text, the accelerators that it has."""

    path: str
    version: tuple[int, ...]
    version_text: str
    accelerators: tuple[str, ...]

    def __str__(self) -> str:
        return f"QEMU {self.version_text}"

    def refusal(self, accelerator: str) -> str:
        """Why this accelerator can't be used here; empty if it can."""
        if accelerator not in ("kvm", "tcg"):
            return f"there is no accelerator {accelerator[:40]!a}: say kvm or tcg"
        if accelerator not in self.accelerators:
            return f"{self.path} has no {accelerator}: it has {', '.join(self.accelerators) or 'nothing'}"
        return kvm_refusal() if accelerator == "kvm" else ""

    def log_mode(self, accelerator: str) -> LogMode:
        """The dirty log that this QEMU uses by default with this accelerator, on this host's kernel.

        Source: accel/kvm/kvm-all.c, kvm_init(): manual-clear where the kernel has it, from 4.1 on; the kernel's
        offer to begin with every bit set is taken from 5.1 on.
        """
        if accelerator == "tcg":
            return LogMode.TCG
        offered = manual_clear_offered()
        if not offered & 1 or self.version < (4, 1):
            return LogMode.KVM_AUTO
        return LogMode.KVM_MANUAL if offered & 2 and self.version >= (5, 1) else LogMode.KVM_MANUAL_ENABLE


def find_qemu(name: str | None = None) -> Qemu:
    """The binary of that name or path. Raises :class:`BadInput`: not there, not to be run, or no QEMU for x86."""
    wanted = name or DEFAULT
    path = shutil.which(wanted)
    if path is None:
        install = "install Debian's qemu-system-x86, or name a binary" if name is None else "name another binary"
        raise BadInput(f"no program {wanted[:200]!a} that can be run: {install}")
    output = _ask(path, "--version")
    found = re.search(r"QEMU emulator version (\d+(?:\.\d+)+)", output)
    if not found:
        raise BadInput(f"{path} is no QEMU: asked for its version it says {_line(output)!a}")
    machines = _ask(path, "-machine", "help")
    if not re.search(r"^microvm\b", machines, re.MULTILINE):
        raise BadInput(f"{path} has no microvm machine: a qemu-system-x86_64 is needed")
    accelerators = tuple(re.findall(r"^(\w+)$", _ask(path, "-accel", "help"), re.MULTILINE))
    return Qemu(path, tuple(int(n) for n in found[1].split(".")), found[1], accelerators)


def usable_qemu(name: str | None = None) -> Qemu:
    """That binary, if it can also be steered here. Raises :class:`BadInput` if not."""
    qemu = find_qemu(name)
    if refusal := tracing_refusal():
        raise BadInput(refusal)
    return qemu


def missing(accelerator: str = "tcg", name: str | None = None) -> str:
    """Why nothing can be run on QEMU here, for a skip; empty if it can."""
    try:
        return find_qemu(name).refusal(accelerator) or tracing_refusal()
    except BadInput as problem:
        return str(problem)


def _ask(path: str, *options: str) -> str:
    try:
        ended = subprocess.run([path, *options], capture_output=True, text=True, errors="replace", timeout=_SECONDS)
    except OSError as problem:
        raise BadInput(f"{path} can't be run: {problem.strerror or problem}") from None
    except subprocess.TimeoutExpired:
        raise BadInput(f"{path} {options[0]} does not end: it is no QEMU, or the machine is very busy") from None
    return ended.stdout + ended.stderr


def _line(text: str) -> str:
    return next((line.strip()[:80] for line in text.splitlines() if line.strip()), "nothing")


def kvm_refusal() -> str:
    """Why KVM can't be used here; empty if it can."""
    try:
        with open(KVM, "r+b", buffering=0) as kvm:
            try:
                version = fcntl.ioctl(kvm, _KVM_GET_API_VERSION)
            except OSError as problem:
                return f"{KVM} does not answer: {problem.strerror}"
    except FileNotFoundError:
        return f"there is no {KVM}: KVM is not there, or not passed on to this machine"
    except OSError as problem:
        return f"{KVM} can't be opened ({problem.strerror}): be a member of its group"
    return "" if version == 12 else f"{KVM} has version {version} of its interface, not 12"


def manual_clear_offered() -> int:
    """KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2 of this kernel: bit 0 manual-clear, bit 1 all bits set at first."""
    with open(KVM, "r+b", buffering=0) as kvm:
        return fcntl.ioctl(kvm, _KVM_CHECK_EXTENSION, _KVM_CAP_MANUAL_DIRTY_LOG_PROTECT2)
