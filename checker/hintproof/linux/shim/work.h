/* Work items, delayed or not, and workqueues. See kernel.h. */
#ifndef HINTPROOF_WORK_H
#define HINTPROOF_WORK_H

#include "wait.h"

struct workqueue_struct;
struct work_struct;
typedef void (*work_func_t)(struct work_struct *);
/* delayed: it is pending, and its time may not have come. place: in the row of an ordered queue, from 1. */
struct work_struct { work_func_t func; struct workqueue_struct *queue; u8 pending, running, number, delayed, place, disabled; };
struct delayed_work { struct work_struct work; };
struct rcu_work;
#define to_delayed_work(w) container_of(w, struct delayed_work, work)

enum { WQ_BH = 1 << 0, WQ_UNBOUND = 1 << 1, WQ_FREEZABLE = 1 << 2, WQ_MEM_RECLAIM = 1 << 3, WQ_HIGHPRI = 1 << 4,
       WQ_CPU_INTENSIVE = 1 << 5, WQ_SYSFS = 1 << 6, WQ_POWER_EFFICIENT = 1 << 7, WQ_PERCPU = 1 << 8,
       HP_WQ_ORDERED = 1 << 17, WQ_MAX_ACTIVE = 512, WQ_UNBOUND_MAX_ACTIVE = 512, WQ_DFL_ACTIVE = 256 };
struct workqueue_struct *hp_system_queue(int freezable);
#define system_wq hp_system_queue(0)
#define system_percpu_wq hp_system_queue(0)
#define system_highpri_wq hp_system_queue(0)
#define system_long_wq hp_system_queue(0)
#define system_unbound_wq hp_system_queue(0)
#define system_dfl_wq hp_system_queue(0)
#define system_power_efficient_wq hp_system_queue(0)
#define system_freezable_wq hp_system_queue(1)
#define system_freezable_power_efficient_wq hp_system_queue(1)
/* At most one work item at a time is what makes an unbound queue ordered, by flag or by number. */
struct workqueue_struct *hp_alloc_workqueue(unsigned int flags);
#define HP_ORDERED_BY(flags, most, ...) ((flags) & WQ_UNBOUND && (most) == 1 ? HP_WQ_ORDERED : 0)
#define alloc_workqueue(name, flags, ...) hp_alloc_workqueue((flags) | HP_ORDERED_BY(flags, ##__VA_ARGS__, 0))
#define alloc_ordered_workqueue(name, flags, ...) hp_alloc_workqueue((flags) | HP_WQ_ORDERED)
#define create_singlethread_workqueue(name) hp_alloc_workqueue(HP_WQ_ORDERED)
#define create_freezable_workqueue(name) hp_alloc_workqueue(WQ_FREEZABLE | HP_WQ_ORDERED)
#define create_workqueue(name) hp_alloc_workqueue(0)
void destroy_workqueue(struct workqueue_struct *queue);
void flush_workqueue(struct workqueue_struct *queue);
#define drain_workqueue(queue) flush_workqueue(queue)
#define flush_scheduled_work() flush_workqueue(system_wq)

void hp_init_work(struct work_struct *work, work_func_t function, const char *name);
#define INIT_WORK(work, function) hp_init_work(work, function, #function)
#define INIT_WORK_ONSTACK(work, function) INIT_WORK(work, function)
#define destroy_work_on_stack(work) hp_forget_work(work)
void hp_forget_work(struct work_struct *work);
bool hp_queue_work(struct workqueue_struct *queue, struct work_struct *work, unsigned long delay);
bool queue_work(struct workqueue_struct *queue, struct work_struct *work);
#define queue_work_on(cpu, queue, work) queue_work(queue, work)
#define queue_work_node(node, queue, work) queue_work(queue, work)
#define schedule_work(work) queue_work(system_wq, work)
#define schedule_work_on(cpu, work) schedule_work(work)
bool cancel_work(struct work_struct *work);
bool cancel_work_sync(struct work_struct *work);
bool flush_work(struct work_struct *work);
bool disable_work(struct work_struct *work);
bool disable_work_sync(struct work_struct *work);
bool enable_work(struct work_struct *work);
bool work_pending(struct work_struct *work);
bool work_busy(struct work_struct *work);
#define enable_and_queue_work(queue, work) (enable_work(work) && (queue_work(queue, work), true))

#define INIT_DELAYED_WORK(d, function) hp_init_work(&(d)->work, function, #function)
#define INIT_DEFERRABLE_WORK(d, function) INIT_DELAYED_WORK(d, function)
bool mod_delayed_work(struct workqueue_struct *queue, struct delayed_work *d, unsigned long delay);
bool flush_delayed_work(struct delayed_work *d);
#define queue_delayed_work(queue, d, delay) hp_queue_work(queue, &(d)->work, delay)
#define queue_delayed_work_on(cpu, queue, d, delay) queue_delayed_work(queue, d, delay)
#define mod_delayed_work_on(cpu, queue, d, delay) mod_delayed_work(queue, d, delay)
#define schedule_delayed_work(d, delay) queue_delayed_work(system_wq, d, delay)
#define schedule_delayed_work_on(cpu, d, delay) schedule_delayed_work(d, delay)
#define cancel_delayed_work(d) cancel_work(&(d)->work)
#define cancel_delayed_work_sync(d) cancel_work_sync(&(d)->work)
#define disable_delayed_work(d) disable_work(&(d)->work)
#define disable_delayed_work_sync(d) disable_work_sync(&(d)->work)
#define enable_delayed_work(d) enable_work(&(d)->work)
#define delayed_work_pending(d) work_pending(&(d)->work)

#endif
