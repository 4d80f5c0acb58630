/*
 * Time. Between two looks at the clock as long a time passes as a search likes: none, or more than any deadline. It
 * passes a few times only, then the clock stands. See kernel.h.
 */
#ifndef HINTPROOF_CLOCK_H
#define HINTPROOF_CLOCK_H

#include "sync.h"

#define HZ 250
#define NSEC_PER_SEC 1000000000L
#define NSEC_PER_MSEC 1000000L
#define NSEC_PER_USEC 1000L
#define USEC_PER_SEC 1000000L
#define USEC_PER_MSEC 1000L
#define MSEC_PER_SEC 1000L
#define MAX_JIFFY_OFFSET ((LONG_MAX >> 1) - 1)
#define MAX_SCHEDULE_TIMEOUT LONG_MAX
u64 hp_clock(void); /* in nanoseconds */
typedef s64 ktime_t, time64_t;
#define jiffies ((unsigned long)(hp_clock() / (NSEC_PER_SEC / HZ)))
#define get_jiffies_64() ((u64)jiffies)
#define time_after(a, b) ((long)((b) - (a)) < 0)
#define time_before(a, b) time_after(b, a)
#define time_after_eq(a, b) ((long)((a) - (b)) >= 0)
#define time_before_eq(a, b) time_after_eq(b, a)
#define time_in_range(t, from, to) (time_after_eq(t, from) && time_before_eq(t, to))
#define time_after64(a, b) ((s64)((b) - (a)) < 0)
#define time_before64(a, b) time_after64(b, a)
#define time_is_before_jiffies(t) time_after(jiffies, t)
#define time_is_after_jiffies(t) time_before(jiffies, t)
#define time_is_before_eq_jiffies(t) time_after_eq(jiffies, t)
#define time_is_after_eq_jiffies(t) time_before_eq(jiffies, t)
#define msecs_to_jiffies(ms) ((unsigned long)DIV_ROUND_UP((unsigned long)(ms) * HZ, 1000))
#define secs_to_jiffies(s) ((unsigned long)(s) * HZ)
#define usecs_to_jiffies(us) ((unsigned long)DIV_ROUND_UP((unsigned long)(us) * HZ, 1000000))
#define nsecs_to_jiffies(ns) ((unsigned long)(ns) / (NSEC_PER_SEC / HZ))
#define jiffies_to_msecs(j) ((unsigned int)((j) * 1000 / HZ))
#define jiffies_to_usecs(j) ((unsigned int)((j) * 1000000 / HZ))
#define jiffies_to_nsecs(j) ((u64)(j) * (NSEC_PER_SEC / HZ))
#define round_jiffies(j) (j)
#define round_jiffies_relative(j) (j)
#define ktime_get() ((ktime_t)hp_clock())
#define ktime_get_boottime() ktime_get()
#define ktime_get_real() ktime_get()
#define ktime_get_raw() ktime_get()
#define ktime_get_ns() hp_clock()
#define ktime_get_boottime_ns() hp_clock()
#define ktime_get_real_ns() hp_clock()
#define ktime_get_mono_fast_ns() hp_clock()
#define ktime_get_seconds() ((time64_t)(hp_clock() / NSEC_PER_SEC))
#define ktime_get_real_seconds() ktime_get_seconds()
#define ktime_set(s, ns) ((ktime_t)((s) * NSEC_PER_SEC + (ns)))
#define ktime_add(a, b) ((a) + (b))
#define ktime_sub(a, b) ((a) - (b))
#define ktime_add_ns(t, ns) ((t) + (s64)(ns))
#define ktime_add_us(t, us) ((t) + (s64)(us) * NSEC_PER_USEC)
#define ktime_add_ms(t, ms) ((t) + (s64)(ms) * NSEC_PER_MSEC)
#define ktime_sub_ns(t, ns) ((t) - (s64)(ns))
#define ktime_compare(a, b) ((a) < (b) ? -1 : (a) > (b))
#define ktime_after(a, b) ((a) > (b))
#define ktime_before(a, b) ((a) < (b))
#define ktime_to_ns(t) ((s64)(t))
#define ktime_to_us(t) ((s64)(t) / NSEC_PER_USEC)
#define ktime_to_ms(t) ((s64)(t) / NSEC_PER_MSEC)
#define ktime_us_delta(a, b) ktime_to_us(ktime_sub(a, b))
#define ktime_ms_delta(a, b) ktime_to_ms(ktime_sub(a, b))
#define ns_to_ktime(ns) ((ktime_t)(ns))
#define us_to_ktime(us) ((ktime_t)(us) * NSEC_PER_USEC)
#define ms_to_ktime(ms) ((ktime_t)(ms) * NSEC_PER_MSEC)
#define local_clock() hp_clock()
#define sched_clock() hp_clock()

void msleep(unsigned int milliseconds);
#define msleep_interruptible(ms) (msleep(ms), 0UL)
#define ssleep(s) msleep((s) * 1000)
#define fsleep(us) msleep((us) / 1000)
#define usleep_range(least, most) ((void)(most), msleep((least) / 1000))
#define schedule_timeout_interruptible(timeout) ((void)(timeout), msleep(0), 0L)
#define schedule_timeout_uninterruptible(timeout) ((void)(timeout), msleep(0), 0L)
#define schedule_timeout_killable(timeout) ((void)(timeout), msleep(0), 0L)
#define udelay(us) ((void)(us), hp_pause())
#define ndelay(ns) ((void)(ns), hp_pause())
#define mdelay(ms) ((void)(ms), hp_pause())

#endif
