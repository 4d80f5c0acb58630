/* Types, small macros, complaints, lists. See kernel.h. */
#ifndef HINTPROOF_BASE_H
#define HINTPROOF_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* -- types ------------------------------------------------------------------------------------------------------ */
typedef uint8_t u8, __u8;
typedef uint16_t u16, __u16, __le16, __be16, __virtio16;
typedef uint32_t u32, __u32, __le32, __be32, __virtio32;
typedef uint64_t u64, __u64, __le64, __be64, __virtio64;
typedef int8_t s8, __s8;
typedef int16_t s16, __s16;
typedef int32_t s32, __s32;
typedef int64_t s64, __s64;
typedef unsigned int gfp_t, uint;
typedef unsigned long ulong;
typedef long ssize_t;
typedef struct { int counter; } atomic_t;

#define __user
#define __iomem
#define __force
#define __bitwise
#define __init
#define __exit
#define __maybe_unused __attribute__((unused))
#define __always_unused __attribute__((unused))
#define __must_check
#define __packed __attribute__((packed))
#define HP_INLINE inline __attribute__((always_inline))
#undef __always_inline
#define __always_inline HP_INLINE
#define noinline __attribute__((noinline))
#define fallthrough __attribute__((fallthrough))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define barrier() __asm__ __volatile__("" : : : "memory")
#define smp_mb() barrier()
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#define smp_mb__before_atomic() barrier()
#define smp_mb__after_atomic() barrier()
#define virtio_mb(weak) barrier()
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define data_race(x) (x)
#define smp_load_acquire(p) READ_ONCE(*(p))
#define smp_store_release(p, v) WRITE_ONCE(*(p), v)
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define min_t(t, a, b) min((t)(a), (t)(b))
#define max_t(t, a, b) max((t)(a), (t)(b))
#define ALIGN(x, a) (DIV_ROUND_UP(x, a) * (a))
#define round_up(x, y) ALIGN(x, y)
#define round_down(x, y) ((x) / (y) * (y))
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define BUILD_BUG_ON(c) _Static_assert(!(c), "BUILD_BUG_ON")
#define IS_ENABLED(option) 0
#define IS_ERR(p) ((unsigned long)(p) >= (unsigned long)-4095)
#define PTR_ERR(p) ((long)(p))
#define ERR_PTR(e) ((void *)(long)(e))
#define UINT_MAX (~0U)
#define ULONG_MAX (~0UL)
#define U32_MAX (~0U)
#define INT_MAX 0x7fffffff

enum { EPERM = 1, ENOENT = 2, EINTR = 4, EIO = 5, EAGAIN = 11, ENOMEM = 12, EFAULT = 14, EBUSY = 16, ENODEV = 19,
       EINVAL = 22, ENOSPC = 28, EOPNOTSUPP = 95, ETIMEDOUT = 110 };
enum { NOTIFY_DONE = 0, NOTIFY_OK = 1, NOTIFY_BAD = 0x8002, NOTIFY_STOP = 0x8001 };

void *memset(void *, int, size_t);
void *memcpy(void *, const void *, size_t);
int memcmp(const void *, const void *, size_t);
size_t strlen(const char *);

/* -- complaints and messages ------------------------------------------------------------------------------------ */
struct device { void *driver_data; bool wakes; };
struct device_driver { const char *name; void *owner; };
void hp_bug(const char *what) __attribute__((noreturn));
bool hp_warn(bool condition, const char *what);
void hp_say(const char *format, ...);
#define HP_TEXT_(x) #x
#define HP_TEXT(x) HP_TEXT_(x)
#define BUG() hp_bug("BUG() at line " HP_TEXT(__LINE__))
#define BUG_ON(c) do { if (unlikely(c)) hp_bug("BUG_ON(" #c ") at line " HP_TEXT(__LINE__)); } while (0)
#define VM_BUG_ON(c) BUG_ON(c)
#define WARN_ON(c) hp_warn(!!(c), "WARN_ON(" #c ")")
#define WARN_ON_ONCE(c) hp_warn(!!(c), "WARN_ON_ONCE(" #c ")")
#define WARN(c, ...) hp_warn(!!(c), "WARN(" #c ")")
#define WARN_ONCE(c, ...) hp_warn(!!(c), "WARN_ONCE(" #c ")")
#define dev_err(dev, ...) ((void)(dev), hp_say(__VA_ARGS__))
#define dev_warn(dev, ...) ((void)(dev), hp_say(__VA_ARGS__))
#define dev_info(dev, ...) ((void)(dev), hp_say(__VA_ARGS__))
#define dev_dbg(dev, ...) ((void)(dev), hp_say(__VA_ARGS__))
#define dev_err_ratelimited dev_err
#define dev_warn_ratelimited dev_warn
#define dev_info_ratelimited dev_info
#define dev_dbg_ratelimited dev_dbg
#define dev_err_once dev_err
#define dev_warn_once dev_warn
#define pr_err(...) hp_say(__VA_ARGS__)
#define pr_warn(...) hp_say(__VA_ARGS__)
#define pr_info(...) hp_say(__VA_ARGS__)
#define pr_debug(...) hp_say(__VA_ARGS__)
#define printk(...) hp_say(__VA_ARGS__)
#define KERN_ERR ""
#define KERN_WARNING ""
#define KERN_INFO ""
void hp_power(struct device *dev, int stay);
#define pm_stay_awake(dev) hp_power(dev, 1)
#define pm_relax(dev) hp_power(dev, 0)
#define pm_wakeup_event(dev, ms) ((void)(dev))
#define device_set_wakeup_capable(dev, on) ((void)((dev)->wakes = (on)))
#define device_set_wakeup_enable(dev, on) ((void)(dev))

/* -- lists ------------------------------------------------------------------------------------------------------ */
struct list_head { struct list_head *next, *prev; };
#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)
static HP_INLINE void INIT_LIST_HEAD(struct list_head *l) { l->next = l->prev = l; }
static HP_INLINE bool list_empty(const struct list_head *l) { return l->next == l; }
static HP_INLINE void hp_link(struct list_head *e, struct list_head *before, struct list_head *after)
{
	if (unlikely(before->next != after || after->prev != before))
		hp_bug("list corruption: an entry is added to a list that is broken");
	e->prev = before;
	e->next = after;
	before->next = e;
	after->prev = e;
}
static HP_INLINE void list_add(struct list_head *e, struct list_head *l) { hp_link(e, l, l->next); }
static HP_INLINE void list_add_tail(struct list_head *e, struct list_head *l) { hp_link(e, l->prev, l); }
static HP_INLINE void list_del(struct list_head *e)
{
	if (unlikely(!e->next || !e->prev || e->next->prev != e || e->prev->next != e))
		hp_bug("list corruption: an entry that is on no list is deleted");
	e->next->prev = e->prev;
	e->prev->next = e->next;
	e->next = e->prev = NULL;
}
static HP_INLINE void list_del_init(struct list_head *e) { list_del(e); INIT_LIST_HEAD(e); }
static HP_INLINE void list_move(struct list_head *e, struct list_head *l) { list_del(e); list_add(e, l); }
static HP_INLINE void list_move_tail(struct list_head *e, struct list_head *l)
{
	list_del(e);
	list_add_tail(e, l);
}
static HP_INLINE void list_splice_init(struct list_head *from, struct list_head *to)
{
	while (!list_empty(from))
		list_move(from->prev, to);
}
#define list_entry(p, type, member) container_of(p, type, member)
#define list_first_entry(l, type, member) list_entry((l)->next, type, member)
#define list_last_entry(l, type, member) list_entry((l)->prev, type, member)
#define list_first_entry_or_null(l, type, member) (list_empty(l) ? NULL : list_first_entry(l, type, member))
#define list_next_entry(p, member) list_entry((p)->member.next, __typeof__(*(p)), member)
#define list_for_each_entry(p, l, member) \
	for (p = list_first_entry(l, __typeof__(*p), member); &p->member != (l); p = list_next_entry(p, member))
#define list_for_each_entry_safe(p, n, l, member) \
	for (p = list_first_entry(l, __typeof__(*p), member), n = list_next_entry(p, member); &p->member != (l); \
	     p = n, n = list_next_entry(n, member))

#endif
