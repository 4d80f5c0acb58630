/* The moves of the search: all that may happen next to a driver in a small world of its own. */
#ifndef HINTPROOF_MOVES_H
#define HINTPROOF_MOVES_H

#include "runtime.h"

enum { COMMANDS = 8, MOVES = 64 };

/* A move: 0 .. 7 a step of that thread, 8 .. 15 the same with an allocation that fails, or
 * after a long time, then those of the others. */
enum { MOVE_FAIL = 8, MOVE_COMMAND = 16, MOVE_SCAN, MOVE_REMOVE, MOVE_POP, MOVE_FREEZE, MOVE_RESTORE,
       MOVE_USED,
       MOVE_WORK = 32 };

/* The moves of others, and how often they may happen. */
struct plan {
	u32 commands[COMMANDS];
	u32 command_count, scans, removes, freezes;
	u32 allocations_fail; /* an allocation may fail though a block is free */
	u32 atomic;           /* interrupts and scans happen in one go */
	u32 offset;           /* where in config the command id is */
	u32 hint_queue;
};

enum verdict { EXHAUSTED, GOES_ON, FAULTED, DEADLOCKED, LEAKED, LIMITED, DISTRUSTED, RACED };

extern struct plan hp_plan;

int hp_moves(u8 out[MOVES]);
int hp_move(int move);
enum verdict hp_judge(void);

#endif
