/* Bits and atomic variables: each call is one access, with nobody in between. See kernel.h. */
#ifndef HINTPROOF_ATOMIC_H
#define HINTPROOF_ATOMIC_H

#include "list.h"

/* -- bits ------------------------------------------------------------------------------------------------------- */
#define BITS_PER_LONG 64
#define BITS_PER_BYTE 8
#define BIT_WORD(n) ((n) / BITS_PER_LONG)
#define BIT_MASK(n) (1UL << ((n) % BITS_PER_LONG))
#define BITS_TO_LONGS(n) DIV_ROUND_UP(n, BITS_PER_LONG)
#define DECLARE_BITMAP(name, bits) unsigned long name[BITS_TO_LONGS(bits)]
bool test_and_set_bit(long bit, volatile unsigned long *word);
bool test_and_clear_bit(long bit, volatile unsigned long *word);
bool test_and_change_bit(long bit, volatile unsigned long *word);
void set_bit(long bit, volatile unsigned long *word);
void clear_bit(long bit, volatile unsigned long *word);
void change_bit(long bit, volatile unsigned long *word);
bool test_bit(long bit, const volatile unsigned long *word);
#define test_bit_acquire test_bit
#define test_and_set_bit_lock test_and_set_bit
#define clear_bit_unlock clear_bit
#define assign_bit(bit, word, value) ((value) ? set_bit(bit, word) : clear_bit(bit, word))
/* Those that are not atomic are accesses like any other. */
static HP_INLINE bool hp_plain_bit(long bit, volatile unsigned long *word, unsigned long keep, unsigned long flip)
{
	volatile unsigned long *at = word + BIT_WORD(bit);
	unsigned long old = *at;

	*at = (old & ~(BIT_MASK(bit) * !keep)) ^ BIT_MASK(bit) * flip;
	return (old & BIT_MASK(bit)) != 0;
}
#define __set_bit(bit, word) ((void)hp_plain_bit(bit, word, 0, 1))
#define __clear_bit(bit, word) ((void)hp_plain_bit(bit, word, 0, 0))
#define __change_bit(bit, word) ((void)hp_plain_bit(bit, word, 1, 1))
#define __clear_bit_unlock __clear_bit
#define __assign_bit(bit, word, value) ((void)hp_plain_bit(bit, word, 0, !!(value)))
#define __test_and_set_bit(bit, word) hp_plain_bit(bit, word, 0, 1)
#define __test_and_clear_bit(bit, word) hp_plain_bit(bit, word, 0, 0)
#define __test_and_change_bit(bit, word) hp_plain_bit(bit, word, 1, 1)
static HP_INLINE unsigned long hp_next_bit(const unsigned long *words, unsigned long size, unsigned long from, bool set)
{
	while (from < size && !!(words[BIT_WORD(from)] & BIT_MASK(from)) != set)
		from++;
	return from < size ? from : size;
}
#define find_next_bit(words, size, from) hp_next_bit(words, size, from, true)
#define find_next_zero_bit(words, size, from) hp_next_bit(words, size, from, false)
#define find_first_bit(words, size) hp_next_bit(words, size, 0, true)
#define find_first_zero_bit(words, size) hp_next_bit(words, size, 0, false)
#define for_each_set_bit(bit, words, size) \
	for ((bit) = find_first_bit(words, size); (bit) < (size); (bit) = find_next_bit(words, size, (bit) + 1))
#define for_each_clear_bit(bit, words, size) \
	for ((bit) = find_first_zero_bit(words, size); (bit) < (size); (bit) = find_next_zero_bit(words, size, (bit) + 1))
#define bitmap_zero(words, bits) ((void)memset(words, 0, BITS_TO_LONGS(bits) * sizeof(long)))
#define bitmap_fill(words, bits) ((void)memset(words, 0xff, BITS_TO_LONGS(bits) * sizeof(long)))
#define bitmap_empty(words, bits) (find_first_bit(words, bits) >= (bits))
#define bitmap_full(words, bits) (find_first_zero_bit(words, bits) >= (bits))
static HP_INLINE unsigned int bitmap_weight(const unsigned long *words, unsigned int bits)
{
	unsigned int count = 0;

	for (unsigned long i = find_first_bit(words, bits); i < bits; i = find_next_bit(words, bits, i + 1))
		count++;
	return count;
}

/* -- atomic variables ------------------------------------------------------------------------------------------- */
typedef struct { int counter; } atomic_t;
typedef struct { s64 counter; } atomic64_t;
typedef atomic64_t atomic_long_t;
#define ATOMIC_INIT(value) { (value) }
#define ATOMIC64_INIT(value) { (value) }
#define ATOMIC_LONG_INIT(value) { (value) }

/* HP_UNLESS adds unless the value is the other one, HP_SWAP_IF sets if it is. All return the old value. */
enum hp_change { HP_READ, HP_SET, HP_ADD, HP_AND, HP_OR, HP_XOR, HP_UNLESS, HP_SWAP_IF, HP_ADD_POSITIVE };
s64 hp_change(volatile void *at, unsigned int size, enum hp_change how, s64 value, s64 other); /* its old value is used */
void hp_change_blindly(volatile void *at, unsigned int size, enum hp_change how, s64 value);
s64 hp_read(const volatile void *at, unsigned int size);

#define HP_ATOMIC_TYPE(name, A, T) \
	static HP_INLINE T name##_read(const A *v) { return hp_read(&v->counter, sizeof(T)); } \
	static HP_INLINE void name##_set(A *v, T i) { hp_change_blindly(&v->counter, sizeof(T), HP_SET, i); } \
	static HP_INLINE void name##_add(T i, A *v) { hp_change_blindly(&v->counter, sizeof(T), HP_ADD, i); } \
	static HP_INLINE void name##_and(T i, A *v) { hp_change_blindly(&v->counter, sizeof(T), HP_AND, i); } \
	static HP_INLINE void name##_or(T i, A *v) { hp_change_blindly(&v->counter, sizeof(T), HP_OR, i); } \
	static HP_INLINE void name##_xor(T i, A *v) { hp_change_blindly(&v->counter, sizeof(T), HP_XOR, i); } \
	static HP_INLINE T name##_fetch_add(T i, A *v) { return hp_change(&v->counter, sizeof(T), HP_ADD, i, 0); } \
	static HP_INLINE T name##_fetch_and(T i, A *v) { return hp_change(&v->counter, sizeof(T), HP_AND, i, 0); } \
	static HP_INLINE T name##_fetch_or(T i, A *v) { return hp_change(&v->counter, sizeof(T), HP_OR, i, 0); } \
	static HP_INLINE T name##_fetch_xor(T i, A *v) { return hp_change(&v->counter, sizeof(T), HP_XOR, i, 0); } \
	static HP_INLINE T name##_xchg(A *v, T i) { return hp_change(&v->counter, sizeof(T), HP_SET, i, 0); } \
	static HP_INLINE T name##_cmpxchg(A *v, T old, T i) { return hp_change(&v->counter, sizeof(T), HP_SWAP_IF, i, old); } \
	static HP_INLINE T name##_fetch_add_unless(A *v, T i, T u) { return hp_change(&v->counter, sizeof(T), HP_UNLESS, i, u); } \
	static HP_INLINE T name##_dec_if_positive(A *v) { return hp_change(&v->counter, sizeof(T), HP_ADD_POSITIVE, -1, 0) - 1; } \
	static HP_INLINE bool name##_try_cmpxchg(A *v, T *old, T i) \
	{ \
		T was = name##_cmpxchg(v, *old, i); \
		bool same = was == *old; \
		*old = was; \
		return same; \
	} \
	static HP_INLINE void name##_sub(T i, A *v) { name##_add(-i, v); } \
	static HP_INLINE void name##_inc(A *v) { name##_add(1, v); } \
	static HP_INLINE void name##_dec(A *v) { name##_add(-1, v); } \
	static HP_INLINE void name##_andnot(T i, A *v) { name##_and(~i, v); } \
	static HP_INLINE T name##_fetch_sub(T i, A *v) { return name##_fetch_add(-i, v); } \
	static HP_INLINE T name##_fetch_inc(A *v) { return name##_fetch_add(1, v); } \
	static HP_INLINE T name##_fetch_dec(A *v) { return name##_fetch_add(-1, v); } \
	static HP_INLINE T name##_fetch_andnot(T i, A *v) { return name##_fetch_and(~i, v); } \
	static HP_INLINE T name##_add_return(T i, A *v) { return name##_fetch_add(i, v) + i; } \
	static HP_INLINE T name##_sub_return(T i, A *v) { return name##_fetch_sub(i, v) - i; } \
	static HP_INLINE T name##_inc_return(A *v) { return name##_add_return(1, v); } \
	static HP_INLINE T name##_dec_return(A *v) { return name##_sub_return(1, v); } \
	static HP_INLINE bool name##_sub_and_test(T i, A *v) { return name##_sub_return(i, v) == 0; } \
	static HP_INLINE bool name##_dec_and_test(A *v) { return name##_dec_return(v) == 0; } \
	static HP_INLINE bool name##_inc_and_test(A *v) { return name##_inc_return(v) == 0; } \
	static HP_INLINE bool name##_add_negative(T i, A *v) { return name##_add_return(i, v) < 0; } \
	static HP_INLINE bool name##_add_unless(A *v, T i, T u) { return name##_fetch_add_unless(v, i, u) != u; } \
	static HP_INLINE bool name##_inc_not_zero(A *v) { return name##_add_unless(v, 1, 0); }
HP_ATOMIC_TYPE(atomic, atomic_t, int)
HP_ATOMIC_TYPE(atomic64, atomic64_t, s64)
HP_ATOMIC_TYPE(atomic_long, atomic_long_t, long)

/* Weaker orders are the same here: each access takes effect at once. */
#define atomic_read_acquire atomic_read
#define atomic_set_release atomic_set
#define atomic_add_return_relaxed atomic_add_return
#define atomic_inc_return_relaxed atomic_inc_return
#define atomic_inc_return_acquire atomic_inc_return
#define atomic_dec_return_release atomic_dec_return
#define atomic_dec_return_relaxed atomic_dec_return
#define atomic_fetch_add_relaxed atomic_fetch_add
#define atomic_fetch_or_acquire atomic_fetch_or
#define atomic_fetch_andnot_release atomic_fetch_andnot
#define atomic_xchg_acquire atomic_xchg
#define atomic_xchg_release atomic_xchg
#define atomic_xchg_relaxed atomic_xchg
#define atomic_cmpxchg_acquire atomic_cmpxchg
#define atomic_cmpxchg_release atomic_cmpxchg
#define atomic_cmpxchg_relaxed atomic_cmpxchg
#define atomic_try_cmpxchg_acquire atomic_try_cmpxchg
#define atomic_try_cmpxchg_release atomic_try_cmpxchg
#define atomic_try_cmpxchg_relaxed atomic_try_cmpxchg
#define atomic64_read_acquire atomic64_read
#define atomic64_set_release atomic64_set
#define atomic_long_read_acquire atomic_long_read
#define atomic_long_set_release atomic_long_set

#define HP_AS(at, value) ((__typeof__(*(at)))(value))
#define xchg(at, value) HP_AS(at, hp_change(at, sizeof(*(at)), HP_SET, (s64)(value), 0))
#define cmpxchg(at, old, value) HP_AS(at, hp_change(at, sizeof(*(at)), HP_SWAP_IF, (s64)(value), (s64)HP_AS(at, old)))
#define try_cmpxchg(at, old, value) \
	({ \
		__typeof__(*(at)) expected_ = *(old), was_ = cmpxchg(at, expected_, value); \
		*(old) = was_; \
		was_ == expected_; \
	})
#define cmpxchg_relaxed cmpxchg
#define cmpxchg_acquire cmpxchg
#define cmpxchg_release cmpxchg
#define xchg_relaxed xchg
#define xchg_acquire xchg
#define xchg_release xchg

/* -- counts of references: to go below zero, or up from zero, is a fault ---------------------------------------- */
typedef struct refcount_struct { atomic_t refs; } refcount_t;
#define REFCOUNT_INIT(n) { ATOMIC_INIT(n) }
static HP_INLINE unsigned int refcount_read(const refcount_t *r) { return atomic_read(&r->refs); }
static HP_INLINE void refcount_set(refcount_t *r, int n) { atomic_set(&r->refs, n); }
static HP_INLINE bool refcount_add_not_zero(int i, refcount_t *r) { return atomic_add_unless(&r->refs, i, 0); }
static HP_INLINE bool refcount_inc_not_zero(refcount_t *r) { return refcount_add_not_zero(1, r); }
static HP_INLINE void refcount_add(int i, refcount_t *r)
{
	if (atomic_fetch_add(i, &r->refs) <= 0)
		hp_bug("a refcount is raised that is zero: what it counts is gone");
}
static HP_INLINE void refcount_inc(refcount_t *r) { refcount_add(1, r); }
static HP_INLINE bool refcount_sub_and_test(int i, refcount_t *r)
{
	int left = atomic_sub_return(i, &r->refs);

	if (left < 0)
		hp_bug("a refcount goes below zero");
	return left == 0;
}
static HP_INLINE bool refcount_dec_and_test(refcount_t *r) { return refcount_sub_and_test(1, r); }
static HP_INLINE void refcount_dec(refcount_t *r)
{
	if (refcount_dec_and_test(r))
		hp_bug("a refcount goes to zero, and nobody sees it");
}
struct kref { refcount_t refcount; };
#define KREF_INIT(n) { .refcount = REFCOUNT_INIT(n) }
static HP_INLINE void kref_init(struct kref *k) { refcount_set(&k->refcount, 1); }
static HP_INLINE unsigned int kref_read(const struct kref *k) { return refcount_read(&k->refcount); }
static HP_INLINE void kref_get(struct kref *k) { refcount_inc(&k->refcount); }
static HP_INLINE int kref_get_unless_zero(struct kref *k) { return refcount_inc_not_zero(&k->refcount); }
static HP_INLINE int kref_put(struct kref *k, void (*release)(struct kref *))
{
	if (!refcount_dec_and_test(&k->refcount))
		return 0;
	release(k);
	return 1;
}

#endif
