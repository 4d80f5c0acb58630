"""Labels that a variable had in an earlier text, so that the trace files of that time still load."""

from __future__ import annotations

#: The worker's places were once the step letters of the docs.
_WORKER = {
    **dict(zip(("W1", "W1_READ", "W2"), ("TEST_BIT", "READ_ID", "CHECK_ID"), strict=True)),
    **dict(zip(("S2", "S2_READ", "S3"), ("RETEST", "REREAD", "SET_ID"), strict=True)),
    **dict(zip(("S4", "S5", "S_WAIT"), ("ADD_ID", "KICK_ID", "WAIT_ID"), strict=True)),
    **dict(zip(("L1", "L1_READ", "L1_DECIDE"), ("POLL_BIT", "POLL_ID", "COMPARE"), strict=True)),
    **dict(zip(("L3", "L4", "L5", "L_WAIT"), ("ALLOC", "ADD_PAGE", "KICK_PAGE", "WAIT_PAGE"), strict=True)),
    **dict(zip(("L6", "T1", "T_WAIT"), ("PUSH_PAGE", "SEND_STOP", "WAIT_STOP"), strict=True)),
}

#: By variable, each former label and the present one.
FORMER_LABELS: dict[str, dict[str, str]] = {"driver.at": _WORKER}
