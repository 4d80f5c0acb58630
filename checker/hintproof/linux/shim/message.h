/* Complaints and messages; the device that they are about. See kernel.h. */
#ifndef HINTPROOF_MESSAGE_H
#define HINTPROOF_MESSAGE_H

#include "base.h"

struct device { struct device *parent; void *driver_data; bool wakes; };
struct module;
struct device_driver { const char *name; struct module *owner; bool suppress_bind_attrs; };
void hp_bug(const char *what) __attribute__((noreturn));
bool hp_warn(bool condition, const char *what);
void hp_say(const char *format, ...);
#define HP_TEXT_(x) #x
#define HP_TEXT(x) HP_TEXT_(x)
#define __stringify(x) HP_TEXT(x)
#define BUG() hp_bug("BUG() at line " HP_TEXT(__LINE__))
#define BUG_ON(c) do { if (unlikely(c)) hp_bug("BUG_ON(" #c ") at line " HP_TEXT(__LINE__)); } while (0)
#define panic(...) hp_bug("panic() at line " HP_TEXT(__LINE__))
#define VM_BUG_ON(c) BUG_ON(c)
#define VM_BUG_ON_PAGE(c, page) BUG_ON(c)
#define WARN_ON(c) hp_warn(!!(c), "WARN_ON(" #c ")")
#define WARN_ON_ONCE(c) hp_warn(!!(c), "WARN_ON_ONCE(" #c ")")
#define WARN(c, ...) hp_warn(!!(c), "WARN(" #c ")")
#define WARN_ONCE(c, ...) hp_warn(!!(c), "WARN_ONCE(" #c ")")
#define WARN_RATELIMIT(c, ...) hp_warn(!!(c), "WARN_RATELIMIT(" #c ")")
#define VM_WARN_ON(c) WARN_ON(c)
#define VM_WARN_ON_ONCE(c) WARN_ON_ONCE(c)
#define dev_WARN(dev, ...) ((void)(dev), hp_warn(true, "dev_WARN()"))
#define dev_WARN_ONCE(dev, c, ...) ((void)(dev), hp_warn(!!(c), "dev_WARN_ONCE(" #c ")"))

#define HP_SAY_OF(dev, ...) ((void)(dev), hp_say(__VA_ARGS__))
#define dev_emerg HP_SAY_OF
#define dev_alert HP_SAY_OF
#define dev_crit HP_SAY_OF
#define dev_err HP_SAY_OF
#define dev_warn HP_SAY_OF
#define dev_notice HP_SAY_OF
#define dev_info HP_SAY_OF
#define dev_dbg HP_SAY_OF
#define dev_vdbg HP_SAY_OF
#define dev_err_ratelimited HP_SAY_OF
#define dev_warn_ratelimited HP_SAY_OF
#define dev_notice_ratelimited HP_SAY_OF
#define dev_info_ratelimited HP_SAY_OF
#define dev_dbg_ratelimited HP_SAY_OF
#define dev_err_once HP_SAY_OF
#define dev_warn_once HP_SAY_OF
#define dev_notice_once HP_SAY_OF
#define dev_info_once HP_SAY_OF
#define dev_dbg_once HP_SAY_OF
#define dev_printk(level, dev, ...) HP_SAY_OF(dev, __VA_ARGS__)
#define dev_err_probe(dev, error, ...) (HP_SAY_OF(dev, __VA_ARGS__), (error))
#define pr_emerg hp_say
#define pr_alert hp_say
#define pr_crit hp_say
#define pr_err hp_say
#define pr_warn hp_say
#define pr_warning hp_say
#define pr_notice hp_say
#define pr_info hp_say
#define pr_debug hp_say
#define pr_devel hp_say
#define pr_cont hp_say
#define pr_err_once hp_say
#define pr_warn_once hp_say
#define pr_notice_once hp_say
#define pr_info_once hp_say
#define pr_debug_once hp_say
#define pr_err_ratelimited hp_say
#define pr_warn_ratelimited hp_say
#define pr_notice_ratelimited hp_say
#define pr_info_ratelimited hp_say
#define pr_debug_ratelimited hp_say
#define printk hp_say
#define _printk hp_say
#define printk_once hp_say
#define printk_ratelimited hp_say
#define trace_printk hp_say
#define no_printk hp_say
#define printk_ratelimit() true
struct ratelimit_state { int interval, burst; };
#define DEFINE_RATELIMIT_STATE(name, how_long, many) struct ratelimit_state name = { how_long, many }
#define ratelimit_state_init(rs, how_long, many) ((void)(*(rs) = (struct ratelimit_state){ how_long, many }))
#define __ratelimit(rs) ((void)(rs), true)
#define dump_stack() ((void)0)
#define KERN_EMERG ""
#define KERN_ALERT ""
#define KERN_CRIT ""
#define KERN_ERR ""
#define KERN_WARNING ""
#define KERN_NOTICE ""
#define KERN_INFO ""
#define KERN_DEBUG ""
#define KERN_CONT ""

static HP_INLINE void *dev_get_drvdata(const struct device *dev) { return dev->driver_data; }
static HP_INLINE void dev_set_drvdata(struct device *dev, void *data) { dev->driver_data = data; }
#define dev_name(dev) ((void)(dev), "virtio0")
#define get_device(dev) (dev)
#define put_device(dev) ((void)(dev))
void hp_power(struct device *dev, int stay);
#define pm_stay_awake(dev) hp_power(dev, 1)
#define pm_relax(dev) hp_power(dev, 0)
#define pm_wakeup_event(dev, ms) ((void)(dev))
#define pm_wakeup_hard_event(dev) ((void)(dev))
#define device_set_wakeup_capable(dev, on) ((void)((dev)->wakes = (on)))
#define device_set_wakeup_enable(dev, on) ((void)(dev))
#define device_init_wakeup(dev, on) ((dev)->wakes = (on), 0)
#define device_can_wakeup(dev) ((dev)->wakes)
#define device_may_wakeup(dev) ((dev)->wakes)

#endif
