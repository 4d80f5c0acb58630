/* Wait queues and completions. See kernel.h. */
#ifndef HINTPROOF_WAIT_H
#define HINTPROOF_WAIT_H

#include "clock.h"

/* -- wait queues: a wait with an end is one that its time or a signal may end, at any moment -------------------- */
typedef struct hp_waitqueue { u8 ready; } wait_queue_head_t;
#define __WAIT_QUEUE_HEAD_INITIALIZER(name) { 1 }
#define DECLARE_WAIT_QUEUE_HEAD(name) wait_queue_head_t name = __WAIT_QUEUE_HEAD_INITIALIZER(name)
#define DECLARE_WAIT_QUEUE_HEAD_ONSTACK(name) DECLARE_WAIT_QUEUE_HEAD(name)
void init_waitqueue_head(wait_queue_head_t *q);
void wake_up(wait_queue_head_t *q);
bool waitqueue_active(wait_queue_head_t *q);
#define wq_has_sleeper(q) waitqueue_active(q)
#define wake_up_all(q) wake_up(q)
#define wake_up_nr(q, n) wake_up(q)
#define wake_up_locked(q) wake_up(q)
#define wake_up_interruptible(q) wake_up(q)
#define wake_up_interruptible_all(q) wake_up(q)
#define wake_up_interruptible_sync(q) wake_up(q)
#define wake_up_sync(q) wake_up(q)

enum hp_end { HP_NEVER = 0, HP_SIGNAL = 1, HP_TIMEOUT = 2 };
void hp_wait_begins(wait_queue_head_t *q);
bool hp_wait(wait_queue_head_t *q, enum hp_end end); /* whether it was woken */
void hp_wait_ends(void);
#define HP_WAIT(q, condition, end) \
	({ \
		bool woken_ = true; \
		hp_wait_begins(&(q)); \
		while (!(condition) && (woken_ = hp_wait(&(q), end))) \
			hp_wait_begins(&(q)); \
		hp_wait_ends(); \
		woken_; \
	})
#define HP_HOW_LONG(timeout) ((long)(timeout) == MAX_SCHEDULE_TIMEOUT ? HP_NEVER : HP_TIMEOUT)
#define wait_event(q, condition) ((void)HP_WAIT(q, condition, HP_NEVER))
#define wait_event_freezable wait_event_interruptible
#define wait_event_interruptible(q, condition) (HP_WAIT(q, condition, HP_SIGNAL) ? 0 : -ERESTARTSYS)
#define wait_event_killable(q, condition) wait_event_interruptible(q, condition)
#define wait_event_idle(q, condition) wait_event(q, condition)
#define wait_event_interruptible_exclusive(q, condition) wait_event_interruptible(q, condition)
/* In time there is something left of it, 1 at least; after it the condition is looked at once more. */
#define wait_event_timeout(q, condition, timeout) (HP_WAIT(q, condition, HP_HOW_LONG(timeout)) || (condition) ? 1L : 0L)
#define wait_event_interruptible_timeout(q, condition, timeout) wait_event_timeout(q, condition, timeout)
#define wait_event_killable_timeout(q, condition, timeout) wait_event_timeout(q, condition, timeout)
#define wait_event_idle_timeout(q, condition, timeout) wait_event_timeout(q, condition, timeout)
#define wait_event_freezable_timeout(q, condition, timeout) wait_event_timeout(q, condition, timeout)

/* -- completions: how often it was completed, and not yet waited for -------------------------------------------- */
struct completion { unsigned int done; u8 ready; };
#define COMPLETION_INITIALIZER(name) { 0, 1 }
#define DECLARE_COMPLETION(name) struct completion name = COMPLETION_INITIALIZER(name)
#define DECLARE_COMPLETION_ONSTACK(name) DECLARE_COMPLETION(name)
void init_completion(struct completion *c);
void reinit_completion(struct completion *c);
void complete(struct completion *c);
void complete_all(struct completion *c);
bool try_wait_for_completion(struct completion *c);
bool completion_done(struct completion *c);
bool hp_wait_for_completion(struct completion *c, enum hp_end end); /* whether it was completed */
#define wait_for_completion(c) ((void)hp_wait_for_completion(c, HP_NEVER))
#define wait_for_completion_io(c) wait_for_completion(c)
#define wait_for_completion_interruptible(c) (hp_wait_for_completion(c, HP_SIGNAL) ? 0 : -ERESTARTSYS)
#define wait_for_completion_killable(c) wait_for_completion_interruptible(c)
#define wait_for_completion_timeout(c, timeout) (hp_wait_for_completion(c, HP_HOW_LONG(timeout)) ? 1UL : 0UL)
#define wait_for_completion_io_timeout(c, timeout) wait_for_completion_timeout(c, timeout)
#define wait_for_completion_interruptible_timeout(c, timeout) ((long)wait_for_completion_timeout(c, timeout))
#define wait_for_completion_killable_timeout(c, timeout) ((long)wait_for_completion_timeout(c, timeout))

#endif
