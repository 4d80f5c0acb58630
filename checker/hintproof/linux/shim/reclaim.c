/* Registration for reclaim and for free pages: shrinker, OOM notifier, page reporting. */
#include "runtime.h"

static int registers(const void *site, void **place, void *who)
{
	hp_atomic_check("a registration where it is forbidden to sleep");
	hp_point(OP_REGISTER, site, (u64)who, 0, 0);
	hp_note(OP_REGISTER, site, (u64)who, 0, 0);
	if (*place)
		hp_bug("a second registration of the same kind");
	if (hp_fails())
		return -ENOMEM;
	*place = who;
	return 0;
}

/* Waits until nobody is inside any more. */
static void unregisters(const void *site, void **place, void *who)
{
	hp_atomic_check("a registration ends where it is forbidden to sleep");
	if (*place != who)
		hp_bug("what was not registered is unregistered");
	hp_point(OP_UNREGISTER, site, (u64)who, 0, 0);
	hp_note(OP_UNREGISTER, site, (u64)who, 0, 0);
	*place = NULL;
}

int hp_register_shrinker(struct shrinker *s)
{
	return registers(SITE, (void **)&hp_m->shrinker, s);
}

void unregister_shrinker(struct shrinker *s)
{
	unregisters(SITE, (void **)&hp_m->shrinker, s);
}

struct shrinker *hp_shrinker_alloc(void)
{
	return kzalloc(sizeof(struct shrinker), GFP_KERNEL);
}

void shrinker_free(struct shrinker *s)
{
	if (!s)
		return;
	if (hp_m->shrinker == s)
		unregisters(SITE, (void **)&hp_m->shrinker, s);
	kfree(s);
}

int register_oom_notifier(struct notifier_block *block)
{
	return registers(SITE, (void **)&hp_m->oom, block);
}

int unregister_oom_notifier(struct notifier_block *block)
{
	unregisters(SITE, (void **)&hp_m->oom, block);
	return 0;
}

int page_reporting_register(struct page_reporting_dev_info *info)
{
	return registers(SITE, (void **)&hp_m->reporting, info);
}

void page_reporting_unregister(struct page_reporting_dev_info *info)
{
	unregisters(SITE, (void **)&hp_m->reporting, info);
}
