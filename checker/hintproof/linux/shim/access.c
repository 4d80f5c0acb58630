/*
 * A point at each access to the driver's state: the driver is compiled as for the thread sanitizer, whose hooks are
 * these. Only accesses to the heap count; one to freed memory is a fault.
 */
#include "runtime.h"

int hp_accesses = 0;

static void at(const void *site, const u8 *address, u64 size, int how)
{
	hp_accesses = 1;
	if (hp_current >= 0)
		hp_section_access(address, size, how & ACCESS_WRITES);
	if (hp_current < 0 || address < hp_heap || address >= hp_heap + HEAP)
		return;
	hp_alive(address, "memory");
	hp_point(OP_ACCESS, site, address - hp_heap, size, how);
	hp_alive(address, "memory");
}

/* A lock, a work item or the like is made: a write, as if the driver's own code did it. */
void hp_makes(const void *site, const void *what, u64 size)
{
	if (hp_accesses)
		at(site, what, size, 1);
}

#define HOOKS(size) \
	void __tsan_read##size(void *p) { at(SITE, p, size, 0); } \
	void __tsan_write##size(void *p) { at(SITE, p, size, 1); } \
	void __tsan_unaligned_read##size(void *p) { at(SITE, p, size, 0); } \
	void __tsan_unaligned_write##size(void *p) { at(SITE, p, size, 1); } \
	void __tsan_volatile_read##size(void *p) { at(SITE, p, size, ACCESS_MARKED); } \
	void __tsan_volatile_write##size(void *p) { at(SITE, p, size, ACCESS_WRITES | ACCESS_MARKED); }

HOOKS(1)
HOOKS(2)
HOOKS(4)
HOOKS(8)
HOOKS(16)

void __tsan_read_range(void *p, u64 size)
{
	at(SITE, p, size, 0);
}

void __tsan_write_range(void *p, u64 size)
{
	at(SITE, p, size, 1);
}

void __tsan_func_entry(void *caller)
{
	(void)caller;
}

void __tsan_func_exit(void)
{
}

void __tsan_init(void)
{
}
