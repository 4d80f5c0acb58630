------------------------------ MODULE TwoPhase ------------------------------
(* Two-phase commit with the steps of hintproof/peers/two_phase_commit.py:   *)
(* equal states and transitions. Functions, not sets: TLC is faster so.     *)
EXTENDS Naturals

CONSTANT N                       \* how many resource managers

VARIABLES tm,                    \* the transaction manager
          heard,                 \* who is prepared, as the manager knows
          rm,                    \* where each resource manager stands
          said,                  \* who has sent the message that it is prepared
          saidCommit, saidAbort  \* the messages to all

vars == <<tm, heard, rm, said, saidCommit, saidAbort>>

RM == 1 .. N

Init == /\ tm = "init" /\ heard = [r \in RM |-> FALSE]
        /\ rm = [r \in RM |-> "working"]
        /\ said = [r \in RM |-> FALSE] /\ saidCommit = FALSE /\ saidAbort = FALSE

Hear(r) == /\ tm = "init" /\ said[r]
           /\ heard' = [heard EXCEPT ![r] = TRUE]
           /\ UNCHANGED <<tm, rm, said, saidCommit, saidAbort>>

Commit == /\ tm = "init" /\ \A r \in RM : heard[r]
          /\ tm' = "committed" /\ saidCommit' = TRUE
          /\ UNCHANGED <<heard, rm, said, saidAbort>>

Abort == /\ tm = "init"
         /\ tm' = "aborted" /\ saidAbort' = TRUE
         /\ UNCHANGED <<heard, rm, said, saidCommit>>

Prepare(r) == /\ rm[r] = "working"
              /\ rm' = [rm EXCEPT ![r] = "prepared"]
              /\ said' = [said EXCEPT ![r] = TRUE]
              /\ UNCHANGED <<tm, heard, saidCommit, saidAbort>>

ChooseToAbort(r) == /\ rm[r] = "working"
                    /\ rm' = [rm EXCEPT ![r] = "aborted"]
                    /\ UNCHANGED <<tm, heard, said, saidCommit, saidAbort>>

ReceiveCommit(r) == /\ saidCommit
                    /\ rm' = [rm EXCEPT ![r] = "committed"]
                    /\ UNCHANGED <<tm, heard, said, saidCommit, saidAbort>>

ReceiveAbort(r) == /\ saidAbort
                   /\ rm' = [rm EXCEPT ![r] = "aborted"]
                   /\ UNCHANGED <<tm, heard, said, saidCommit, saidAbort>>

Next == \/ Commit \/ Abort
        \/ \E r \in RM : \/ Hear(r) \/ Prepare(r) \/ ChooseToAbort(r)
                         \/ ReceiveCommit(r) \/ ReceiveAbort(r)

Spec == Init /\ [][Next]_vars

Consistent == \A r, q \in RM : ~(rm[r] = "aborted" /\ rm[q] = "committed")
=============================================================================
