/* Types, attributes, arithmetic, error numbers. See kernel.h. */
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
typedef int64_t s64, __s64, loff_t;
typedef unsigned int gfp_t, uint, fgf_t, slab_flags_t;
typedef unsigned long ulong, pgoff_t;
typedef unsigned short ushort, umode_t;
typedef long ssize_t;
typedef int pid_t;
typedef u64 phys_addr_t, dma_addr_t, resource_size_t;

#define __user
#define __iomem
#define __rcu
#define __percpu
#define __force
#define __bitwise
#define __init
#define __exit
#define __initdata
#define __initconst
#define __exitdata
#define __ro_after_init
#define __read_mostly
#define __cold
#define __hot
#define __must_check
#define __refdata
#define __randomize_layout
#define __designated_init
#define __no_kcsan
#define notrace
#define asmlinkage
#define __visible
#define __must_hold(lock)
#define __acquires(lock)
#define __releases(lock)
#define __acquire(lock) ((void)0)
#define __release(lock) ((void)0)
#define __guarded_by(...)
#define __pt_guarded_by(...)
#define __counted_by(member)
#define __counted_by_le(member)
#define __counted_by_ptr(member)
#define __nonstring
#define __maybe_unused __attribute__((unused))
#define __always_unused __attribute__((unused))
#define __used __attribute__((used))
#define __packed __attribute__((packed))
#define __aligned(n) __attribute__((aligned(n)))
#define __pure __attribute__((pure))
#undef __attribute_const__
#define __attribute_const__ __attribute__((const))
#define __noreturn __attribute__((noreturn))
#define __weak __attribute__((weak))
#define __deprecated
#define __printf(text, first)
#define __cleanup(function) __attribute__((cleanup(function)))
#define ____cacheline_aligned __aligned(64)
#define ____cacheline_aligned_in_smp __aligned(64)
#define HP_INLINE inline __attribute__((always_inline))
#undef __always_inline
#define __always_inline HP_INLINE
#define noinline __attribute__((noinline))
#define noinline_for_stack noinline
#define fallthrough __attribute__((fallthrough))
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#define unreachable() __builtin_unreachable()
#define DECLARE_FLEX_ARRAY(type, name) struct { struct { } hp_none_##name; type name[]; }
#define struct_group(name, ...) union { struct { __VA_ARGS__ }; struct { __VA_ARGS__ } name; }
#define uninitialized_var(x) x = x

/* -- memory as others see it: each access takes effect at once */
#define barrier() __asm__ __volatile__("" : : : "memory")
#define smp_mb() barrier()
#define smp_rmb() barrier()
#define smp_wmb() barrier()
#define mb() barrier()
#define rmb() barrier()
#define wmb() barrier()
#define dma_rmb() barrier()
#define dma_wmb() barrier()
#define smp_mb__before_atomic() barrier()
#define smp_mb__after_atomic() barrier()
#define smp_mb__after_spinlock() barrier()
#define smp_acquire__after_ctrl_dep() barrier()
#define virt_mb() barrier()
#define virt_rmb() barrier()
#define virt_wmb() barrier()
#define virtio_mb(weak) barrier()
#define virtio_rmb(weak) barrier()
#define virtio_wmb(weak) barrier()
#define READ_ONCE(x) (*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v) (*(volatile __typeof__(x) *)&(x) = (v))
#define data_race(x) (x)
#define smp_load_acquire(p) READ_ONCE(*(p))
#define smp_store_release(p, v) WRITE_ONCE(*(p), v)
#define smp_store_mb(x, v) WRITE_ONCE(x, v)
#define ASSERT_EXCLUSIVE_WRITER(x) ((void)(x))
#define ASSERT_EXCLUSIVE_ACCESS(x) ((void)(x))

/* -- small things */
#define container_of(ptr, type, member) ((type *)((char *)(ptr) - offsetof(type, member)))
#define container_of_const container_of
#define typeof_member(type, member) __typeof__(((type *)0)->member)
#define sizeof_field(type, member) sizeof(((type *)0)->member)
#define offsetofend(type, member) (offsetof(type, member) + sizeof_field(type, member))
#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))
#define min(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? a_ : b_; })
#define max(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ > b_ ? a_ : b_; })
#define MIN(a, b) ((a) < (b) ? (a) : (b))
#define MAX(a, b) ((a) > (b) ? (a) : (b))
#define min_t(t, a, b) min((t)(a), (t)(b))
#define max_t(t, a, b) max((t)(a), (t)(b))
#define min3(a, b, c) ({ __typeof__(a) c_ = min(a, b); min(c_, c); })
#define max3(a, b, c) ({ __typeof__(a) c_ = max(a, b); max(c_, c); })
#define umin(a, b) min((u64)(a), (u64)(b))
#define umax(a, b) max((u64)(a), (u64)(b))
#define min_not_zero(a, b) \
	({ __typeof__(a) c_ = (a); __typeof__(b) d_ = (b); !c_ ? d_ : !d_ ? c_ : min(c_, d_); })
#define clamp(x, low, high) ({ __typeof__(x) x_ = (x); min(max(x_, (__typeof__(x))(low)), (__typeof__(x))(high)); })
#define clamp_t(t, x, low, high) clamp((t)(x), low, high)
#define clamp_val(x, low, high) clamp(x, low, high)
#define in_range(x, start, length) ((u64)(x) - (u64)(start) < (u64)(length))
#define swap(a, b) do { __typeof__(a) a_ = (a); (a) = (b); (b) = a_; } while (0)
#define abs(x) ({ __typeof__(x) x_ = (x); x_ < 0 ? -x_ : x_; })
#define abs_diff(a, b) ({ __typeof__(a) a_ = (a); __typeof__(b) b_ = (b); a_ < b_ ? b_ - a_ : a_ - b_; })
#define DIV_ROUND_UP(n, d) (((n) + (d) - 1) / (d))
#define DIV_ROUND_UP_ULL DIV_ROUND_UP
#define DIV_ROUND_CLOSEST(n, d) (((n) + (d) / 2) / (d))
#define DIV_ROUND_DOWN_ULL(n, d) ((n) / (d))
#define ALIGN(x, a) (DIV_ROUND_UP(x, a) * (a))
#define ALIGN_DOWN(x, a) ((x) / (a) * (a))
#define IS_ALIGNED(x, a) (!((x) % (__typeof__(x))(a)))
#define PTR_ALIGN(p, a) ((__typeof__(p))ALIGN((unsigned long)(p), a))
#define round_up(x, y) ALIGN(x, y)
#define roundup(x, y) ALIGN(x, y)
#define round_down(x, y) ((x) / (y) * (y))
#define rounddown(x, y) round_down(x, y)
#define do_div(n, d) ({ u32 rest_ = (n) % (u32)(d); (n) /= (u32)(d); rest_; })
#define div_u64(n, d) ((u64)(n) / (u32)(d))
#define div64_u64(n, d) ((u64)(n) / (u64)(d))
#define div_s64(n, d) ((s64)(n) / (s32)(d))
#define mul_u64_u32_shr(a, b, shift) ((u64)(((unsigned __int128)(a) * (b)) >> (shift)))
#define lower_32_bits(x) ((u32)(x))
#define upper_32_bits(x) ((u32)((u64)(x) >> 32))
#define BIT(n) (1UL << (n))
#define BIT_ULL(n) (1ULL << (n))
#define GENMASK(high, low) ((~0UL << (low)) & (~0UL >> (63 - (high))))
#define GENMASK_ULL(high, low) GENMASK(high, low)
#define FIELD_GET(mask, x) ((__typeof__(mask))(((x) & (mask)) >> __builtin_ctzl(mask)))
#define FIELD_PREP(mask, x) (((__typeof__(mask))(x) << __builtin_ctzl(mask)) & (mask))
#define FIELD_MAX(mask) ((__typeof__(mask))((mask) >> __builtin_ctzl(mask)))
#define array_index_nospec(index, size) (index)
#define mult_frac(x, n, d) ((__typeof__(x))((unsigned __int128)(x) * (n) / (d)))
#define is_power_of_2(n) ({ __typeof__(n) n_ = (n); n_ && !(n_ & (n_ - 1)); })
#define fls(x) ((u32)(x) ? 32 - __builtin_clz(x) : 0)
#define fls64(x) ((u64)(x) ? 64 - __builtin_clzl(x) : 0)
#define fls_long(x) fls64(x)
#define ffs(x) __builtin_ffs(x)
#define __ffs(x) ((unsigned long)__builtin_ctzl(x))
#define __fls(x) ((unsigned long)(63 - __builtin_clzl(x)))
#define ilog2(n) (fls64(n) - 1)
#define order_base_2(n) ((n) > 1 ? fls64((n) - 1) : 0)
#define roundup_pow_of_two(n) (1UL << order_base_2(n))
#define rounddown_pow_of_two(n) (1UL << ilog2(n))
#define hweight32(x) ((unsigned int)__builtin_popcount(x))
#define hweight64(x) ((unsigned long)__builtin_popcountl(x))
#define hweight_long(x) hweight64(x)
#define check_add_overflow(a, b, to) __builtin_add_overflow(a, b, to)
#define check_sub_overflow(a, b, to) __builtin_sub_overflow(a, b, to)
#define check_mul_overflow(a, b, to) __builtin_mul_overflow(a, b, to)
static HP_INLINE size_t size_mul(size_t a, size_t b)
{
	return __builtin_mul_overflow(a, b, &a) ? SIZE_MAX : a;
}
static HP_INLINE size_t size_add(size_t a, size_t b)
{
	return __builtin_add_overflow(a, b, &a) ? SIZE_MAX : a;
}
#define array_size(n, size) size_mul(n, size)
#define flex_array_size(p, member, n) size_mul(n, sizeof(*(p)->member))
#define struct_size(p, member, n) size_add(sizeof(*(p)), flex_array_size(p, member, n))
#define struct_size_t(type, member, n) struct_size((type *)0, member, n)
#define BUILD_BUG_ON(c) _Static_assert(!(c), "BUILD_BUG_ON")
#define BUILD_BUG_ON_MSG(c, text) _Static_assert(!(c), text)
#define BUILD_BUG_ON_ZERO(c) ((int)(sizeof(struct { int hp_bug : 1 - 2 * !!(c); }) * 0))
#define static_assert(c, ...) _Static_assert(c, #c)

/* An option of the kernel's configuration is on here if it is defined as 1. Also for use in #if. */
#define HP_TAKE_SECOND(first, second, ...) second
#define HP_IS_1_1 0,
#define HP_IS_SET__(option) HP_TAKE_SECOND(option 1, 0, 0)
#define HP_IS_SET_(value) HP_IS_SET__(HP_IS_1_##value)
#define IS_ENABLED(option) HP_IS_SET_(option)
#define IS_BUILTIN(option) IS_ENABLED(option)
#define IS_REACHABLE(option) IS_ENABLED(option)
#define IS_MODULE(option) 0

#ifndef INT_MAX
#define INT_MAX __INT_MAX__
#define INT_MIN (-INT_MAX - 1)
#define UINT_MAX (~0U)
#define LONG_MAX __LONG_MAX__
#define LONG_MIN (-LONG_MAX - 1)
#define ULONG_MAX (~0UL)
#define LLONG_MAX __LONG_LONG_MAX__
#define ULLONG_MAX (~0ULL)
#endif
#define U8_MAX 0xff
#define U16_MAX 0xffff
#define U32_MAX (~0U)
#define U64_MAX (~0UL)
#define S32_MAX INT_MAX
#define S64_MAX LONG_MAX
#define S32_MIN INT_MIN
#define S64_MIN LONG_MIN

enum { HP_LARGEST_ERROR = 4095 };
#define MAX_ERRNO HP_LARGEST_ERROR
#define IS_ERR_VALUE(x) ((unsigned long)(x) >= (unsigned long)-MAX_ERRNO)
#define IS_ERR(p) IS_ERR_VALUE(p)
#define IS_ERR_OR_NULL(p) (!(p) || IS_ERR(p))
#define PTR_ERR(p) ((long)(p))
#define PTR_ERR_OR_ZERO(p) (IS_ERR(p) ? (int)PTR_ERR(p) : 0)
#define ERR_PTR(e) ((void *)(long)(e))
#define ERR_CAST(p) ((void *)(p))

enum { EPERM = 1, ENOENT = 2, ESRCH = 3, EINTR = 4, EIO = 5, ENXIO = 6, E2BIG = 7, EBADF = 9, EAGAIN = 11, ENOMEM = 12,
       EACCES = 13, EFAULT = 14, EBUSY = 16, EEXIST = 17, EXDEV = 18, ENODEV = 19, EINVAL = 22, ENOTTY = 25, EFBIG = 27,
       ENOSPC = 28, EPIPE = 32, EDOM = 33, ERANGE = 34, EDEADLK = 35, ENOSYS = 38, ENODATA = 61, ETIME = 62,
       EPROTO = 71, EBADMSG = 74, EOVERFLOW = 75, EMSGSIZE = 90, EOPNOTSUPP = 95, ENOBUFS = 105, ENOTCONN = 107,
       ESHUTDOWN = 108, ETIMEDOUT = 110, EALREADY = 114, EINPROGRESS = 115, ESTALE = 116, ECANCELED = 125,
       ERESTARTSYS = 512, EPROBE_DEFER = 517, ENOTSUPP = 524 };
#define EWOULDBLOCK EAGAIN
enum { NOTIFY_DONE = 0, NOTIFY_OK = 1, NOTIFY_BAD = 0x8002, NOTIFY_STOP = 0x8001 };

/* -- memory and text: those of the C library */
void *memset(void *, int, size_t);
void *memcpy(void *, const void *, size_t);
void *memmove(void *, const void *, size_t);
int memcmp(const void *, const void *, size_t);
void *memchr(const void *, int, size_t);
size_t strlen(const char *);
size_t strnlen(const char *, size_t);
int strcmp(const char *, const char *);
int strncmp(const char *, const char *, size_t);
char *strchr(const char *, int);
int sprintf(char *, const char *, ...);
int snprintf(char *, size_t, const char *, ...);
#define scnprintf(to, size, ...) ({ int long_ = snprintf(to, size, __VA_ARGS__); min_t(int, long_, (int)(size) - 1); })
#define memzero_explicit(to, size) ((void)memset(to, 0, size))
#define memset_startat(object, value, member) \
	memset((u8 *)(object) + offsetof(__typeof__(*(object)), member), value, \
	       sizeof(*(object)) - offsetof(__typeof__(*(object)), member))
static HP_INLINE ssize_t hp_copy_text(char *to, const char *from, size_t size)
{
	size_t length = strnlen(from, size);

	if (!size)
		return -E2BIG;
	memcpy(to, from, length < size ? length : size - 1);
	to[length < size ? length : size - 1] = 0;
	return length < size ? (ssize_t)length : -E2BIG;
}
#define HP_COPY_TEXT_2(to, from) hp_copy_text(to, from, sizeof(to))
#define HP_COPY_TEXT_3(to, from, size) hp_copy_text(to, from, size)
#define HP_FOURTH(a, b, c, d, ...) d
#define strscpy(...) HP_FOURTH(__VA_ARGS__, HP_COPY_TEXT_3, HP_COPY_TEXT_2)(__VA_ARGS__)

#endif
