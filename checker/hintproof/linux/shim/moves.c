/* The moves: steps of threads, and those of device, memory management and administrator in between. */
#include "moves.h"
#include "entries.h"

struct plan hp_plan;

enum { LIMIT = 100000 };

void hp_set_plan(const struct plan *plan)
{
	hp_plan = *plan;
}

static int anyone(void)
{
	for (int i = 0; i < THREADS; i++)
		if (hp_m->threads[i].entry)
			return 1;
	return 0;
}

static int coming_or_going(void)
{
	for (int i = 0; i < THREADS; i++)
		if (hp_m->threads[i].entry >= ENTRY_PROBE && hp_m->threads[i].entry <= ENTRY_RESTORE)
			return 1;
	return 0;
}

static int frozen_work_runs(void)
{
	for (int i = 0; i < WORKS; i++)
		if (hp_m->works[i] && hp_m->works[i]->running && hp_m->works[i]->queue->freezable)
			return 1;
	return 0;
}

static int can_spawn(int entry)
{
	int free = 0;

	for (int i = 0; i < THREADS; i++) {
		if (hp_m->threads[i].entry == entry)
			return 0;
		free |= !hp_m->threads[i].entry;
	}
	return free;
}

static u8 *threads_moves(u8 *to)
{
	for (int i = 0; i < THREADS; i++) {
		if (!hp_is_enabled(i))
			continue;
		*to++ = i;
		if (hp_plan.allocations_fail && hp_m->threads[i].op == OP_ALLOC)
			*to++ = MOVE_FAIL + i;
		if (hp_m->threads[i].op == OP_CLOCK && hp_m->clock < CLOCK_STANDS)
			*to++ = MOVE_FAIL + i;
	}
	return to;
}

static u8 *work_moves(u8 *to)
{
	for (int i = 0; i < WORKS; i++) {
		const struct work_struct *work = hp_m->works[i];

		if (work && hp_work_can_start(work))
			*to++ = MOVE_WORK + i;
	}
	return to;
}

static u8 *administrator_moves(u8 *to)
{
	int idle = hp_m->bound && !hp_m->frozen && !coming_or_going() && can_spawn(ENTRY_CHANGED);

	if (hp_m->removes < hp_plan.removes && idle)
		*to++ = MOVE_REMOVE;
	if (hp_m->freezes < hp_plan.freezes && idle && hp_driver->freeze && !frozen_work_runs())
		*to++ = MOVE_FREEZE;
	if (hp_m->frozen && !coming_or_going())
		*to++ = MOVE_RESTORE;
	return to;
}

/* All moves from here; how many. */
int hp_moves(u8 out[MOVES])
{
	u8 *to = work_moves(threads_moves(out));

	if (hp_m->commands < hp_plan.command_count && hp_m->listening && can_spawn(ENTRY_CHANGED))
		*to++ = MOVE_COMMAND;
	if (hp_m->scans < hp_plan.scans && hp_m->shrinker && can_spawn(ENTRY_SCAN))
		*to++ = MOVE_SCAN;
	if (hp_m->queues[hp_plan.hint_queue].available && hp_m->ready)
		*to++ = MOVE_POP;
	if (hp_entry_begins(ENTRY_CALLBACK, hp_plan.hint_queue) && can_spawn(ENTRY_CALLBACK))
		*to++ = MOVE_USED;
	to = administrator_moves(to);
	return to - out;
}

static int call(int entry, int argument, int atomic)
{
	int thread = hp_spawn(entry, argument);

	if (thread < 0)
		return thread == -2 ? -1 : 1;
	if (!atomic || !hp_m->threads[thread].entry)
		return 0;
	return hp_run(thread, 0, LIMIT) < 0 ? -1 : 0; /* where it is blocked it stays, as a thread */
}

static int command(void)
{
	u32 value = hp_plan.commands[hp_m->commands++];

	memcpy(&hp_m->config[hp_plan.offset], &value, sizeof(value));
	return call(ENTRY_CHANGED, 0, hp_plan.atomic);
}

/* 0; 1 if it can't be done; -1 if the driver faulted. */
int hp_move(int move)
{
	hp_later = move >= MOVE_FAIL && move < MOVE_FAIL + THREADS;
	hp_next_block = hp_later ? -1 : -2;
	if (move < MOVE_COMMAND) {
		int status = hp_step(move % THREADS);

		hp_later = 0;
		return status;
	}
	switch (move) {
	case MOVE_COMMAND:
		return command();
	case MOVE_SCAN:
		hp_m->scans++;
		return call(ENTRY_SCAN, 1, hp_plan.atomic);
	case MOVE_REMOVE:
		hp_m->removes++;
		return call(ENTRY_REMOVE, 0, 0);
	case MOVE_FREEZE:
		hp_m->freezes++;
		return call(ENTRY_FREEZE, 0, 0);
	case MOVE_RESTORE:
		return call(ENTRY_RESTORE, 0, 1);
	case MOVE_POP:
		return hp_pop(hp_plan.hint_queue) || hp_use(hp_plan.hint_queue, 0);
	case MOVE_USED:
		return call(ENTRY_CALLBACK, hp_plan.hint_queue, 1);
	default:
		return call(ENTRY_WORK, move - MOVE_WORK, 0);
	}
}

static int leaks(void)
{
	for (u32 i = 0; i < hp_settings.blocks; i++)
		if (hp_m->blocks[i].state == OWNER_DRIVER)
			return 1;
	for (u32 i = 0; i < hp_settings.small_pages; i++)
		if (hp_m->small[i].state == OWNER_DRIVER)
			return 1;
	for (int i = 0; i < ALLOCATIONS; i++)
		if (hp_m->allocations[i].size && !hp_m->allocations[i].freed)
			return 1;
	return 0;
}

static int both_write(const struct thread *one, const struct thread *other)
{
	const int marked = one->c & ACCESS_MARKED && other->c & ACCESS_MARKED;

	return one->op == OP_ACCESS && other->op == OP_ACCESS && one->c & other->c & ACCESS_WRITES && !marked &&
	       one->a < other->a + other->b && other->a < one->a + one->b;
}

/* Two threads stand before a write of the same memory: nothing orders them, so one of the writes is lost, or both are
 * mixed. A read beside a write is no fault here: Linux reads counters without their lock. */
static int race(void)
{
	for (int i = 0; i < THREADS; i++)
		for (int j = 0; j < i; j++)
			if (both_write(&hp_m->threads[i], &hp_m->threads[j]))
				return 1;
	return 0;
}

/* A state that is wrong in itself: nothing can happen although a thread is alive; memory is left behind. */
enum verdict hp_judge(void)
{
	u8 moves[MOVES];

	if (anyone() && !hp_moves(moves))
		return DEADLOCKED;
	if (race())
		return RACED;
	return !hp_m->bound && !anyone() && leaks() ? LEAKED : GOES_ON;
}
