/* Wait queues and completions. */
#include "runtime.h"

/* -- wait queues: a thread that waits is woken by whoever wakes its queue after it began to wait */

void init_waitqueue_head(wait_queue_head_t *q)
{
	hp_makes(SITE, q, sizeof(*q));
	hp_section_ends();
	q->ready = 1;
}

void hp_wait_begins(wait_queue_head_t *q)
{
	hp_atomic_check("a wait where it is forbidden to sleep");
	hp_section_ends();
	hp_self()->waits = q;
	hp_self()->woken = 0;
}

/* What may end a wait of this thread that nobody wakes. */
static enum hp_end possible(enum hp_end end)
{
	return hp_gets_signals() ? end : end & ~HP_SIGNAL;
}

bool hp_wait(wait_queue_head_t *q, enum hp_end end)
{
	hp_alive(q, "a wait queue");
	hp_point(OP_WAIT, SITE, (u64)q, possible(end), 0);
	hp_note(OP_WAIT, SITE, (u64)q, hp_self()->woken, 0);
	return hp_self()->woken;
}

void hp_wait_ends(void)
{
	hp_self()->waits = NULL;
	hp_self()->woken = 0;
}

void wake_up(wait_queue_head_t *q)
{
	hp_alive(q, "a wait queue");
	hp_point(OP_WAKE, SITE, (u64)q, 0, 0);
	hp_note(OP_WAKE, SITE, (u64)q, 0, 0);
	for (int i = 0; i < THREADS; i++)
		if (hp_m->threads[i].waits == q)
			hp_m->threads[i].woken = 1;
}

bool waitqueue_active(wait_queue_head_t *q)
{
	hp_alive(q, "a wait queue");
	hp_point(OP_BIT, SITE, (u64)q, 0, 2);
	for (int i = 0; i < THREADS; i++)
		if (hp_m->threads[i].waits == q)
			return true;
	return false;
}

/* -- completions: a thread waits until the count is not 0, and takes one off it */

enum { FOR_ALL = ~0U };

static void check_completion(const struct completion *c)
{
	hp_alive(c, "a completion");
	if (c->ready != 1)
		hp_bug("a completion is used that was not initialised");
}

void init_completion(struct completion *c)
{
	hp_makes(SITE, c, sizeof(*c));
	hp_alive(c, "a completion");
	hp_section_ends();
	*c = (struct completion){ 0, 1 };
}

static unsigned int set_done(const void *site, struct completion *c, unsigned int done)
{
	unsigned int before;

	check_completion(c);
	hp_point(OP_WAKE, site, (u64)c, done, 1);
	check_completion(c);
	hp_note(OP_WAKE, site, (u64)c, done, 1);
	before = c->done;
	hp_section_access((const u8 *)&c->done, sizeof(c->done), 1);
	c->done = done == 1 && before != FOR_ALL ? before + 1 : done == 1 ? before : done;
	return before;
}

void reinit_completion(struct completion *c)
{
	set_done(SITE, c, 0);
}

void complete(struct completion *c)
{
	set_done(SITE, c, 1);
}

void complete_all(struct completion *c)
{
	set_done(SITE, c, FOR_ALL);
}

static bool take(const void *site, struct completion *c, enum hp_end end)
{
	check_completion(c);
	hp_point(OP_COMPLETION, site, (u64)c, end, 0);
	check_completion(c);
	hp_note(OP_COMPLETION, site, (u64)c, c->done, 0);
	hp_section_access((const u8 *)&c->done, sizeof(c->done), 1);
	if (!c->done)
		return false;
	if (c->done != FOR_ALL)
		c->done--;
	return true;
}

bool hp_wait_for_completion(struct completion *c, enum hp_end end)
{
	hp_atomic_check("a wait where it is forbidden to sleep");
	return take(SITE, c, possible(end));
}

bool try_wait_for_completion(struct completion *c)
{
	return take(SITE, c, HP_TIMEOUT);
}

bool completion_done(struct completion *c)
{
	check_completion(c);
	hp_point(OP_COMPLETION, SITE, (u64)c, HP_TIMEOUT, 1);
	check_completion(c);
	return c->done;
}
