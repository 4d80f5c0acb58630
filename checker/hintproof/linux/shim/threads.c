/* Threads: coroutines that stop before each call of the kernel's interface. */
#include <setjmp.h>

#include "entries.h"
#include "runtime.h"
#include "switch.h"

struct event hp_events[EVENTS];
u32 hp_event_count;
u64 hp_mask = ~0UL;
int hp_through_locks; /* a thread with a spinlock does not stop: no other comes to wait for the lock */
int hp_current = -1;
volatile u64 hp_serial;
volatile int hp_running;

static void *scheduler;
static jmp_buf escape;

enum { BELOW = 1024 };

struct thread *hp_self(void)
{
	return &hp_m->threads[hp_current];
}

void hp_note(enum hp_op op, const void *site, u64 a, u64 b, u64 c)
{
	if (hp_event_count < EVENTS)
		hp_events[hp_event_count] = (struct event){ a, b, c, site, op, hp_current };
	hp_event_count++;
}

static int still_there(int first, int second)
{
	for (int i = 0; i < THREADS; i++)
		if (hp_m->threads[i].entry == first || hp_m->threads[i].entry == second)
			return 1;
	return 0;
}

static int is_over(const struct work_struct *work)
{
	return !work->running && (!work->pending || work->delayed);
}

static int unregisters(const struct thread *thread)
{
	if (thread->a == (u64)hp_m->shrinker)
		return !still_there(ENTRY_SCAN, ENTRY_SHRINK_COUNT);
	return thread->a == (u64)hp_m->oom ? !still_there(ENTRY_OOM, ENTRY_OOM) : !still_there(ENTRY_REPORT, ENTRY_REPORT);
}

int hp_is_enabled(int number)
{
	const struct thread *thread = &hp_m->threads[number];

	switch (thread->op) {
	case OP_NONE:
		return 0;
	case OP_LOCK:
		return thread->c || !((struct hp_lock *)thread->a)->owner; /* c: a signal may come */
	case OP_CANCEL:
		return !((struct work_struct *)thread->a)->running;
	case OP_FLUSH:
		return is_over((struct work_struct *)thread->a);
	case OP_DESTROY:
		return !hp_queue_is_busy((struct workqueue_struct *)thread->a);
	case OP_WAIT:
		return thread->woken || thread->b; /* b: its time or a signal may end it */
	case OP_COMPLETION:
		return ((struct completion *)thread->a)->done || thread->b;
	case OP_UNREGISTER:
		return unregisters(thread);
	case OP_DEL_VQS:
		return !still_there(ENTRY_CALLBACK, ENTRY_CHANGED);
	default:
		return 1;
	}
}

u32 hp_enabled(void)
{
	u32 mask = 0;

	for (int i = 0; i < THREADS; i++)
		mask |= (u32)hp_is_enabled(i) << i;
	return mask;
}

void hp_point(enum hp_op op, const void *site, u64 a, u64 b, u64 c)
{
	struct thread *self = hp_self();

	if (op != OP_ACCESS && hp_mask >> op & 1)
		hp_section_ends();
	self->op = op;
	self->site = site;
	self->a = a;
	self->b = b;
	self->c = c;
	hp_last_place = site ? (u64)site : hp_last_place;
	if ((hp_mask >> op & 1 && !(hp_through_locks && self->spinlocks)) || !hp_is_enabled(hp_current))
		hp_switch(&self->sp, scheduler);
	self->op = OP_NONE;
	self->site = NULL;
	self->a = self->b = self->c = 0;
}

u8 *hp_stack_top(int number)
{
	return hp_stacks + (number + 1) * (STACK + PAGE_SIZE);
}

int hp_on_a_stack(u64 address)
{
	return address >= (u64)hp_stacks && address < (u64)hp_stack_top(THREADS - 1);
}

static void begin(void)
{
	void *unused;
	u64 result = hp_run_entry(hp_self());

	hp_point(OP_RETURN, NULL, hp_self()->entry, result, hp_self()->argument);
	hp_note(OP_RETURN, NULL, hp_self()->entry, result, hp_self()->argument);
	hp_entry_ends(hp_self());
	memset(hp_self(), 0, sizeof(struct thread));
	hp_switch(&unused, scheduler);
}

void hp_leave(void)
{
	_longjmp(escape, 1);
}

/* The effect of the call that a thread stands before, and on to its next one. 0; 1 if it can't; -1 if it faulted. */
int hp_step(int number)
{
	struct thread *thread = &hp_m->threads[number];

	if (!hp_is_enabled(number))
		return 1;
	hp_current = number;
	hp_last_place = (u64)thread->site;
	hp_serial++;
	if (!_setjmp(escape)) {
		hp_running = 1;
		hp_switch(&scheduler, thread->sp);
	}
	hp_running = 0;
	hp_current = -1;
	if (hp_fault.kind)
		return -1;
	if (thread->entry) /* equal states are to be equal bytes */
		memset((u8 *)thread->sp - BELOW, 0, BELOW);
	return 0;
}

/* A new thread, up to its first call. Its number; -1: none is left, or the kernel would not do this now; -2: fault. */
int hp_spawn(int entry, int argument)
{
	struct thread *thread;
	int number = 0;

	while (number < THREADS && hp_m->threads[number].entry)
		number++;
	if (number == THREADS || !hp_entry_begins(entry, argument))
		return -1;
	thread = &hp_m->threads[number];
	memset(hp_stack_top(number) - STACK / 4, 0, STACK / 4);
	thread->entry = entry;
	thread->argument = argument;
	thread->in_irq = entry == ENTRY_CHANGED || entry == ENTRY_CALLBACK;
	thread->op = OP_SPAWN;
	thread->sp = hp_fresh_stack(hp_stack_top(number) - STACK, hp_stack_top(number), begin);
	return hp_step(number) < 0 ? -2 : number;
}

/*
 * Steps of a thread until it stands before one of some calls, after at least one step. 0; 1: it ended; 2: it is blocked;
 * 3: it took too many steps; -1: it faulted.
 */
int hp_run(int number, u64 stops, int limit)
{
	const struct thread *thread = &hp_m->threads[number];

	for (int i = 0; i < limit; i++) {
		int status = hp_step(number);

		if (status)
			return status < 0 ? -1 : 2;
		if (!thread->entry)
			return 1;
		if (stops >> thread->op & 1)
			return 0;
	}
	return 3;
}
