/* Locks. See kernel.h. */
#ifndef HINTPROOF_SYNC_H
#define HINTPROOF_SYNC_H

#include "atomic.h"

/* owner: 1 + number of the thread that holds it. in_irq, irqs_on: it was ever taken so. */
typedef struct hp_lock { u8 owner, in_irq, irqs_on, ready; } spinlock_t, raw_spinlock_t;
struct mutex { struct hp_lock lock; };
enum hp_flavour { HP_PLAIN, HP_IRQ, HP_IRQSAVE, HP_MUTEX };
void hp_lock(struct hp_lock *lock, enum hp_flavour flavour);
bool hp_trylock(struct hp_lock *lock, enum hp_flavour flavour);
int hp_lock_or_signal(struct hp_lock *lock);
void hp_unlock(struct hp_lock *lock, enum hp_flavour flavour);
void hp_lock_init(struct hp_lock *lock);
bool hp_is_locked(struct hp_lock *lock);
bool hp_holds(const struct hp_lock *lock);
void hp_irqs(bool on);
bool hp_irqs_off(void);
bool hp_in_interrupt(void);
void hp_may_sleep(void);
void hp_pause(void);  /* nothing happens, and others may go on */
void hp_yield(void);  /* the same, and it may sleep */
#define DEFINE_SPINLOCK(name) spinlock_t name = { .ready = 1 }
#define DEFINE_RAW_SPINLOCK(name) raw_spinlock_t name = { .ready = 1 }
#define DEFINE_MUTEX(name) struct mutex name = { .lock = { .ready = 1 } }
#define __SPIN_LOCK_UNLOCKED(name) { .ready = 1 }
#define __MUTEX_INITIALIZER(name) { { .ready = 1 } }
#define spin_lock_init(l) hp_lock_init(l)
#define spin_lock(l) hp_lock(l, HP_PLAIN)
#define spin_lock_nested(l, depth) spin_lock(l)
#define spin_unlock(l) hp_unlock(l, HP_PLAIN)
#define spin_trylock(l) hp_trylock(l, HP_PLAIN)
#define spin_lock_irq(l) hp_lock(l, HP_IRQ)
#define spin_unlock_irq(l) hp_unlock(l, HP_IRQ)
#define spin_trylock_irq(l) hp_trylock(l, HP_IRQ)
#define spin_lock_bh(l) hp_lock(l, HP_PLAIN)
#define spin_unlock_bh(l) hp_unlock(l, HP_PLAIN)
#define spin_trylock_bh(l) hp_trylock(l, HP_PLAIN)
#define spin_lock_irqsave(l, flags) ((flags) = 0, hp_lock(l, HP_IRQSAVE))
#define spin_lock_irqsave_nested(l, flags, depth) spin_lock_irqsave(l, flags)
#define spin_unlock_irqrestore(l, flags) ((void)(flags), hp_unlock(l, HP_IRQSAVE))
#define spin_trylock_irqsave(l, flags) ((flags) = 0, hp_trylock(l, HP_IRQSAVE))
#define spin_is_locked(l) hp_is_locked(l)
#define spin_is_contended(l) ((void)(l), 0)
#define assert_spin_locked(l) BUG_ON(!hp_holds(l))
#define raw_spin_lock_init spin_lock_init
#define raw_spin_lock spin_lock
#define raw_spin_unlock spin_unlock
#define raw_spin_trylock spin_trylock
#define raw_spin_lock_irq spin_lock_irq
#define raw_spin_unlock_irq spin_unlock_irq
#define raw_spin_lock_irqsave spin_lock_irqsave
#define raw_spin_unlock_irqrestore spin_unlock_irqrestore
#define mutex_init(m) hp_lock_init(&(m)->lock)
#define devm_mutex_init(dev, m) ((void)(dev), mutex_init(m), 0)
#define mutex_lock(m) hp_lock(&(m)->lock, HP_MUTEX)
#define mutex_lock_nested(m, depth) mutex_lock(m)
#define mutex_lock_io(m) mutex_lock(m)
#define mutex_lock_interruptible(m) hp_lock_or_signal(&(m)->lock)
#define mutex_lock_killable(m) hp_lock_or_signal(&(m)->lock)
#define mutex_trylock(m) hp_trylock(&(m)->lock, HP_MUTEX)
#define mutex_unlock(m) hp_unlock(&(m)->lock, HP_MUTEX)
#define mutex_is_locked(m) hp_is_locked(&(m)->lock)
#define mutex_destroy(m) ((void)(m))
#define lockdep_is_held(l) hp_holds((const struct hp_lock *)(l))
#define lockdep_assert_held(l) ((void)WARN_ON(!lockdep_is_held(l)))
#define lockdep_assert_held_once(l) lockdep_assert_held(l)
#define lockdep_assert_not_held(l) ((void)WARN_ON(lockdep_is_held(l)))
#define lockdep_assert(c) ((void)WARN_ON(!(c)))
#define lockdep_set_class(l, key) ((void)(l))
struct lock_class_key { };
#define local_irq_disable() hp_irqs(false)
#define local_irq_enable() hp_irqs(true)
#define local_irq_save(flags) ((flags) = 0, hp_irqs(false))
#define local_irq_restore(flags) ((void)(flags), hp_irqs(true))
#define irqs_disabled() hp_irqs_off()
#define lockdep_assert_irqs_disabled() ((void)WARN_ON(!hp_irqs_off()))
#define lockdep_assert_irqs_enabled() ((void)WARN_ON(hp_irqs_off()))
#define in_interrupt() hp_in_interrupt()
#define in_hardirq() hp_in_interrupt()
#define in_irq() hp_in_interrupt()
#define in_task() (!hp_in_interrupt())
#define might_sleep() hp_may_sleep()
#define might_sleep_if(c) do { if (c) hp_may_sleep(); } while (0)
#define might_lock(l) ((void)(l))
#define cond_resched() (hp_yield(), 0)
#define cond_resched_lock(l) ((void)(l), 0)
#define schedule() hp_yield()
#define yield() hp_yield()
#define need_resched() false
#define cpu_relax() hp_pause()

#endif
