/* Workqueues: queueing marks the work; the scheduler starts it, never twice at once. A delay has any length. */
#include "runtime.h"

struct workqueue_struct *hp_system_queue(int freezable)
{
	return &hp_m->workqueues[freezable];
}

void hp_init_work(struct work_struct *work, work_func_t function, const char *name)
{
	int number = 0;

	hp_makes(SITE, work, sizeof(*work));
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
	if (hp_fails())
		return NULL;
	for (int i = 2; i < WORKQUEUES; i++)
		if (!hp_m->workqueues[i].exists) {
			hp_m->workqueues[i] =
				(struct workqueue_struct){ 1, !!(flags & WQ_FREEZABLE), !!(flags & HP_WQ_ORDERED) };
			return &hp_m->workqueues[i];
		}
	return NULL;
}

static void check_queue(const struct workqueue_struct *queue)
{
	if (queue < hp_m->workqueues || queue >= hp_m->workqueues + WORKQUEUES || !queue->exists)
		hp_bug("a workqueue is used that does not exist");
}

/* A work item whose time has not come is not on its queue yet: nobody who waits for the queue waits for it. */
int hp_queue_is_busy(const struct workqueue_struct *queue)
{
	for (int i = 0; i < WORKS; i++) {
		const struct work_struct *work = hp_m->works[i];

		if (work && work->queue == queue && ((work->pending && !work->delayed) || work->running))
			return 1;
	}
	return 0;
}

void destroy_workqueue(struct workqueue_struct *queue)
{
	check_queue(queue);
	hp_atomic_check("a workqueue is destroyed where it is forbidden to sleep");
	hp_point(OP_DESTROY, SITE, (u64)queue, 0, 0);
	hp_note(OP_DESTROY, SITE, (u64)queue, 0, 0);
	for (int i = 0; i < WORKS; i++)
		if (hp_m->works[i] && hp_m->works[i]->pending && hp_m->works[i]->queue == queue)
			hp_bug("a workqueue is destroyed for which a delayed work item is pending");
	*queue = (struct workqueue_struct){ 0 };
}

void flush_workqueue(struct workqueue_struct *queue)
{
	check_queue(queue);
	hp_atomic_check("a wait for a workqueue where it is forbidden to sleep");
	hp_point(OP_DESTROY, SITE, (u64)queue, 1, 0);
	hp_note(OP_DESTROY, SITE, (u64)queue, 1, 0);
}

static void check_work(const struct work_struct *work)
{
	hp_alive(work, "a work item");
	if (work->number >= WORKS || hp_m->works[work->number] != work)
		hp_bug("a work item is used that was not initialised");
}

/* -- the row of an ordered queue: it is empty, or has its places from 1 on */

static int last_place(const struct workqueue_struct *queue)
{
	int last = 0;

	for (int i = 0; i < WORKS; i++)
		if (hp_m->works[i] && hp_m->works[i]->queue == queue && hp_m->works[i]->place > last)
			last = hp_m->works[i]->place;
	return last;
}

static void leave_row(struct work_struct *work)
{
	for (int i = 0; work->place && i < WORKS; i++)
		if (hp_m->works[i] && hp_m->works[i]->queue == work->queue && hp_m->works[i]->place > work->place)
			hp_m->works[i]->place--;
	work->place = 0;
}

static void make_pending(struct workqueue_struct *queue, struct work_struct *work, unsigned long delay)
{
	work->pending = 1;
	work->delayed = delay != 0;
	if (queue->ordered && !delay)
		work->place = last_place(queue) + 1;
	work->queue = queue;
}

static void make_idle(struct work_struct *work)
{
	leave_row(work);
	work->pending = work->delayed = 0;
}

/* Whether the kernel may run it now. One whose time comes now has no place in the row: it may have come at any time. */
int hp_work_can_start(const struct work_struct *work)
{
	if (!work->pending || work->running || (hp_m->frozen && work->queue->freezable))
		return 0;
	if (!work->queue->ordered)
		return 1;
	for (int i = 0; i < WORKS; i++)
		if (hp_m->works[i] && hp_m->works[i]->queue == work->queue && hp_m->works[i]->running)
			return 0;
	return work->place <= 1;
}

void hp_work_starts(struct work_struct *work)
{
	make_idle(work);
	work->running = 1;
}

/* -- what a driver does with them */

static bool queue_it(const void *site, struct workqueue_struct *queue, struct work_struct *work, unsigned long delay)
{
	bool fresh;

	check_work(work);
	check_queue(queue);
	hp_point(OP_QUEUE_WORK, site, work->number, (u64)queue, 0);
	check_work(work);
	check_queue(queue);
	fresh = !work->pending && !work->disabled;
	hp_note(OP_QUEUE_WORK, site, work->number, (u64)queue, fresh);
	if (fresh)
		make_pending(queue, work, delay);
	return fresh;
}

bool queue_work(struct workqueue_struct *queue, struct work_struct *work)
{
	return queue_it(SITE, queue, work, 0);
}

bool hp_queue_work(struct workqueue_struct *queue, struct work_struct *work, unsigned long delay)
{
	return queue_it(SITE, queue, work, delay);
}

bool mod_delayed_work(struct workqueue_struct *queue, struct delayed_work *d, unsigned long delay)
{
	bool was;

	check_work(&d->work);
	check_queue(queue);
	hp_point(OP_QUEUE_WORK, SITE, d->work.number, (u64)queue, 1);
	check_work(&d->work);
	check_queue(queue);
	was = d->work.pending;
	hp_note(OP_QUEUE_WORK, SITE, d->work.number, (u64)queue, !was);
	if (d->work.disabled)
		return false;
	make_idle(&d->work);
	make_pending(queue, &d->work, delay);
	return was;
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
	check_work(work);
	was = work->pending;
	hp_note(op, site, (u64)work, work->number, was);
	if (op == OP_CANCEL)
		make_idle(work);
	return was;
}

static bool takes_back(const void *site, struct work_struct *work)
{
	bool was;

	check_work(work);
	hp_point(OP_UNQUEUE, site, (u64)work, work->number, 0);
	check_work(work);
	was = work->pending;
	hp_note(OP_UNQUEUE, site, (u64)work, work->number, was);
	make_idle(work);
	return was;
}

bool cancel_work(struct work_struct *work)
{
	return takes_back(SITE, work);
}

bool cancel_work_sync(struct work_struct *work)
{
	return waits_for_work(OP_CANCEL, SITE, work);
}

bool flush_work(struct work_struct *work)
{
	return waits_for_work(OP_FLUSH, SITE, work);
}

/* Its time has come, and then it is like any other. */
bool flush_delayed_work(struct delayed_work *d)
{
	check_work(&d->work);
	if (d->work.delayed) {
		struct workqueue_struct *queue = d->work.queue;

		make_idle(&d->work);
		make_pending(queue, &d->work, 0);
	}
	return waits_for_work(OP_FLUSH, SITE, &d->work);
}

bool disable_work(struct work_struct *work)
{
	bool was = takes_back(SITE, work);

	work->disabled++;
	return was;
}

/* From now on nobody can queue it; then it is waited for. */
bool disable_work_sync(struct work_struct *work)
{
	check_work(work);
	work->disabled++;
	return waits_for_work(OP_CANCEL, SITE, work);
}

bool enable_work(struct work_struct *work)
{
	check_work(work);
	hp_point(OP_QUEUE_WORK, SITE, work->number, 0, 2);
	check_work(work);
	if (work->disabled)
		work->disabled--;
	return !work->disabled;
}

bool work_pending(struct work_struct *work)
{
	check_work(work);
	hp_point(OP_BIT, SITE, (u64)work, 0, 2);
	check_work(work);
	return work->pending;
}

bool work_busy(struct work_struct *work)
{
	check_work(work);
	hp_point(OP_BIT, SITE, (u64)work, 1, 2);
	check_work(work);
	return work->pending || work->running;
}

void hp_forget_work(struct work_struct *work)
{
	check_work(work);
	if (work->pending || work->running)
		hp_bug("a work item on a stack is given up that is pending or runs");
	hp_m->works[work->number] = NULL;
}
