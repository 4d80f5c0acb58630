/* Bits, locks, wait queues, workqueues. See kernel.h. */
#ifndef HINTPROOF_SYNC_H
#define HINTPROOF_SYNC_H

#include "base.h"

/* -- bits and locks --------------------------------------------------------------------------------------------- */
bool test_and_set_bit(long bit, volatile unsigned long *word);
bool test_and_clear_bit(long bit, volatile unsigned long *word);
void set_bit(long bit, volatile unsigned long *word);
void clear_bit(long bit, volatile unsigned long *word);
bool test_bit(long bit, const volatile unsigned long *word);

/* owner: 1 + number of the thread that holds it. in_irq, irqs_on: it was ever taken so. */
typedef struct hp_lock { u8 owner, in_irq, irqs_on, ready; } spinlock_t, raw_spinlock_t;
struct mutex { struct hp_lock lock; };
enum hp_flavour { HP_PLAIN, HP_IRQ, HP_IRQSAVE, HP_MUTEX };
void hp_lock(struct hp_lock *lock, enum hp_flavour flavour);
bool hp_trylock(struct hp_lock *lock, enum hp_flavour flavour);
void hp_unlock(struct hp_lock *lock, enum hp_flavour flavour);
void hp_lock_init(struct hp_lock *lock);
#define DEFINE_SPINLOCK(name) spinlock_t name
#define DEFINE_MUTEX(name) struct mutex name
#define spin_lock_init(l) hp_lock_init(l)
#define spin_lock(l) hp_lock(l, HP_PLAIN)
#define spin_unlock(l) hp_unlock(l, HP_PLAIN)
#define spin_trylock(l) hp_trylock(l, HP_PLAIN)
#define spin_lock_irq(l) hp_lock(l, HP_IRQ)
#define spin_unlock_irq(l) hp_unlock(l, HP_IRQ)
#define spin_lock_bh(l) hp_lock(l, HP_PLAIN)
#define spin_unlock_bh(l) hp_unlock(l, HP_PLAIN)
#define spin_lock_irqsave(l, flags) ((flags) = 0, hp_lock(l, HP_IRQSAVE))
#define spin_unlock_irqrestore(l, flags) ((void)(flags), hp_unlock(l, HP_IRQSAVE))
#define mutex_init(m) hp_lock_init(&(m)->lock)
#define mutex_lock(m) hp_lock(&(m)->lock, HP_MUTEX)
#define mutex_trylock(m) hp_trylock(&(m)->lock, HP_MUTEX)
#define mutex_unlock(m) hp_unlock(&(m)->lock, HP_MUTEX)
#define mutex_destroy(m) ((void)(m))
#define lockdep_assert_held(l) ((void)(l))
#define might_sleep() ((void)0)
#define cond_resched() ((void)0)
#define cpu_relax() ((void)0)

/* -- waiting and work ------------------------------------------------------------------------------------------- */
typedef struct hp_waitqueue { u8 ready; } wait_queue_head_t;
void init_waitqueue_head(wait_queue_head_t *q);
void wake_up(wait_queue_head_t *q);
#define wake_up_all(q) wake_up(q)
#define wake_up_interruptible(q) wake_up(q)
void hp_wait_begins(wait_queue_head_t *q);
void hp_wait(wait_queue_head_t *q);
void hp_wait_ends(void);
#define wait_event(q, condition) \
	do { \
		for (hp_wait_begins(&(q)); !(condition); hp_wait_begins(&(q))) \
			hp_wait(&(q)); \
		hp_wait_ends(); \
	} while (0)
#define wait_event_interruptible(q, condition) ({ wait_event(q, condition); 0; })
#define wait_event_timeout(q, condition, timeout) ({ wait_event(q, condition); 1; })
struct completion { wait_queue_head_t wait; unsigned int done; };
#define init_completion(c) ((c)->done = 0, init_waitqueue_head(&(c)->wait))
#define reinit_completion(c) ((void)((c)->done = 0))
#define complete(c) ((c)->done++, wake_up(&(c)->wait))
#define complete_all(c) ((c)->done = 1 << 30, wake_up(&(c)->wait))
#define wait_for_completion(c) do { wait_event((c)->wait, (c)->done); (c)->done--; } while (0)
void msleep(unsigned int milliseconds);

struct workqueue_struct;
struct work_struct;
typedef void (*work_func_t)(struct work_struct *);
struct work_struct { work_func_t func; struct workqueue_struct *queue; u8 pending, running, number; };
struct workqueue_struct *hp_system_queue(int freezable);
#define system_freezable_wq hp_system_queue(1)
#define system_freezable_power_efficient_wq hp_system_queue(1)
#define system_wq hp_system_queue(0)
#define system_unbound_wq hp_system_queue(0)
enum { WQ_UNBOUND = 1 << 1, WQ_FREEZABLE = 1 << 2, WQ_MEM_RECLAIM = 1 << 3, WQ_HIGHPRI = 1 << 4,
       WQ_CPU_INTENSIVE = 1 << 5, WQ_SYSFS = 1 << 6, WQ_PERCPU = 1 << 8 };
void hp_init_work(struct work_struct *work, work_func_t function, const char *name);
#define INIT_WORK(work, function) hp_init_work(work, function, #function)
struct workqueue_struct *hp_alloc_workqueue(unsigned int flags);
#define alloc_workqueue(name, flags, ...) hp_alloc_workqueue(flags)
#define alloc_ordered_workqueue(name, flags, ...) hp_alloc_workqueue(flags)
#define create_singlethread_workqueue(name) hp_alloc_workqueue(0)
void destroy_workqueue(struct workqueue_struct *queue);
bool queue_work(struct workqueue_struct *queue, struct work_struct *work);
#define schedule_work(work) queue_work(system_wq, work)
bool cancel_work_sync(struct work_struct *work);
bool flush_work(struct work_struct *work);
void flush_workqueue(struct workqueue_struct *queue);
#define drain_workqueue(queue) flush_workqueue(queue)
#define disable_work_sync(work) cancel_work_sync(work)

#endif
