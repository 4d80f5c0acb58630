/*
 * Critical sections as one step. A thread stops before each call, so that it would stop before it releases a lock. It
 * need not if nothing was called since the lock was taken, and if what the section reads is written, and what it writes is
 * touched, by nobody who does not hold the lock: whatever others do in between commutes with the section, as if it had begun only
 * then (Lipton, "Reduction", 1975: taking a lock moves to the right). What memory that is shows in the search itself, as
 * a first access without the lock would come in the smaller search, too (Stoller and Cohen, "Optimistic
 * synchronization-based state-space reduction", 2003). Then the lock is no longer trusted, and the search begins again.
 */
#include <stdlib.h>

#include "runtime.h"

enum { LOCKS = 8, ROOM = 1 << 19 };

static const struct hp_lock *locks[LOCKS];
static u8 trusted, broken;
/* By byte: the locks in whose sections it was accessed, and those without which it was; all accesses, and writes. */
static struct byte { u8 within[2], without[2]; } *bytes;
static int watching;

static int number_of(const struct hp_lock *lock)
{
	int i = 0;

	while (i < LOCKS && locks[i] && locks[i] != lock)
		i++;
	if (i < LOCKS)
		locks[i] = lock;
	return i;
}

/* Watch from now on, trusting every lock, or all but those that were found out. Needs a build with accesses. */
void hp_watch_sections(int on, int again)
{
	watching = on;
	if (!bytes)
		bytes = malloc(ROOM * sizeof(*bytes));
	memset(bytes, 0, ROOM * sizeof(*bytes));
	trusted = again ? trusted & ~broken : 0xff;
	if (!again)
		memset(locks, 0, sizeof(locks));
	broken = 0;
}

/* Whether a lock that is trusted should not be. */
int hp_sections_broken(void)
{
	return broken != 0;
}

void hp_section_begins(const struct hp_lock *lock)
{
	int number = watching ? number_of(lock) : LOCKS;

	hp_self()->section = number < LOCKS && trusted >> number & 1 ? number + 1 : 0;
}

void hp_section_ends(void)
{
	if (hp_current >= 0)
		hp_self()->section = 0;
}

int hp_section_is_one_step(const struct hp_lock *lock)
{
	int number = hp_self()->section - 1;

	return number >= 0 && locks[number] == lock;
}

/* Somebody sees whether a lock is held, not only by waiting for it. */
void hp_section_is_seen(const struct hp_lock *lock)
{
	int number = watching ? number_of(lock) : LOCKS;

	if (number < LOCKS)
		broken |= trusted & 1 << number;
}

static u8 held(void)
{
	u8 mask = 0;

	for (int i = 0; i < LOCKS && locks[i]; i++)
		mask |= (locks[i]->owner == hp_current + 1) << i;
	return mask;
}

void hp_section_access(const u8 *address, u64 size, int write)
{
	const u8 *top = hp_stack_top(hp_current);
	u64 at = address - (const u8 *)hp_m;
	u8 mine, others;

	if (!watching || (address >= top - STACK && address < top))
		return;
	mine = hp_self()->section ? 1 << (hp_self()->section - 1) : 0;
	others = ~held();
	if (at + size > ROOM) { /* the driver's own data: not watched, so it may be anybody's */
		broken |= trusted & mine;
		return;
	}
	for (; size; size--, at++) {
		struct byte *byte = &bytes[at];

		for (int i = 0; i <= write; i++) {
			byte->within[i] |= mine;
			byte->without[i] |= others;
		}
		broken |= trusted & ((byte->within[0] & byte->without[1]) | (byte->within[1] & byte->without[0]));
	}
}
