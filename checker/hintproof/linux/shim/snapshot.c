/* Copies of all that changes as the driver runs: taken, put back, kept by number. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>

#include "entries.h"
#include "snapshot.h"

extern char hp_data_begin[], hp_data_end[], hp_bss_begin[], hp_bss_end[];
extern const struct virtio_config_ops hp_config_ops;

struct machine *hp_m;
u8 *hp_heap, *hp_stacks;
struct settings hp_settings;
int hp_next_block = -2, hp_later;
const char *hp_work_names[WORKS];
size_t hp_snapshot_max;

static u8 *first_data; /* the driver's own data as it was loaded */

static size_t data_size(void)
{
	return hp_data_end - hp_data_begin;
}

static size_t bss_size(void)
{
	return hp_bss_end - hp_bss_begin;
}

static size_t machine_size(void)
{
	return offsetof(struct machine, blocks) + hp_settings.blocks * sizeof(struct page);
}

static int make_room(void)
{
	size_t stacks = THREADS * (STACK + PAGE_SIZE);
	u8 *at = mmap(NULL, ALIGN(sizeof(*hp_m), 4096) + HEAP + stacks, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		return -1;
	hp_m = (struct machine *)at;
	hp_heap = at + ALIGN(sizeof(*hp_m), 4096);
	hp_stacks = hp_heap + HEAP;
	for (int i = 0; i < THREADS; i++) /* a stack that overflows is a fault */
		mprotect(hp_stacks + i * (STACK + PAGE_SIZE), PAGE_SIZE, PROT_NONE);
	hp_snapshot_max = sizeof(*hp_m) + HEAP + data_size() + bss_size() + THREADS * STACK;
	first_data = malloc(data_size());
	memcpy(first_data, hp_data_begin, data_size());
	hp_catch_faults();
	return 0;
}

/* A machine with nothing bound to the device. Whatever was before is forgotten. */
int hp_reset_machine(const struct settings *settings)
{
	if (!hp_m && make_room())
		return -1;
	if (settings->blocks > BLOCKS || settings->small_pages > SMALL_PAGES || settings->ring > 1024)
		return -1;
	hp_settings = *settings;
	memset(hp_m, 0, sizeof(*hp_m));
	memset(hp_heap, 0, HEAP);
	memcpy(hp_data_begin, first_data, data_size());
	memset(hp_bss_begin, 0, bss_size());
	memset(&hp_fault, 0, sizeof(hp_fault));
	hp_m->vdev.config = &hp_config_ops;
	hp_m->vdev.dev.parent = &hp_m->parent;
	hp_m->vdev.id = (struct virtio_device_id){ VIRTIO_ID_BALLOON, 0 };
	hp_m->workqueues[0].exists = hp_m->workqueues[1].exists = 1;
	hp_m->workqueues[1].freezable = 1;
	hp_event_count = 0;
	hp_next_block = -2;
	hp_later = 0;
	return 0;
}

/* -- one copy after the other: machine, heap, data, bss, and of each stack the part that is in use */

static u8 *put(u8 *to, const void *from, size_t size)
{
	memcpy(to, from, size);
	return to + size;
}

size_t hp_gather(u8 *to)
{
	u8 *at = put(to, hp_m, machine_size());

	at = put(at, hp_heap, hp_m->heap_top);
	at = put(at, hp_data_begin, data_size());
	at = put(at, hp_bss_begin, bss_size());
	for (int i = 0; i < THREADS; i++)
		if (hp_m->threads[i].entry)
			at = put(at, hp_m->threads[i].sp, hp_stack_top(i) - (u8 *)hp_m->threads[i].sp);
	while ((at - to) % LINE)
		*at++ = 0;
	return at - to;
}

void hp_scatter(const u8 *from)
{
	memcpy(hp_m, from, machine_size());
	from += machine_size();
	memcpy(hp_heap, from, hp_m->heap_top);
	from += hp_m->heap_top;
	memcpy(hp_data_begin, from, data_size());
	from += data_size();
	memcpy(hp_bss_begin, from, bss_size());
	from += bss_size();
	for (int i = 0; i < THREADS; i++) {
		struct thread *thread = &hp_m->threads[i];
		size_t size = thread->entry ? hp_stack_top(i) - (u8 *)thread->sp : 0;

		if (!size)
			continue;
		memset((u8 *)thread->sp - 1024, 0, 1024);
		memcpy(thread->sp, from, size);
		from += size;
	}
	hp_fault.kind = FAULT_NONE;
}

static u64 mixed(u64 a, u64 b)
{
	unsigned __int128 product = (unsigned __int128)a * b;

	return (u64)product ^ (u64)(product >> 64);
}

/* 128 bits of a row of lines; two of them that are equal for different rows would be an accident of 2^-90 or so. */
void hp_hash(const u8 *data, size_t size, u64 out[2])
{
	u64 a = 0x9e3779b97f4a7c15UL ^ size, b = 0xd1b54a32d192ed03UL, word[4];

	for (size_t i = 0; i < size; i += LINE) {
		memcpy(word, data + i, LINE);
		a = mixed(a ^ word[0], word[1] ^ 0xa0761d6478bd642fUL) + (b >> 32);
		b = mixed(b ^ word[2], word[3] ^ 0xe7037ed1a0b428dbUL) ^ (a << 29 | a >> 35);
	}
	out[0] = mixed(a ^ 0x8ebc6af09c88c6e3UL, b ^ 0x589965cc75374cc3UL);
	out[1] = mixed(b ^ 0x1d8e4e27c47d124fUL, a ^ 0xeb44accab455d165UL);
}

/* -- by number: the lines that differ from those of the first one */

struct kept { u64 hash[2]; u8 *lines; u32 size; };

static struct kept *kept;
static u32 count, room, *table, table_size;
static u8 *base, *buffer;

static void grow(void)
{
	room = room ? room * 2 : 1024;
	kept = realloc(kept, room * sizeof(*kept));
	table_size = room * 4;
	table = realloc(table, table_size * sizeof(*table));
	memset(table, 0xff, table_size * sizeof(*table));
	for (u32 i = 0; i < count; i++) {
		u32 at = kept[i].hash[0] & (table_size - 1);

		while (table[at] != ~0U)
			at = (at + 1) & (table_size - 1);
		table[at] = i;
	}
}

void hp_forget_snapshots(void)
{
	for (u32 i = 0; i < count; i++)
		free(kept[i].lines);
	count = 0;
	if (table)
		memset(table, 0xff, table_size * sizeof(*table));
	if (!buffer) {
		buffer = malloc(hp_snapshot_max + 2 * LINE);
		base = malloc(hp_snapshot_max + 2 * LINE);
	}
	memset(base, 0, hp_snapshot_max + 2 * LINE);
}

/* A mark for each line, then the lines that are not as in the base. */
u8 *hp_squeeze(const u8 *data, u32 size, const u8 *from)
{
	u32 lines = size / LINE, marks = (lines + 7) / 8, different = 0;
	u8 *out, *at;

	for (u32 i = 0; i < lines; i++)
		different += memcmp(data + i * LINE, from + i * LINE, LINE) != 0;
	out = calloc(1, marks + different * LINE);
	at = out + marks;
	for (u32 i = 0; i < lines; i++)
		if (memcmp(data + i * LINE, from + i * LINE, LINE)) {
			out[i / 8] |= 1 << i % 8;
			at = put(at, data + i * LINE, LINE);
		}
	return out;
}

void hp_unsqueeze(const u8 *squeezed, u32 size, const u8 *from, u8 *to)
{
	u32 lines = size / LINE;
	const u8 *at = squeezed + (lines + 7) / 8;

	memcpy(to, from, size);
	for (u32 i = 0; i < lines; i++)
		if (squeezed[i / 8] >> i % 8 & 1) {
			memcpy(to + i * LINE, at, LINE);
			at += LINE;
		}
}

/* The number of the state as it is now: the same for equal states. */
int hp_keep(void)
{
	u64 hash[2];
	u32 size = hp_gather(buffer), at;

	if (!count)
		memcpy(base, buffer, size);
	if (count == room)
		grow();
	hp_hash(buffer, size, hash);
	for (at = hash[0] & (table_size - 1); table[at] != ~0U; at = (at + 1) & (table_size - 1))
		if (kept[table[at]].hash[0] == hash[0] && kept[table[at]].hash[1] == hash[1])
			return table[at];
	table[at] = count;
	kept[count] = (struct kept){ { hash[0], hash[1] }, hp_squeeze(buffer, size, base), size };
	return count++;
}

/* Back to the state of that number. */
int hp_recall(u32 number)
{
	if (number >= count)
		return -1;
	hp_unsqueeze(kept[number].lines, kept[number].size, base, buffer);
	hp_scatter(buffer);
	return 0;
}
