/* Bits and atomic variables. Those that return the old value are seen by others, as they decide who goes on. */
#include "runtime.h"

static unsigned long word_with(unsigned long old, unsigned long mask, int value)
{
	if (value < 0)
		return old ^ mask;
	return value ? old | mask : old & ~mask;
}

/* value: what the bit becomes; -1 if it becomes the other one. */
static bool change(enum hp_op op, const void *site, long bit, volatile unsigned long *word, int value)
{
	volatile unsigned long *at = word + BIT_WORD(bit);
	bool old;

	hp_alive((void *)at, "a bitmap");
	hp_point(op, site, (u64)word, bit, 0);
	hp_alive((void *)at, "a bitmap");
	hp_section_access((const u8 *)at, sizeof(*at), 1);
	old = (*at & BIT_MASK(bit)) != 0;
	*at = word_with(*at, BIT_MASK(bit), value);
	hp_note(op, site, (u64)word, bit, old);
	return old;
}

bool test_and_set_bit(long bit, volatile unsigned long *word)
{
	return change(OP_TEST_SET, SITE, bit, word, 1);
}

bool test_and_clear_bit(long bit, volatile unsigned long *word)
{
	return change(OP_TEST_CLEAR, SITE, bit, word, 0);
}

bool test_and_change_bit(long bit, volatile unsigned long *word)
{
	return change(OP_TEST_SET, SITE, bit, word, -1);
}

void set_bit(long bit, volatile unsigned long *word)
{
	change(OP_BIT, SITE, bit, word, 1);
}

void clear_bit(long bit, volatile unsigned long *word)
{
	change(OP_BIT, SITE, bit, word, 0);
}

void change_bit(long bit, volatile unsigned long *word)
{
	change(OP_BIT, SITE, bit, word, -1);
}

bool test_bit(long bit, const volatile unsigned long *word)
{
	const volatile unsigned long *at = word + BIT_WORD(bit);

	hp_alive((void *)at, "a bitmap");
	hp_point(OP_BIT, SITE, (u64)word, bit, 2);
	hp_alive((void *)at, "a bitmap");
	hp_section_access((const u8 *)at, sizeof(*at), 0);
	return (*at & BIT_MASK(bit)) != 0;
}

static s64 load(const volatile void *at, unsigned int size)
{
	switch (size) {
	case 1:
		return *(const volatile s8 *)at;
	case 2:
		return *(const volatile s16 *)at;
	case 4:
		return *(const volatile s32 *)at;
	default:
		return *(const volatile s64 *)at;
	}
}

static void store(volatile void *at, unsigned int size, s64 value)
{
	memcpy((void *)at, &value, size); /* of a little-endian processor */
}

static s64 changed(enum hp_change how, s64 old, s64 value, s64 other)
{
	switch (how) {
	case HP_SET:
		return value;
	case HP_ADD:
		return old + value;
	case HP_AND:
		return old & value;
	case HP_OR:
		return old | value;
	case HP_XOR:
		return old ^ value;
	case HP_UNLESS:
		return old == other ? old : old + value;
	case HP_SWAP_IF:
		return old == other ? value : old;
	case HP_ADD_POSITIVE:
		return old > 0 ? old + value : old;
	default:
		return old;
	}
}

static s64 access(enum hp_op op, const void *site, volatile void *at, unsigned int size, enum hp_change how, s64 value,
		  s64 other)
{
	s64 old;

	hp_alive((void *)at, "an atomic variable");
	hp_point(op, site, (u64)at, how, value);
	hp_alive((void *)at, "an atomic variable");
	hp_section_access((const u8 *)at, size, how != HP_READ);
	old = load(at, size);
	other = load(&other, size); /* its sign is that of its size */
	if (how != HP_READ)
		store(at, size, changed(how, old, value, other));
	hp_note(op, site, (u64)at, how, old);
	return old;
}

s64 hp_change(volatile void *at, unsigned int size, enum hp_change how, s64 value, s64 other)
{
	return access(OP_EXCHANGE, SITE, at, size, how, value, other);
}

void hp_change_blindly(volatile void *at, unsigned int size, enum hp_change how, s64 value)
{
	access(OP_ATOMIC, SITE, at, size, how, value, 0);
}

s64 hp_read(const volatile void *at, unsigned int size)
{
	return access(OP_ATOMIC, SITE, (volatile void *)at, size, HP_READ, 0, 0);
}
