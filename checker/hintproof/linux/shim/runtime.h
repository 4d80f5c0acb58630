/*
 * Shared by the files of the runtime: the machine that a driver runs in, its threads, and the points between steps.
 *
 * Everything that changes as the driver runs is in one struct machine, the heap, the stacks, and the driver's own data;
 * so a snapshot is a copy of these. A thread stops BEFORE each call of the kernel's interface (a point), and a step
 * is the call's effect and whatever the driver does up to its next call.
 */
#ifndef HINTPROOF_RUNTIME_H
#define HINTPROOF_RUNTIME_H

#include "kernel.h"

/* The calls at which a thread stops. The order is that of the Python side (operations.py). */
enum hp_op {
	OP_NONE, OP_RETURN, OP_TEST_SET, OP_TEST_CLEAR, OP_BIT, OP_CONFIG_READ, OP_CONFIG_WRITE, OP_TO_VIRTIO,
	OP_ADD, OP_KICK, OP_GET_BUF, OP_ALLOC, OP_FREE, OP_LOCK, OP_UNLOCK, OP_QUEUE_WORK, OP_CANCEL, OP_FLUSH, OP_DESTROY,
	OP_WAIT, OP_WAKE, OP_SLEEP, OP_RESET, OP_FIND_VQS, OP_DEL_VQS, OP_READY, OP_KZALLOC, OP_KFREE, OP_REGISTER,
	OP_UNREGISTER, OP_SMALL_ALLOC, OP_SMALL_FREE, OP_SAY, OP_WARN, OP_ACCESS, OP_POP, OP_USE, OP_SPAWN, OP_POWER, OP_FROM_VIRTIO,
	OP_ATOMIC, OP_EXCHANGE, OP_YIELD, OP_CLOCK, OP_UNQUEUE, OP_COMPLETION,
	OP_COUNT
};

enum hp_entry { ENTRY_NONE, ENTRY_PROBE, ENTRY_REMOVE, ENTRY_FREEZE, ENTRY_RESTORE, ENTRY_CHANGED, ENTRY_WORK, ENTRY_SCAN,
		ENTRY_SHRINK_COUNT, ENTRY_OOM, ENTRY_CALLBACK, ENTRY_REPORT, ENTRY_SHUTDOWN };

enum hp_fault { FAULT_NONE, FAULT_BUG, FAULT_SIGNAL, FAULT_HANG };

/* Who has a block of the largest order, or a small page. */
enum hp_owner { OWNER_FREE, OWNER_DRIVER, OWNER_OTHER };

enum { THREADS = 8, QUEUES = 5, ELEMENTS = 64, HINT_ELEMENTS = 32, BLOCKS = 640, SMALL_PAGES = 16, WORKS = 8, ALLOCATIONS = 32,
       WORKQUEUES = 6, HEAP = 32 << 10, STACK = 32 << 10, CONFIG = 64 };

#define BLOCK_BASE 0x100000000UL
#define BLOCK_SIZE (PAGE_SIZE << MAX_PAGE_ORDER)
#define SMALL_BASE 0x80000000UL

struct element { u64 address; void *cookie; u32 length; u8 out, count; };

/* Elements of a queue lie in one row: used by the device (in the order of use), taken by it, available. */
struct queue { struct virtqueue vq; u8 first, capacity, used, taken, available, exists; u16 size; };

/* managed: it is freed with the driver's last call. */
struct allocation { u16 start, size; u8 freed, managed; };

struct workqueue_struct { u8 exists, freezable, ordered; };

struct thread {
	void *sp;
	const void *site;
	u64 a, b, c;
	void *waits;
	u8 entry, op, argument, woken, spinlocks, irqs_off, in_irq, section;
};

struct machine {
	struct virtio_device vdev;
	struct device parent;
	u8 config[CONFIG];
	struct queue queues[QUEUES];
	struct element elements[ELEMENTS];
	struct page small[SMALL_PAGES];
	struct work_struct *works[WORKS];
	struct workqueue_struct workqueues[WORKQUEUES];
	struct shrinker *shrinker;
	struct notifier_block *oom;
	struct page_reporting_dev_info *reporting;
	struct allocation allocations[ALLOCATIONS];
	struct thread threads[THREADS];
	u16 heap_top;
	u8 bound, listening, ready, frozen, broken;
	u8 may_have_failed; /* calls of probe so far that may fail */
	u8 added;           /* buffers so far, where some can't be added */
	u8 commands, scans, removes, freezes; /* used by the search, of its budgets */
	u8 clock;                             /* how often a long time has passed */
	struct page blocks[BLOCKS]; /* last: a copy has those that there are */
};

/* The fixed settings of a check. */
struct settings {
	u64 features; /* offered by the device */
	u32 ring, other_rings;
	u32 blocks, small_pages;
	u32 poisoning, init_on_free;
	u32 fail_at;   /* of the calls of probe that may fail, the one that does, from 1; 0: none */
	u32 add_fails; /* each so-manieth buffer can't be added; 0: none */
};

struct event { u64 a, b, c; const void *site; u32 op, thread; };

struct fault { u32 kind, thread, signal, op; u64 address, pc; char text[160]; };

enum { EVENTS = 4096, CLOCK_STANDS = 3 };

extern struct machine *hp_m;
extern u8 *hp_heap;
extern struct settings hp_settings;
extern struct event hp_events[EVENTS];
extern u32 hp_event_count;
extern struct fault hp_fault;
extern u64 hp_mask;         /* which calls are points; locks, waits and the like stop a thread that they block, anyway */
extern int hp_through_locks;
extern int hp_current;      /* the thread that runs, or -1 */
extern int hp_next_block;   /* the block that the next allocation gets: a number, -1 none, -2 the lowest free one */
extern int hp_later;        /* whether a long time passes before the next look at the clock */
extern volatile u64 hp_serial;
extern volatile int hp_running;
extern int hp_accesses;     /* built with a point at each access to memory */
extern const char *hp_work_names[WORKS];

/* An access to the driver's state, the third argument of OP_ACCESS: a write; one by READ_ONCE, WRITE_ONCE and the like. */
enum { ACCESS_WRITES = 1, ACCESS_MARKED = 2 };

#define SITE __builtin_return_address(0)
void hp_point(enum hp_op op, const void *site, u64 a, u64 b, u64 c);
void hp_note(enum hp_op op, const void *site, u64 a, u64 b, u64 c);
struct thread *hp_self(void);
void hp_atomic_check(const char *what);
int hp_fails(void); /* whether the call that is being made is the one that is to fail */
bool hp_gets_signals(void);
void hp_alive(const void *address, const char *what);
void hp_makes(const void *site, const void *what, u64 size);
void hp_leave(void) __attribute__((noreturn)); /* out of the driver, to whoever asked for the step */
void hp_catch_faults(void);

/* threads */
int hp_spawn(int entry, int argument);
int hp_step(int thread);
int hp_run(int thread, u64 stops, int limit);
u32 hp_enabled(void);
int hp_is_enabled(int thread);
u8 *hp_stack_top(int thread);
int hp_on_a_stack(u64 address);

/* work items */
int hp_work_can_start(const struct work_struct *work);
void hp_work_starts(struct work_struct *work);
int hp_queue_is_busy(const struct workqueue_struct *queue);

/* the heap */
void hp_free_managed(void); /* what goes with the device */

/* critical sections */
void hp_section_begins(const struct hp_lock *lock);
void hp_section_ends(void); /* something else is called in it, or it is over */
int hp_section_is_one_step(const struct hp_lock *lock);
void hp_section_is_seen(const struct hp_lock *lock);
void hp_section_access(const u8 *address, u64 size, int write);
int hp_sections_broken(void);

/* the device's side */
int hp_pop(int queue);
int hp_use(int queue, int taken);
u64 hp_payload(const struct element *element);
int hp_block_of(u64 address);

/* coverage */
extern u64 hp_last_place; /* where the thread that runs was last seen in the driver */

/* snapshots */
size_t hp_gather(u8 *to);
void hp_scatter(const u8 *from);
void hp_hash(const u8 *data, size_t size, u64 out[2]);
extern size_t hp_snapshot_max;

#endif
