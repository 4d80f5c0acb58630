/*
 * The heap of the driver. Memory that was freed stays out of use until two more pieces of its size were freed, so that a
 * use after free is seen; all is as new once nothing on it lives.
 */
#include "runtime.h"

enum { NONSENSE = 0x5a, FREED = 0x6b, KEPT_BACK = 2 };

static struct allocation *allocation_of(const void *address)
{
	size_t at = (const u8 *)address - hp_heap;

	if (address < (void *)hp_heap || at >= HEAP)
		return NULL;
	for (int i = 0; i < ALLOCATIONS; i++) {
		struct allocation *a = &hp_m->allocations[i];

		if (a->size && at >= a->start && at < (size_t)a->start + a->size)
			return a;
	}
	return NULL;
}

void hp_alive(const void *address, const char *what)
{
	static char text[96];
	const struct allocation *a = allocation_of(address);
	size_t length = strlen(what);

	if ((u64)address > PAGE_SIZE && !(a && a->freed))
		return;
	length = length < 40 ? length : 40;
	memcpy(text, what, length);
	memcpy(text + length, a ? " is used after its memory was freed" : " at address 0 is used",
	       a ? sizeof(" is used after its memory was freed") : sizeof(" at address 0 is used"));
	hp_bug(text);
}

/* A list in memory that threads share; one on a thread's own stack needs no lock. */
void hp_list_changes(const struct list_head *list)
{
	if (allocation_of(list) && !hp_self()->spinlocks)
		hp_bug("a list that threads share is changed without a lock");
}

static void begin_anew(void)
{
	for (int i = 0; i < ALLOCATIONS; i++)
		if (hp_m->allocations[i].size && !hp_m->allocations[i].freed)
			return;
	memset(hp_m->allocations, 0, sizeof(hp_m->allocations));
	memset(hp_heap, 0, hp_m->heap_top);
	hp_m->heap_top = 0;
}

/* A piece of that size that was freed, unless too few of them were. */
static struct allocation *used_before(size_t size)
{
	struct allocation *first = NULL;
	int count = 0;

	for (int i = 0; i < ALLOCATIONS; i++) {
		struct allocation *a = &hp_m->allocations[i];

		if (!a->freed || a->size != size)
			continue;
		first = first ? first : a;
		count++;
	}
	return count > KEPT_BACK ? first : NULL;
}

static struct allocation *piece_of(size_t size)
{
	struct allocation *a = used_before(size);

	if (a) {
		a->freed = 0;
		return a;
	}
	for (a = hp_m->allocations; a < hp_m->allocations + ALLOCATIONS && a->size; a++)
		;
	if (a == hp_m->allocations + ALLOCATIONS)
		hp_bug("more memory at once than this harness has room for");
	if (size > (size_t)(HEAP - hp_m->heap_top))
		return NULL;
	*a = (struct allocation){ hp_m->heap_top, size, 0, 0 };
	hp_m->heap_top += ALIGN(size, 32);
	return a;
}

static void *allocate(const void *site, size_t size, gfp_t flags, int managed)
{
	struct allocation *a;

	if (flags & __GFP_DIRECT_RECLAIM)
		hp_atomic_check("an allocation that may sleep, where it is forbidden to sleep");
	hp_point(OP_KZALLOC, site, size, flags, 0);
	begin_anew();
	if (!size)
		return ZERO_SIZE_PTR;
	a = size > HEAP || hp_fails() ? NULL : piece_of(size);
	if (!a)
		return NULL;
	a->managed = managed;
	memset(hp_heap + a->start, flags & __GFP_ZERO ? 0 : NONSENSE, size);
	hp_note(OP_KZALLOC, site, size, (u64)(hp_heap + a->start), 0);
	return hp_heap + a->start;
}

void *kmalloc(size_t size, gfp_t flags)
{
	return allocate(SITE, size, flags, 0);
}

void *kzalloc(size_t size, gfp_t flags)
{
	return allocate(SITE, size, flags | __GFP_ZERO, 0);
}

void *devm_kmalloc(struct device *dev, size_t size, gfp_t flags)
{
	(void)dev;
	return allocate(SITE, size, flags, 1);
}

static void *copy(const void *site, const void *from, size_t size, size_t room, gfp_t flags)
{
	void *to = allocate(site, room, flags, 0);

	if (!ZERO_OR_NULL_PTR(to))
		memcpy(to, from, size);
	return to;
}

void *kmemdup(const void *from, size_t size, gfp_t flags)
{
	return copy(SITE, from, size, size, flags);
}

char *kstrdup(const char *text, gfp_t flags)
{
	return text ? copy(SITE, text, strlen(text) + 1, strlen(text) + 1, flags) : NULL;
}

size_t ksize(const void *memory)
{
	const struct allocation *a = allocation_of(memory);

	return a ? a->size : 0;
}

static void forget_works(const struct allocation *a)
{
	for (int i = 0; i < WORKS; i++) {
		const struct work_struct *work = hp_m->works[i];

		if (!work || allocation_of(work) != a)
			continue;
		if (work->pending || work->running)
			hp_bug("memory is freed that holds a work item which is pending or runs");
		hp_m->works[i] = NULL;
	}
}

static void free_piece(const void *site, const void *memory)
{
	struct allocation *a = allocation_of(memory);

	if (ZERO_OR_NULL_PTR(memory))
		return;
	if (!a || hp_heap + a->start != memory)
		hp_bug("kfree() of something that was not allocated");
	if (a->freed)
		hp_bug("kfree() of memory that is free already");
	hp_point(OP_KFREE, site, (u64)memory, 0, 0);
	if (a->freed)
		hp_bug("memory is freed twice, by two threads");
	forget_works(a);
	hp_note(OP_KFREE, site, (u64)memory, 0, 0);
	a->freed = 1;
	memset(hp_heap + a->start, FREED, a->size);
}

void kfree(const void *memory)
{
	const struct allocation *a = allocation_of(memory);

	if (a && a->managed && !a->freed)
		hp_bug("kfree() of memory that goes with the device");
	free_piece(SITE, memory);
}

void devm_kfree(struct device *dev, const void *memory)
{
	(void)dev;
	free_piece(SITE, memory);
}

void *krealloc(const void *memory, size_t size, gfp_t flags)
{
	size_t before = ksize(memory);
	void *to = copy(SITE, memory, before < size ? before : size, size, flags);

	if (to)
		free_piece(SITE, memory);
	return to;
}

/* What the core does once the device has no driver any more. Nobody else is there. */
void hp_free_managed(void)
{
	for (int i = 0; i < ALLOCATIONS; i++) {
		struct allocation *a = &hp_m->allocations[i];

		if (!a->size || a->freed || !a->managed)
			continue;
		forget_works(a);
		a->freed = 1;
		memset(hp_heap + a->start, FREED, a->size);
	}
}
