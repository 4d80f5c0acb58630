/* Bits, locks, wait queues and workqueues; and the rules of who may sleep where. */
#include "runtime.h"

/* -- bits: atomic, and full barriers where they return the old value */

static bool change_bit(enum hp_op op, const void *site, long bit, volatile unsigned long *word, int value)
{
	bool old;

	hp_alive((void *)word, "a bitmap");
	hp_point(op, site, (u64)word, bit, 0);
	old = *word >> bit & 1;
	*word = value ? *word | BIT(bit) : *word & ~BIT(bit);
	hp_note(op, site, (u64)word, bit, old);
	return old;
}

bool test_and_set_bit(long bit, volatile unsigned long *word)
{
	return change_bit(OP_TEST_SET, SITE, bit, word, 1);
}

bool test_and_clear_bit(long bit, volatile unsigned long *word)
{
	return change_bit(OP_TEST_CLEAR, SITE, bit, word, 0);
}

void set_bit(long bit, volatile unsigned long *word)
{
	change_bit(OP_BIT, SITE, bit, word, 1);
}

void clear_bit(long bit, volatile unsigned long *word)
{
	change_bit(OP_BIT, SITE, bit, word, 0);
}

bool test_bit(long bit, const volatile unsigned long *word)
{
	hp_alive((void *)word, "a bitmap");
	hp_point(OP_BIT, SITE, (u64)word, bit, 2);
	return *word >> bit & 1;
}

/* -- locks */

void hp_atomic_check(const char *what)
{
	if (hp_self()->spinlocks || hp_self()->irqs_off || hp_self()->in_irq)
		hp_bug(what);
}

void hp_lock_init(struct hp_lock *lock)
{
	*lock = (struct hp_lock){ .ready = 1 };
}

/* A lock that an interrupt takes deadlocks if the same processor holds it with interrupts on. */
static void note_interrupts(struct hp_lock *lock, const struct thread *self)
{
	if (self->in_irq)
		lock->in_irq = 1;
	else if (!self->irqs_off)
		lock->irqs_on = 1;
	if (lock->in_irq && lock->irqs_on)
		hp_bug("a lock that an interrupt takes is also taken with interrupts on: the two deadlock on one processor");
}

static void taken(struct hp_lock *lock, enum hp_flavour flavour)
{
	struct thread *self = hp_self();

	lock->owner = hp_current + 1;
	hp_section_begins(lock);
	if (flavour == HP_MUTEX)
		return;
	self->irqs_off += flavour != HP_PLAIN;
	self->spinlocks++;
	note_interrupts(lock, self);
}

static void check_lock(struct hp_lock *lock, enum hp_flavour flavour)
{
	hp_alive(lock, "a lock");
	if (lock->owner > THREADS)
		hp_bug("a lock holds nonsense");
	if (flavour == HP_MUTEX)
		hp_atomic_check("a mutex is taken where it is forbidden to sleep");
}

void hp_lock(struct hp_lock *lock, enum hp_flavour flavour)
{
	check_lock(lock, flavour);
	if (lock->owner == hp_current + 1)
		hp_bug("a lock is taken by a thread that holds it already");
	hp_point(OP_LOCK, SITE, (u64)lock, flavour, 0);
	hp_note(OP_LOCK, SITE, (u64)lock, flavour, 0);
	taken(lock, flavour);
}

bool hp_trylock(struct hp_lock *lock, enum hp_flavour flavour)
{
	bool free;

	hp_alive(lock, "a lock");
	hp_section_is_seen(lock);
	hp_point(OP_UNLOCK, SITE, (u64)lock, flavour, 1);
	free = !lock->owner;
	hp_note(OP_UNLOCK, SITE, (u64)lock, flavour, 1 + free);
	if (free)
		taken(lock, flavour);
	return free;
}

void hp_unlock(struct hp_lock *lock, enum hp_flavour flavour)
{
	struct thread *self = hp_self();

	check_lock(lock, HP_PLAIN);
	if (lock->owner != hp_current + 1)
		hp_bug("a lock is released by a thread that does not hold it");
	if (!hp_section_is_one_step(lock))
		hp_point(OP_UNLOCK, SITE, (u64)lock, flavour, 0);
	hp_section_ends();
	hp_note(OP_UNLOCK, SITE, (u64)lock, flavour, 0);
	lock->owner = 0;
	if (flavour == HP_MUTEX)
		return;
	if (flavour != HP_PLAIN && !self->irqs_off)
		hp_bug("interrupts are switched on that are on");
	self->irqs_off -= flavour != HP_PLAIN;
	self->spinlocks--;
}

/* -- wait queues: a thread that waits is woken by whoever wakes its queue after it began to wait */

void init_waitqueue_head(wait_queue_head_t *q)
{
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

void hp_wait(wait_queue_head_t *q)
{
	hp_alive(q, "a wait queue");
	hp_point(OP_WAIT, SITE, (u64)q, 0, 0);
	hp_note(OP_WAIT, SITE, (u64)q, 0, 0);
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

void msleep(unsigned int milliseconds)
{
	hp_atomic_check("msleep() where it is forbidden to sleep");
	hp_point(OP_SLEEP, SITE, milliseconds, 0, 0);
	hp_note(OP_SLEEP, SITE, milliseconds, 0, 0);
}

/* -- workqueues: queueing marks the work; the scheduler starts it, never twice at once */

struct workqueue_struct *hp_system_queue(int freezable)
{
	return &hp_m->workqueues[freezable];
}

void hp_init_work(struct work_struct *work, work_func_t function, const char *name)
{
	int number = 0;

	hp_section_ends();
	for (int i = WORKS - 1; i >= 0; i--)
		if (!hp_m->works[i] || hp_m->works[i] == work)
			number = i;
	for (int i = 0; i < WORKS; i++)
		if (hp_m->works[i] == work)
			number = i;
	if (hp_m->works[number] && hp_m->works[number] != work)
		hp_bug("more work items than this harness has room for");
	hp_m->works[number] = work;
	*work = (struct work_struct){ .func = function, .number = number };
	hp_work_names[number] = name;
}

struct workqueue_struct *hp_alloc_workqueue(unsigned int flags)
{
	hp_atomic_check("a workqueue is made where it is forbidden to sleep");
	for (int i = 2; i < WORKQUEUES; i++)
		if (!hp_m->workqueues[i].exists) {
			hp_m->workqueues[i] = (struct workqueue_struct){ 1, !!(flags & WQ_FREEZABLE) };
			return &hp_m->workqueues[i];
		}
	return NULL;
}

static void check_queue(const struct workqueue_struct *queue)
{
	if (queue < hp_m->workqueues || queue >= hp_m->workqueues + WORKQUEUES || !queue->exists)
		hp_bug("a workqueue is used that does not exist");
}

void destroy_workqueue(struct workqueue_struct *queue)
{
	check_queue(queue);
	hp_atomic_check("a workqueue is destroyed where it is forbidden to sleep");
	hp_point(OP_DESTROY, SITE, (u64)queue, 0, 0);
	hp_note(OP_DESTROY, SITE, (u64)queue, 0, 0);
	*queue = (struct workqueue_struct){ 0 };
}

static void check_work(const struct work_struct *work)
{
	hp_alive(work, "a work item");
	if (work->number >= WORKS || hp_m->works[work->number] != work)
		hp_bug("a work item is used that was not initialised");
}

bool queue_work(struct workqueue_struct *queue, struct work_struct *work)
{
	bool fresh;

	check_work(work);
	check_queue(queue);
	hp_point(OP_QUEUE_WORK, SITE, work->number, (u64)queue, 0);
	check_work(work);
	check_queue(queue);
	fresh = !work->pending;
	hp_note(OP_QUEUE_WORK, SITE, work->number, (u64)queue, fresh);
	work->pending = 1;
	work->queue = queue;
	return fresh;
}

static bool waits_for_work(enum hp_op op, const void *site, struct work_struct *work)
{
	const struct thread *self = hp_self();
	bool was;

	check_work(work);
	hp_atomic_check("a wait for a work item where it is forbidden to sleep");
	if (self->entry == ENTRY_WORK && self->argument == work->number)
		hp_bug("a work item waits for itself");
	hp_point(op, site, (u64)work, work->number, 0);
	was = work->pending;
	hp_note(op, site, (u64)work, work->number, was);
	if (op == OP_CANCEL)
		work->pending = 0;
	return was;
}

bool cancel_work_sync(struct work_struct *work)
{
	return waits_for_work(OP_CANCEL, SITE, work);
}

bool flush_work(struct work_struct *work)
{
	return waits_for_work(OP_FLUSH, SITE, work);
}

void flush_workqueue(struct workqueue_struct *queue)
{
	check_queue(queue);
	hp_point(OP_DESTROY, SITE, (u64)queue, 1, 0);
	hp_note(OP_DESTROY, SITE, (u64)queue, 1, 0);
}
