/* The machine as Python reads it: one flat record, the same for every build. */
#include "view.h"
#include "entries.h"

static void view_queue(const struct queue *queue, struct queue_view *view)
{
	const struct element *row = &hp_m->elements[queue->first];
	u32 count = queue->used + queue->taken + queue->available;

	view->exists = queue->exists;
	view->size = queue->size;
	view->free = queue->exists ? queue->vq.num_free : 0;
	view->used = queue->used;
	view->taken = queue->taken;
	view->available = queue->available;
	for (u32 i = 0; i < count; i++)
		view->elements[i] = (struct element_view){
			row[i].address, row[i].length, row[i].out, row[i].count,
			row[i].out && row[i].length >= 4 ? hp_payload(&row[i]) : 0, hp_block_of(row[i].address) + 1, 0,
		};
}

static u32 owned(const struct page *pages, u32 count, u8 owner)
{
	u32 mask = 0;

	for (u32 i = 0; i < count && i < 32; i++)
		mask |= (u32)(pages[i].state == owner) << i;
	return mask;
}

static u32 held(void)
{
	u32 blocks = 0;

	for (u32 i = 0; i < hp_settings.blocks; i++)
		blocks += hp_m->blocks[i].state == OWNER_DRIVER;
	return blocks;
}

/* Those that the driver allocated: two are the kernel's. */
static u32 own_workqueues(void)
{
	u32 count = 0;

	for (int i = 2; i < WORKQUEUES; i++)
		count += hp_m->workqueues[i].exists;
	return count;
}

static u32 live_heap(void)
{
	u32 bytes = 0;

	for (int i = 0; i < ALLOCATIONS; i++)
		bytes += hp_m->allocations[i].freed ? 0 : hp_m->allocations[i].size;
	return bytes;
}

/* The machine as it is now. A buffer at a wild address is a fault: -1. */
int hp_view(struct view *view)
{
	memset(view, 0, sizeof(*view));
	view->features = hp_m->vdev.features;
	for (int i = 0; i < THREADS; i++) {
		const struct thread *t = &hp_m->threads[i];

		view->threads[i] = (struct thread_view){ t->a, t->b, t->c, (u64)t->site, t->entry, t->argument, t->op,
							 hp_is_enabled(i) };
	}
	for (int i = 0; i < QUEUES; i++) {
		view_queue(&hp_m->queues[i], &view->queues[i]);
		view->answered |= hp_entry_begins(ENTRY_CALLBACK, i) << i;
	}
	for (int i = 0; i < WORKS; i++)
		if (hp_m->works[i]) {
			view->pending |= hp_m->works[i]->pending << i;
			view->running |= hp_m->works[i]->running << i;
			view->known |= 1 << i;
		}
	view->free = owned(hp_m->blocks, hp_settings.blocks, OWNER_FREE);
	view->driver = owned(hp_m->blocks, hp_settings.blocks, OWNER_DRIVER);
	view->small_driver = owned(hp_m->small, hp_settings.small_pages, OWNER_DRIVER);
	view->held = held();
	view->heap = live_heap();
	view->workqueues = own_workqueues();
	view->bound = hp_m->bound;
	view->listening = hp_m->listening;
	view->ready = hp_m->ready;
	view->frozen = hp_m->frozen;
	view->shrinker = hp_m->shrinker != NULL;
	view->oom = hp_m->oom != NULL;
	view->reporting = hp_m->reporting != NULL;
	memcpy(view->config, hp_m->config, CONFIG);
	return 0;
}

const char *hp_work_name(int number)
{
	return number >= 0 && number < WORKS && hp_m->works[number] ? hp_work_names[number] : NULL;
}

void hp_set_config(u32 offset, u32 size, u64 value)
{
	if (offset + size <= CONFIG)
		memcpy(&hp_m->config[offset], &value, size);
}

u32 hp_pending(int thread)
{
	return hp_m->threads[thread].op;
}

void hp_set_next_block(int block)
{
	hp_next_block = block;
}

void hp_set_mask(u64 mask, int through_locks)
{
	hp_mask = mask;
	hp_through_locks = through_locks;
}

int hp_has_freeze(void)
{
	return hp_driver->freeze != NULL;
}

void hp_clear_events(void)
{
	hp_event_count = 0;
}

/* The thread in which the kernel calls the driver so; -1 if there is none. Any argument will do if it is -1. */
int hp_thread_of(int entry, int argument)
{
	for (int i = 0; i < THREADS; i++)
		if (hp_m->threads[i].entry == entry && (argument < 0 || hp_m->threads[i].argument == argument))
			return i;
	return -1;
}
