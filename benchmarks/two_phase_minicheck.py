"""Two-phase commit for minicheck, with the steps of hintproof/peers/two_phase_commit.py: the same states.

python benchmarks/two_phase_minicheck.py 7        prints the states and the seconds of the search, as JSON
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

from minicheck import Protocol, check_safety

FIELDS = ("tm", "heard", "prepared", "committed", "aborted", "said_prepared", "said_commit", "said_abort")
INIT, COMMITTED, ABORTED = range(3)

#: A set of resource managers is a bit mask, which is what plain Python is quickest with.
State = tuple[int, int, int, int, int, int, int, int]
Steps = list[tuple[str, State]]


def two_phase_commit(managers: int) -> Protocol:
    """The model for so many resource managers."""
    initial: State = (INIT, 0, 0, 0, 0, 0, 0, 0)
    return Protocol(
        name="two-phase commit",
        candidate=False,
        fields=FIELDS,
        initial=initial,
        transitions=steps_of(managers),
        invariants={"consistent": consistent},
    )


def consistent(state: dict[str, Any]) -> bool:
    """No resource manager commits while another aborts."""
    return not (state["committed"] and state["aborted"])


def steps_of(managers: int) -> Callable[[State], Steps]:
    """All steps from a state."""
    everyone = (1 << managers) - 1
    bits = [1 << i for i in range(managers)]

    def steps(state: State) -> Steps:
        tm, heard, prepared, committed, aborted, said_prepared, said_commit, said_abort = state
        messages = (said_prepared, said_commit, said_abort)
        out: Steps = []
        if tm == INIT:
            out += [
                ("hear", (tm, heard | r, prepared, committed, aborted, *messages)) for r in bits if said_prepared & r
            ]
            if heard == everyone:
                out.append(("commit", (COMMITTED, heard, prepared, committed, aborted, said_prepared, 1, said_abort)))
            out.append(("abort", (ABORTED, heard, prepared, committed, aborted, said_prepared, said_commit, 1)))
        for r in bits:
            if not (prepared | committed | aborted) & r:
                after = (said_prepared | r, said_commit, said_abort)
                out.append(("prepare", (tm, heard, prepared | r, committed, aborted, *after)))
                out.append(("choose_to_abort", (tm, heard, prepared, committed, aborted | r, *messages)))
            if said_commit:
                out.append(("receive_commit", (tm, heard, prepared & ~r, committed | r, aborted & ~r, *messages)))
            if said_abort:
                out.append(("receive_abort", (tm, heard, prepared & ~r, committed & ~r, aborted | r, *messages)))
        return out

    return steps


def main() -> None:
    """Search, and print the counts."""
    model = two_phase_commit(int(sys.argv[1]))
    began = time.perf_counter()
    result = check_safety(model, max_states=100_000_000)
    seconds = time.perf_counter() - began
    assert result["exhaustive"]
    assert result["properties"]["consistent"]["holds"]
    print(json.dumps({"states": result["reachable_states"], "seconds": round(seconds, 3)}))


if __name__ == "__main__":
    main()
