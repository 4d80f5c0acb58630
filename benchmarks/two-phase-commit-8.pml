/* two-phase commit of 8 resource managers; blocks=8 ring=2 rounds=1. Written by hintproof. */

c_decl {
\#define FALLS_0 (states_without[0]++, 0)  /* consistent */
  static long states_without[1];
  __attribute__((destructor)) static void tell(void) {
    printf("states without consistent: %ld\n", states_without[0]);
  }
}

#define EVERY 255  /* the set of all blocks; block b is bit b - 1 */
#define id_STOP 0
#define id_DONE 1
#define phase_INIT 0
#define phase_COMMITTED 1
#define phase_ABORTED 2

/* the transaction manager */
unsigned c_tm : 2 = phase_INIT;
/* prepared, as the manager knows */
unsigned c_heard : 8;
/* prepared */
unsigned c_prepared : 8;
/* committed */
unsigned c_committed : 8;
/* aborted */
unsigned c_aborted : 8;
/* message: prepared */
unsigned c_said_prepared : 8;
/* message: commit, to all or none */
unsigned c_said_commit : 8;
/* message: abort, to all or none */
unsigned c_said_abort : 8;

active proctype Model() {
  do
  /* what must hold in every state */
  :: d_step { (!(!(((c_committed & 1) != 0) && !(c_aborted == 0)) && !(((c_committed & 2) != 0) && !(c_aborted == 0)) && !(((c_committed & 4) != 0) && !(c_aborted == 0)) && !(((c_committed & 8) != 0) && !(c_aborted == 0)) && !(((c_committed & 16) != 0) && !(c_aborted == 0)) && !(((c_committed & 32) != 0) && !(c_aborted == 0)) && !(((c_committed & 64) != 0) && !(c_aborted == 0)) && !(((c_committed & 128) != 0) && !(c_aborted == 0))) && c_expr { FALLS_0 }) }
  /* hear(1): manager; TMRcvPrepared */
  :: d_step { (c_tm == phase_INIT) && ((c_said_prepared & 1) != 0) ->
       c_heard = c_heard | 1 }
  /* hear(2): manager; TMRcvPrepared */
  :: d_step { (c_tm == phase_INIT) && ((c_said_prepared & 2) != 0) ->
       c_heard = c_heard | 2 }
  /* hear(3): manager; TMRcvPrepared */
  :: d_step { (c_tm == phase_INIT) && ((c_said_prepared & 4) != 0) ->
       c_heard = c_heard | 4 }
  /* hear(4): manager; TMRcvPrepared */
  :: d_step { (c_tm == phase_INIT) && ((c_said_prepared & 8) != 0) ->
       c_heard = c_heard | 8 }
  /* hear(5): manager; TMRcvPrepared */
  :: d_step { (c_tm == phase_INIT) && ((c_said_prepared & 16) != 0) ->
       c_heard = c_heard | 16 }
  /* hear(6): manager; TMRcvPrepared */
  :: d_step { (c_tm == phase_INIT) && ((c_said_prepared & 32) != 0) ->
       c_heard = c_heard | 32 }
  /* hear(7): manager; TMRcvPrepared */
  :: d_step { (c_tm == phase_INIT) && ((c_said_prepared & 64) != 0) ->
       c_heard = c_heard | 64 }
  /* hear(8): manager; TMRcvPrepared */
  :: d_step { (c_tm == phase_INIT) && ((c_said_prepared & 128) != 0) ->
       c_heard = c_heard | 128 }
  /* commit: manager; TMCommit */
  :: d_step { (c_tm == phase_INIT) && (c_heard == (0 ^ EVERY)) ->
       c_tm = phase_COMMITTED;
       c_said_commit = 0 ^ EVERY }
  /* abort: manager; TMAbort */
  :: d_step { (c_tm == phase_INIT) ->
       c_tm = phase_ABORTED;
       c_said_abort = 0 ^ EVERY }
  /* prepare_(1): resource; RMPrepare */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 1) != 0) ->
       c_prepared = c_prepared | 1;
       c_said_prepared = c_said_prepared | 1 }
  /* prepare_(2): resource; RMPrepare */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 2) != 0) ->
       c_prepared = c_prepared | 2;
       c_said_prepared = c_said_prepared | 2 }
  /* prepare_(3): resource; RMPrepare */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 4) != 0) ->
       c_prepared = c_prepared | 4;
       c_said_prepared = c_said_prepared | 4 }
  /* prepare_(4): resource; RMPrepare */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 8) != 0) ->
       c_prepared = c_prepared | 8;
       c_said_prepared = c_said_prepared | 8 }
  /* prepare_(5): resource; RMPrepare */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 16) != 0) ->
       c_prepared = c_prepared | 16;
       c_said_prepared = c_said_prepared | 16 }
  /* prepare_(6): resource; RMPrepare */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 32) != 0) ->
       c_prepared = c_prepared | 32;
       c_said_prepared = c_said_prepared | 32 }
  /* prepare_(7): resource; RMPrepare */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 64) != 0) ->
       c_prepared = c_prepared | 64;
       c_said_prepared = c_said_prepared | 64 }
  /* prepare_(8): resource; RMPrepare */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 128) != 0) ->
       c_prepared = c_prepared | 128;
       c_said_prepared = c_said_prepared | 128 }
  /* choose_to_abort(1): resource; RMChooseToAbort */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 1) != 0) ->
       c_aborted = c_aborted | 1 }
  /* choose_to_abort(2): resource; RMChooseToAbort */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 2) != 0) ->
       c_aborted = c_aborted | 2 }
  /* choose_to_abort(3): resource; RMChooseToAbort */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 4) != 0) ->
       c_aborted = c_aborted | 4 }
  /* choose_to_abort(4): resource; RMChooseToAbort */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 8) != 0) ->
       c_aborted = c_aborted | 8 }
  /* choose_to_abort(5): resource; RMChooseToAbort */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 16) != 0) ->
       c_aborted = c_aborted | 16 }
  /* choose_to_abort(6): resource; RMChooseToAbort */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 32) != 0) ->
       c_aborted = c_aborted | 32 }
  /* choose_to_abort(7): resource; RMChooseToAbort */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 64) != 0) ->
       c_aborted = c_aborted | 64 }
  /* choose_to_abort(8): resource; RMChooseToAbort */
  :: d_step { !((((c_prepared | c_committed) | c_aborted) & 128) != 0) ->
       c_aborted = c_aborted | 128 }
  /* receive_commit(1): resource; RMRcvCommitMsg */
  :: d_step { ((c_said_commit & 1) != 0) ->
       c_committed = c_committed | 1;
       c_prepared = c_prepared & ~1;
       c_aborted = c_aborted & ~1 }
  /* receive_commit(2): resource; RMRcvCommitMsg */
  :: d_step { ((c_said_commit & 2) != 0) ->
       c_committed = c_committed | 2;
       c_prepared = c_prepared & ~2;
       c_aborted = c_aborted & ~2 }
  /* receive_commit(3): resource; RMRcvCommitMsg */
  :: d_step { ((c_said_commit & 4) != 0) ->
       c_committed = c_committed | 4;
       c_prepared = c_prepared & ~4;
       c_aborted = c_aborted & ~4 }
  /* receive_commit(4): resource; RMRcvCommitMsg */
  :: d_step { ((c_said_commit & 8) != 0) ->
       c_committed = c_committed | 8;
       c_prepared = c_prepared & ~8;
       c_aborted = c_aborted & ~8 }
  /* receive_commit(5): resource; RMRcvCommitMsg */
  :: d_step { ((c_said_commit & 16) != 0) ->
       c_committed = c_committed | 16;
       c_prepared = c_prepared & ~16;
       c_aborted = c_aborted & ~16 }
  /* receive_commit(6): resource; RMRcvCommitMsg */
  :: d_step { ((c_said_commit & 32) != 0) ->
       c_committed = c_committed | 32;
       c_prepared = c_prepared & ~32;
       c_aborted = c_aborted & ~32 }
  /* receive_commit(7): resource; RMRcvCommitMsg */
  :: d_step { ((c_said_commit & 64) != 0) ->
       c_committed = c_committed | 64;
       c_prepared = c_prepared & ~64;
       c_aborted = c_aborted & ~64 }
  /* receive_commit(8): resource; RMRcvCommitMsg */
  :: d_step { ((c_said_commit & 128) != 0) ->
       c_committed = c_committed | 128;
       c_prepared = c_prepared & ~128;
       c_aborted = c_aborted & ~128 }
  /* receive_abort(1): resource; RMRcvAbortMsg */
  :: d_step { ((c_said_abort & 1) != 0) ->
       c_aborted = c_aborted | 1;
       c_prepared = c_prepared & ~1;
       c_committed = c_committed & ~1 }
  /* receive_abort(2): resource; RMRcvAbortMsg */
  :: d_step { ((c_said_abort & 2) != 0) ->
       c_aborted = c_aborted | 2;
       c_prepared = c_prepared & ~2;
       c_committed = c_committed & ~2 }
  /* receive_abort(3): resource; RMRcvAbortMsg */
  :: d_step { ((c_said_abort & 4) != 0) ->
       c_aborted = c_aborted | 4;
       c_prepared = c_prepared & ~4;
       c_committed = c_committed & ~4 }
  /* receive_abort(4): resource; RMRcvAbortMsg */
  :: d_step { ((c_said_abort & 8) != 0) ->
       c_aborted = c_aborted | 8;
       c_prepared = c_prepared & ~8;
       c_committed = c_committed & ~8 }
  /* receive_abort(5): resource; RMRcvAbortMsg */
  :: d_step { ((c_said_abort & 16) != 0) ->
       c_aborted = c_aborted | 16;
       c_prepared = c_prepared & ~16;
       c_committed = c_committed & ~16 }
  /* receive_abort(6): resource; RMRcvAbortMsg */
  :: d_step { ((c_said_abort & 32) != 0) ->
       c_aborted = c_aborted | 32;
       c_prepared = c_prepared & ~32;
       c_committed = c_committed & ~32 }
  /* receive_abort(7): resource; RMRcvAbortMsg */
  :: d_step { ((c_said_abort & 64) != 0) ->
       c_aborted = c_aborted | 64;
       c_prepared = c_prepared & ~64;
       c_committed = c_committed & ~64 }
  /* receive_abort(8): resource; RMRcvAbortMsg */
  :: d_step { ((c_said_abort & 128) != 0) ->
       c_aborted = c_aborted | 128;
       c_prepared = c_prepared & ~128;
       c_committed = c_committed & ~128 }
  od
}
