/*
 * Guards: what is taken with a variable is given back on each way out of the variable's scope.
 *
 * A class of guards is a type hp_class_NAME, and functions hp_take_NAME and hp_give_NAME. A class that can fail to take
 * has HP_MAY_FAIL_NAME set, and its own hp_took_NAME.
 */
#ifndef HINTPROOF_GUARD_H
#define HINTPROOF_GUARD_H

#include "sync.h"

#define HP_JOIN_(a, b) a##b
#define HP_JOIN(a, b) HP_JOIN_(a, b)
#define HP_FRESH(prefix) HP_JOIN(prefix, __COUNTER__)

#define DEFINE_FREE(name, type, how) \
	static HP_INLINE void hp_free_##name(void *place) { type _T = *(type *)place; how; }
#define __free(name) __cleanup(hp_free_##name)
#define no_free_ptr(p) ({ __typeof__(p) kept_ = (p); (p) = NULL; kept_; })
#define retain_and_null_ptr(p) ((void)no_free_ptr(p))
#define return_ptr(p) return no_free_ptr(p)
#define take_fd(fd) ({ int kept_ = (fd); (fd) = -1; kept_; })

#define DEFINE_CLASS(name, type, give, take, ...) \
	typedef type hp_class_##name; \
	static HP_INLINE void hp_give_##name(type *place) { type _T = *place; give; } \
	static HP_INLINE type hp_take_##name(__VA_ARGS__) { return take; } \
	static HP_INLINE bool hp_took_##name(const hp_class_##name *place) { (void)place; return true; } \
	enum { HP_MAY_FAIL_##name = 0 };
#define CLASS(name, variable) hp_class_##name variable __cleanup(hp_give_##name) = hp_take_##name

#define DEFINE_GUARD(name, type, take, give) \
	DEFINE_CLASS(name, type, if (_T) { give; }, ({ take; _T; }), type _T)
/* The same, with a structure around what is guarded, and more members in it. */
#define DEFINE_LOCK_GUARD_1(name, type, take, give, ...) \
	typedef struct { type *lock; __VA_ARGS__; } hp_class_##name; \
	static HP_INLINE void hp_give_##name(hp_class_##name *_T) { if (_T->lock) { give; } } \
	static HP_INLINE hp_class_##name hp_take_##name(type *lock) \
	{ \
		hp_class_##name guard = { .lock = lock }, *_T = &guard; \
		take; \
		return guard; \
	} \
	static HP_INLINE bool hp_took_##name(const hp_class_##name *place) { return place->lock; } \
	enum { HP_MAY_FAIL_##name = 0 };
/* One that may fail: how it tries is true if it took the lock. */
#define HP_DEFINE_TRY(name, type, try, give) \
	typedef struct { type *lock; int result; } hp_class_##name; \
	static HP_INLINE void hp_give_##name(hp_class_##name *place) \
	{ \
		type *_T = place->lock; \
		if (_T) { give; } \
	} \
	static HP_INLINE hp_class_##name hp_take_##name(type *_T) \
	{ \
		int result = (try); \
		return (hp_class_##name){ result ? NULL : _T, result }; \
	} \
	static HP_INLINE bool hp_took_##name(const hp_class_##name *place) { return place->lock; } \
	static HP_INLINE int hp_result_##name(const hp_class_##name *place) { return place->result; } \
	enum { HP_MAY_FAIL_##name = 1 };

#define guard(name) CLASS(name, HP_FRESH(hp_guard_))
#define ACQUIRE(name, variable) CLASS(name, variable)
#define ACQUIRE_ERR(name, variable) hp_result_##name(variable)

/* The statement after it is its body; the loop ends after one round, and the compiler sees that a body that returns does. */
#define HP_SCOPED(name, after, otherwise, ...) \
	for (CLASS(name, hp_scope)(__VA_ARGS__);; ({ goto after; })) \
		if (0) { \
after: \
			break; \
		} else if (HP_MAY_FAIL_##name && !hp_took_##name(&hp_scope)) { \
			otherwise; \
		} else
#define scoped_guard(name, ...) HP_SCOPED(name, HP_FRESH(hp_after_), break, __VA_ARGS__)
#define scoped_cond_guard(name, otherwise, ...) HP_SCOPED(name, HP_FRESH(hp_after_), otherwise; break, __VA_ARGS__)
#define scoped_class(name, variable, ...) \
	for (CLASS(name, variable)(__VA_ARGS__), *hp_once = NULL; !hp_once; hp_once = (void *)1)

DEFINE_GUARD(spinlock, spinlock_t *, spin_lock(_T), spin_unlock(_T))
DEFINE_GUARD(spinlock_bh, spinlock_t *, spin_lock_bh(_T), spin_unlock_bh(_T))
DEFINE_GUARD(spinlock_irq, spinlock_t *, spin_lock_irq(_T), spin_unlock_irq(_T))
DEFINE_LOCK_GUARD_1(spinlock_irqsave, spinlock_t, spin_lock_irqsave(_T->lock, _T->flags),
		    spin_unlock_irqrestore(_T->lock, _T->flags), unsigned long flags)
DEFINE_GUARD(raw_spinlock, raw_spinlock_t *, raw_spin_lock(_T), raw_spin_unlock(_T))
DEFINE_GUARD(raw_spinlock_irq, raw_spinlock_t *, raw_spin_lock_irq(_T), raw_spin_unlock_irq(_T))
DEFINE_LOCK_GUARD_1(raw_spinlock_irqsave, raw_spinlock_t, raw_spin_lock_irqsave(_T->lock, _T->flags),
		    raw_spin_unlock_irqrestore(_T->lock, _T->flags), unsigned long flags)
DEFINE_GUARD(mutex, struct mutex *, mutex_lock(_T), mutex_unlock(_T))
HP_DEFINE_TRY(spinlock_try, spinlock_t, spin_trylock(_T) ? 0 : -EBUSY, spin_unlock(_T))
HP_DEFINE_TRY(spinlock_irq_try, spinlock_t, spin_trylock_irq(_T) ? 0 : -EBUSY, spin_unlock_irq(_T))
HP_DEFINE_TRY(mutex_try, struct mutex, mutex_trylock(_T) ? 0 : -EBUSY, mutex_unlock(_T))
HP_DEFINE_TRY(mutex_intr, struct mutex, mutex_lock_interruptible(_T), mutex_unlock(_T))
HP_DEFINE_TRY(mutex_kill, struct mutex, mutex_lock_killable(_T), mutex_unlock(_T))

#endif
