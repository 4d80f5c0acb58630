/* Locks; and the rules of who may sleep where. */
#include "runtime.h"

void hp_atomic_check(const char *what)
{
	if (hp_self()->spinlocks || hp_self()->irqs_off || hp_self()->in_irq)
		hp_bug(what);
}

void hp_lock_init(struct hp_lock *lock)
{
	hp_makes(SITE, lock, sizeof(*lock));
	*lock = (struct hp_lock){ .ready = 1 };
}

/* A lock that an interrupt takes deadlocks if the same processor holds it with interrupts on. */
static void note_interrupts(struct hp_lock *lock, const struct thread *self)
{
	if (self->in_irq)
		lock->in_irq = 1;
	else if (!self->irqs_off)
		lock->irqs_on = 1;
	if (lock->in_irq && lock->irqs_on)
		hp_bug("a lock that an interrupt takes is also taken with interrupts on: the two deadlock on one processor");
}

static void taken(struct hp_lock *lock, enum hp_flavour flavour)
{
	struct thread *self = hp_self();

	lock->owner = hp_current + 1;
	hp_section_begins(lock);
	if (flavour == HP_MUTEX)
		return;
	self->irqs_off += flavour != HP_PLAIN;
	self->spinlocks++;
	note_interrupts(lock, self);
}

static void check_lock(struct hp_lock *lock, enum hp_flavour flavour)
{
	hp_alive(lock, "a lock");
	if (lock->owner > THREADS || lock->ready != 1)
		hp_bug("a lock is taken that nobody initialised");
	if (flavour == HP_MUTEX)
		hp_atomic_check("a mutex is taken where it is forbidden to sleep");
}

void hp_lock(struct hp_lock *lock, enum hp_flavour flavour)
{
	check_lock(lock, flavour);
	if (lock->owner == hp_current + 1)
		hp_bug("a lock is taken by a thread that holds it already");
	hp_point(OP_LOCK, SITE, (u64)lock, flavour, 0);
	hp_note(OP_LOCK, SITE, (u64)lock, flavour, 0);
	taken(lock, flavour);
}

/* Where a signal may come, a held lock may end the wait with one; else it is a lock like any other. */
int hp_lock_or_signal(struct hp_lock *lock)
{
	bool comes = hp_gets_signals();

	check_lock(lock, HP_MUTEX);
	if (lock->owner == hp_current + 1)
		hp_bug("a lock is taken by a thread that holds it already");
	hp_point(OP_LOCK, SITE, (u64)lock, HP_MUTEX, comes);
	check_lock(lock, HP_MUTEX);
	if (lock->owner)
		return -EINTR;
	hp_note(OP_LOCK, SITE, (u64)lock, HP_MUTEX, 0);
	taken(lock, HP_MUTEX);
	return 0;
}

bool hp_trylock(struct hp_lock *lock, enum hp_flavour flavour)
{
	bool free;

	hp_alive(lock, "a lock");
	hp_section_is_seen(lock);
	hp_point(OP_UNLOCK, SITE, (u64)lock, flavour, 1);
	free = !lock->owner;
	hp_note(OP_UNLOCK, SITE, (u64)lock, flavour, 1 + free);
	if (free)
		taken(lock, flavour);
	return free;
}

void hp_unlock(struct hp_lock *lock, enum hp_flavour flavour)
{
	struct thread *self = hp_self();

	check_lock(lock, HP_PLAIN);
	if (lock->owner != hp_current + 1)
		hp_bug("a lock is released by a thread that does not hold it");
	if (!hp_section_is_one_step(lock))
		hp_point(OP_UNLOCK, SITE, (u64)lock, flavour, 0);
	hp_section_ends();
	hp_note(OP_UNLOCK, SITE, (u64)lock, flavour, 0);
	lock->owner = 0;
	if (flavour == HP_MUTEX)
		return;
	if (flavour != HP_PLAIN && !self->irqs_off)
		hp_bug("interrupts are switched on that are on");
	self->irqs_off -= flavour != HP_PLAIN;
	self->spinlocks--;
}

bool hp_is_locked(struct hp_lock *lock)
{
	hp_alive(lock, "a lock");
	hp_section_is_seen(lock);
	hp_point(OP_UNLOCK, SITE, (u64)lock, 0, 3);
	return lock->owner;
}

bool hp_holds(const struct hp_lock *lock)
{
	return lock->owner == hp_current + 1;
}

/* -- who may sleep, and what it is to sleep */

/* Interrupts off and on again nest here, as they do with saved flags. */
void hp_irqs(bool on)
{
	struct thread *self = hp_self();

	hp_section_ends();
	if (on && !self->irqs_off)
		hp_bug("interrupts are switched on that are on");
	self->irqs_off += on ? -1 : 1;
}

bool hp_irqs_off(void)
{
	return hp_self()->irqs_off || hp_self()->in_irq;
}

bool hp_in_interrupt(void)
{
	return hp_self()->in_irq;
}

/* A signal comes to a process that calls into the driver; to a work item or an interrupt none does. */
bool hp_gets_signals(void)
{
	return hp_self()->entry != ENTRY_WORK && !hp_self()->in_irq;
}

void hp_may_sleep(void)
{
	hp_atomic_check("what may sleep is called where it is forbidden to sleep");
}

void hp_pause(void)
{
	hp_point(OP_YIELD, SITE, 0, 0, 0);
}

void hp_yield(void)
{
	hp_may_sleep();
	hp_point(OP_YIELD, SITE, 1, 0, 0);
}

void msleep(unsigned int milliseconds)
{
	hp_atomic_check("msleep() where it is forbidden to sleep");
	hp_point(OP_SLEEP, SITE, milliseconds, 0, 0);
	hp_note(OP_SLEEP, SITE, milliseconds, 0, 0);
}

u64 hp_clock(void)
{
	hp_point(OP_CLOCK, SITE, 0, 0, 0);
	if (hp_later && hp_m->clock < CLOCK_STANDS)
		hp_m->clock++;
	hp_note(OP_CLOCK, SITE, hp_m->clock, 0, 0);
	return (hp_m->clock + 1) * 3600 * NSEC_PER_SEC;
}
