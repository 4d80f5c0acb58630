"""Directed runs: tell the model which steps to take, and ask what came of it."""

from __future__ import annotations

import re
from typing import Any

from hintproof.interpret.concrete import Concrete
from hintproof.trace.replay import prepare
from hintspec.language.sizes import Sizes


class Script:
    """A run of an environment, one named step after the other."""

    def __init__(self, environment: str, sizes: Sizes) -> None:
        self.environment = environment
        self.concrete: Concrete = prepare(environment, sizes)
        self.state = self.concrete.initial
        self.taken: list[str] = []

    def __getitem__(self, variable: str) -> Any:
        return self.concrete.show(self.state)[variable]

    def can(self, step: str) -> bool:
        name, block = parse(step)
        if name not in {a.name for a in self.concrete.model.actions}:
            return False
        return not self.concrete.failed_conjuncts(self.state, self.concrete.action_named(name), block)

    def take(self, *steps: str) -> Script:
        for step in steps:
            name, block = parse(step)
            action = self.concrete.action_named(name)
            failed = self.concrete.failed_conjuncts(self.state, action, block)
            places = [action.guard[i].place for i in failed]
            assert not failed, f"{step} is not possible after {self.taken}: guard at {places}"
            self.state, _ = self.concrete.apply(self.state, action, block)
            self.taken.append(step)
        return self

    def take_any(self, *steps: str) -> Script:
        """The first of these steps that is possible."""
        return self.take(next(step for step in steps if self.can(step)))

    # -- phrases ---------------------------------------------------------------------------
    def sync(self) -> Script:
        """From the beginning of a sync to its end."""
        self.take("sync_get", "sync_merge")
        for repair in ("sync_clear", "drain_ring"):
            if self.can(repair):
                self.take(repair)
        self.take_any("publish_id", "count_id", "publish_done", "publish_nothing")
        return self.take("request_hints") if self.can("request_hints") else self

    def hint(self, block: int) -> Script:
        """The driver notices the new id and hints one block, up to its being on free_page_list."""
        self.take_any("config_changed", "config_changed_reading")
        if self["driver.at"] == "IDLE":
            self.take("work_starts")
        for _ in range(30):
            if self["driver.at"] == "ALLOC":
                return self.take(f"take_block({block})", "post_hint", "kick_hint", "keep_hinted")
            self.take_any(
                "test_read_bit", "read_config", "round_begins", "round_begins_unchecked", "set_active_id",
                "post_start", "kick_start", "used_by_device", "leave_loop", "stay_in_loop", "post_stop",
                "work_starts",
            )  # fmt: skip
        raise AssertionError(f"the driver does not get to a hint: {self.taken}")

    def pop_hint(self) -> Script:
        """The device pops START and the hint."""
        self.take("pop_start")
        return (
            self.take("honour_hint") if self.can("honour_hint") else self.take("hint_clears_chunk", "hint_drops_block")
        )

    def send(self, block: int) -> Script:
        """Send one block."""
        if self.can(f"send_takes({block})"):
            return self.take(f"send_takes({block})", "send_reads")
        return self.take(f"send_clears({block})", "send_takes_cleared", "send_reads")

    def finish(self) -> Script:
        """Stop the VM, the last sync, send what the bitmap has, complete."""
        self.take("stop_vm", "last_sync").sync()
        for block in self["log.bitmap"]:
            self.send(block)
        return self.take("complete")

    def lost(self, block: int) -> bool:
        """Whether the destination lacks content of the block that matters."""
        return block in self["ghost.data"] and block in self["ghost.stale"]


def parse(step: str) -> tuple[str, int | None]:
    matched = re.fullmatch(r"(\w+)(?:\((\d+)\))?", step)
    assert matched, step
    return matched[1], int(matched[2]) if matched[2] else None
