/* How the kernel calls the driver: the device model, workqueues, reclaim, page reporting. */
#include "entries.h"

enum { REPORTED = 16 }; /* blocks of one report, at most */

static int work_runs(int freezable_only)
{
	for (int i = 0; i < WORKS; i++) {
		const struct work_struct *work = hp_m->works[i];

		if (work && work->running && (!freezable_only || (work->queue && work->queue->freezable)))
			return 1;
	}
	return 0;
}

static int runs(int entry)
{
	for (int i = 0; i < THREADS; i++)
		if (hp_m->threads[i].entry == entry)
			return 1;
	return 0;
}

static int coming_or_going(void)
{
	return runs(ENTRY_PROBE) || runs(ENTRY_REMOVE) || runs(ENTRY_FREEZE) || runs(ENTRY_RESTORE) || runs(ENTRY_SHUTDOWN);
}

static int work_begins(int number)
{
	struct work_struct *work = number < WORKS ? hp_m->works[number] : NULL;

	if (!work || !hp_work_can_start(work))
		return 0;
	hp_work_starts(work);
	return 1;
}

/* The core holds config interrupts back (listening) from the beginning of remove or freeze on. */
static int leaves(int entry)
{
	if (!hp_m->bound || hp_m->frozen || coming_or_going() || runs(ENTRY_CHANGED))
		return 0;
	if (entry == ENTRY_FREEZE) {
		if (!hp_driver->freeze || work_runs(1))
			return 0;
		hp_m->frozen = 1;
	}
	if (entry == ENTRY_REMOVE && !hp_driver->remove)
		return 0;
	hp_m->listening = 0;
	return 1;
}

static int callback_begins(int number)
{
	const struct queue *queue = &hp_m->queues[number];

	return number < QUEUES && queue->exists && queue->vq.callback && queue->used && hp_m->ready;
}

int hp_entry_begins(int entry, int argument)
{
	switch (entry) {
	case ENTRY_PROBE:
		return !hp_m->bound && !coming_or_going();
	case ENTRY_REMOVE:
	case ENTRY_FREEZE:
		return leaves(entry);
	case ENTRY_RESTORE:
		return hp_m->frozen && !coming_or_going();
	case ENTRY_SHUTDOWN:
		return hp_m->bound && !coming_or_going() && hp_driver->shutdown;
	case ENTRY_CHANGED:
		return hp_m->listening && hp_driver->config_changed && !runs(ENTRY_CHANGED);
	case ENTRY_WORK:
		return work_begins(argument);
	case ENTRY_SCAN:
	case ENTRY_SHRINK_COUNT:
		return hp_m->shrinker != NULL;
	case ENTRY_OOM:
		return hp_m->oom != NULL;
	case ENTRY_CALLBACK:
		return callback_begins(argument);
	case ENTRY_REPORT:
		return hp_m->reporting && argument > 0 && argument <= REPORTED && !runs(ENTRY_REPORT);
	default:
		return 0;
	}
}

int hp_fails(void)
{
	const int entry = hp_current >= 0 ? hp_self()->entry : ENTRY_NONE;

	if (entry != ENTRY_PROBE && entry != ENTRY_RESTORE)
		return 0;
	return hp_settings.fail_at && ++hp_m->may_have_failed == hp_settings.fail_at;
}

/* As the core does: features that both know, transport bits, validate, probe. */
static int probe(void)
{
	struct virtio_device *vdev = &hp_m->vdev;
	u64 known = 0;
	int problem;

	for (unsigned int i = 0; i < hp_driver->feature_table_size; i++)
		known |= BIT_ULL(hp_driver->feature_table[i]);
	vdev->features = hp_settings.features & (known | (BIT_ULL(42) - BIT_ULL(28)));
	vdev->priv = NULL;
	problem = hp_driver->validate ? hp_driver->validate(vdev) : 0;
	if (problem)
		return problem;
	problem = hp_driver->probe(vdev);
	if (!problem) {
		hp_m->bound = 1;
		hp_m->ready = 1;
		hp_m->listening = 1;
	} else {
		hp_free_managed();
	}
	return problem;
}

static int restore(void)
{
	int problem = hp_driver->restore ? hp_driver->restore(&hp_m->vdev) : 0;

	hp_m->frozen = 0;
	hp_m->ready = 1;
	hp_m->listening = 1;
	return problem;
}

/* Page reporting isolates free blocks, reports them, and gives them back. */
static int report(int wanted)
{
	struct scatterlist list[REPORTED];
	int count = 0, problem;

	sg_init_table(list, REPORTED);
	for (int i = 0; i < (int)hp_settings.blocks && count < wanted; i++)
		if (hp_m->blocks[i].state == OWNER_FREE) {
			hp_m->blocks[i].state = OWNER_OTHER;
			sg_set_buf(&list[count++], (void *)(BLOCK_BASE + i * BLOCK_SIZE), BLOCK_SIZE);
		}
	if (!count)
		return 0;
	sg_mark_end(&list[count - 1]);
	problem = hp_m->reporting->report(hp_m->reporting, list, count);
	for (int i = 0; i < count; i++)
		hp_m->blocks[hp_block_of(list[i].address)].state = OWNER_FREE;
	return problem;
}

static u64 shrink(int entry, int argument)
{
	struct shrink_control control = { .gfp_mask = GFP_KERNEL, .nr_to_scan = argument };

	if (entry == ENTRY_SHRINK_COUNT)
		return hp_m->shrinker->count_objects(hp_m->shrinker, &control);
	return hp_m->shrinker->scan_objects(hp_m->shrinker, &control);
}

static u64 notify(void)
{
	unsigned long freed = 0;

	hp_m->oom->notifier_call(hp_m->oom, 0, &freed);
	return freed;
}

u64 hp_run_entry(const struct thread *thread)
{
	struct virtio_device *vdev = &hp_m->vdev;

	switch (thread->entry) {
	case ENTRY_PROBE:
		return probe();
	case ENTRY_REMOVE:
		hp_driver->remove(vdev);
		return 0;
	case ENTRY_FREEZE:
		return hp_driver->freeze(vdev);
	case ENTRY_RESTORE:
		return restore();
	case ENTRY_SHUTDOWN:
		hp_driver->shutdown(vdev);
		return 0;
	case ENTRY_CHANGED:
		hp_driver->config_changed(vdev);
		return 0;
	case ENTRY_WORK:
		hp_m->works[thread->argument]->func(hp_m->works[thread->argument]);
		return 0;
	case ENTRY_SCAN:
	case ENTRY_SHRINK_COUNT:
		return shrink(thread->entry, thread->argument);
	case ENTRY_OOM:
		return notify();
	case ENTRY_CALLBACK:
		hp_m->queues[thread->argument].vq.callback(&hp_m->queues[thread->argument].vq);
		return 0;
	default:
		return report(thread->argument);
	}
}

void hp_entry_ends(const struct thread *thread)
{
	struct work_struct *work = thread->entry == ENTRY_WORK ? hp_m->works[thread->argument] : NULL;

	if (thread->spinlocks || thread->irqs_off)
		hp_bug("a function of the driver returns with a lock held or interrupts off");
	if (work)
		work->running = 0;
	if (thread->entry == ENTRY_REMOVE) {
		hp_m->bound = hp_m->ready = 0;
		hp_free_managed();
	}
	if (thread->entry == ENTRY_SHUTDOWN)
		hp_m->ready = 0;
}
