"""Labels that a variable had in an earlier text, so that the trace files of that time still load."""

from __future__ import annotations

#: By variable, each former label and the present one: the worker's places were once the step letters of the docs.
FORMER_LABELS: dict[str, dict[str, str]] = {
    "driver.at": {
        "W1": "TEST_BIT",
        "W1_READ": "READ_ID",
        "W2": "CHECK_ID",
        "S2": "RETEST",
        "S2_READ": "REREAD",
        "S3": "SET_ID",
        "S4": "ADD_ID",
        "S5": "KICK_ID",
        "S_WAIT": "WAIT_ID",
        "L1": "POLL_BIT",
        "L1_READ": "POLL_ID",
        "L1_DECIDE": "COMPARE",
        "L3": "ALLOC",
        "L4": "ADD_PAGE",
        "L5": "KICK_PAGE",
        "L_WAIT": "WAIT_PAGE",
        "L6": "PUSH_PAGE",
        "T1": "SEND_STOP",
        "T_WAIT": "WAIT_STOP",
    }
}
