"""Names of the kernel that a patch may use: those that the shim has, and those that it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from hintproof.linux.build import BuildFailed, build
from hintproof.linux.source import DRIVER
from tests.checker.linux.little import little_source, with_top
from tests.checker.linux.trees import PACKAGES, changed, source

#: What stands before the functions of a driver, and what stands in one of them. ``v`` is its device, ``l`` its state.
GROUPS = {
    "guards": (
        """
        struct guarded { spinlock_t lock; struct mutex mutex; int count; };
        DEFINE_FREE(guarded, struct guarded *, if (_T) kfree(_T))
        DEFINE_GUARD(guarded, struct guarded *, spin_lock(&_T->lock), spin_unlock(&_T->lock))
        DEFINE_LOCK_GUARD_1(guarded_irq, struct guarded, spin_lock_irqsave(&_T->lock->lock, _T->flags),
                            spin_unlock_irqrestore(&_T->lock->lock, _T->flags), unsigned long flags)
        DEFINE_CLASS(piece, void *, kfree(_T), kmalloc(size, GFP_KERNEL), size_t size)
        static int always(struct guarded *g) { scoped_guard(mutex, &g->mutex) { return 1; } }
        static int maybe(struct guarded *g)
        {
            scoped_cond_guard(mutex_intr, return -EINTR, &g->mutex) { g->count++; }
            scoped_guard(spinlock_try, &g->lock) g->count++;
            ACQUIRE(mutex_try, held)(&g->mutex);
            return ACQUIRE_ERR(mutex_try, &held);
        }
        static struct guarded *make(void)
        {
            struct guarded *g __free(kfree) = kzalloc_obj(*g);
            if (!g)
                return NULL;
            return_ptr(g);
        }
        """,
        """
        struct guarded *g __free(guarded) = make();
        { guard(spinlock_irq)(&g->lock); guard(raw_spinlock)(&g->lock); }
        { guard(spinlock_irqsave)(&g->lock); }
        { guard(spinlock_bh)(&g->lock); }
        { guard(guarded)(g); }
        { guard(guarded_irq)(g); }
        { CLASS(piece, p)(10); g->count = !p; }
        guard(mutex)(&g->mutex);
        return always(g) + maybe(no_free_ptr(g));
        """,
    ),
    "atomic variables": (
        """
        static atomic_t a = ATOMIC_INIT(1);
        static atomic64_t b = ATOMIC64_INIT(1);
        static atomic_long_t c;
        static refcount_t r = REFCOUNT_INIT(1);
        static struct kref k;
        static void release(struct kref *kref) { }
        """,
        """
        int old = 1; u64 word = 3;
        atomic_set(&a, atomic_read(&a)); atomic_add(2, &a); atomic_sub(1, &a); atomic_inc(&a); atomic_dec(&a);
        old = atomic_inc_return(&a) + atomic_dec_return(&a) + atomic_add_return(2, &a) + atomic_sub_return(2, &a);
        old += atomic_fetch_add(1, &a) + atomic_cmpxchg(&a, 1, 2) + atomic_xchg(&a, 3) + atomic_fetch_andnot(1, &a);
        old += atomic_add_unless(&a, 1, 0) + atomic_inc_not_zero(&a) + atomic_dec_if_positive(&a);
        if (atomic_dec_and_test(&a) || atomic_sub_and_test(1, &a) || atomic_try_cmpxchg(&a, &old, 3))
            atomic_or(1, &a);
        atomic64_add(atomic64_inc_return(&b), &b); atomic_long_set(&c, atomic_long_read(&c));
        refcount_set(&r, 1); refcount_inc(&r);
        if (refcount_dec_and_test(&r) || !refcount_inc_not_zero(&r))
            return refcount_read(&r);
        kref_init(&k); kref_get(&k); kref_put(&k, release);
        xchg(&word, 4); cmpxchg(&word, 4, 5);
        """,
    ),
    "bits and orders": (
        "static DECLARE_BITMAP(map, 100); static unsigned long bits;",
        """
        int i;
        set_bit(70, map); clear_bit(3, &bits); change_bit(3, &bits); assign_bit(3, &bits, true);
        if (test_bit(70, map) + test_and_set_bit(1, &bits) + test_and_clear_bit(2, &bits))
            __set_bit(3, &bits);
        __clear_bit(3, &bits); __assign_bit(2, map, false); bitmap_zero(map, 100);
        if (__test_and_set_bit(3, &bits) + find_first_bit(map, 100) + find_next_zero_bit(map, 100, 3))
            for_each_set_bit(i, map, 100)
                barrier();
        WRITE_ONCE(bits, READ_ONCE(bits)); smp_store_release(&bits, smp_load_acquire(&bits));
        smp_mb(); smp_rmb(); smp_wmb(); smp_mb__before_atomic(); smp_mb__after_atomic(); data_race(bits++);
        """,
    ),
    "work": (
        """
        static struct work_struct w;
        static struct delayed_work d;
        static void run(struct work_struct *work) { cancel_delayed_work(to_delayed_work(work)); }
        """,
        """
        struct workqueue_struct *q = alloc_workqueue("q%d", WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM | WQ_SYSFS, 1, 3);
        struct workqueue_struct *o = alloc_ordered_workqueue("o", WQ_FREEZABLE | WQ_CPU_INTENSIVE | WQ_PERCPU);
        INIT_WORK(&w, run); INIT_DELAYED_WORK(&d, run);
        queue_work(system_wq, &w); queue_work(system_unbound_wq, &w); queue_work(system_highpri_wq, &w);
        queue_work(system_freezable_wq, &w); queue_work_on(0, system_long_wq, &w); schedule_work(&w);
        queue_work(system_percpu_wq, &w); queue_work(system_dfl_wq, &w);
        schedule_delayed_work(&d, HZ); queue_delayed_work(q, &d, msecs_to_jiffies(5)); mod_delayed_work(q, &d, 0);
        flush_delayed_work(&d); cancel_delayed_work(&d); cancel_delayed_work_sync(&d);
        if (delayed_work_pending(&d) || work_pending(&w) || work_busy(&w))
            flush_work(&w);
        cancel_work(&w); cancel_work_sync(&w); disable_work_sync(&w); enable_work(&w);
        flush_workqueue(q); drain_workqueue(q); destroy_workqueue(o);
        """,
    ),
    "waiting and time": (
        "static DECLARE_COMPLETION(c); static DECLARE_WAIT_QUEUE_HEAD(q); static int ready;",
        """
        DECLARE_COMPLETION_ONSTACK(mine);
        unsigned long end = jiffies + HZ;
        ktime_t began = ktime_get();
        init_completion(&c); reinit_completion(&c); complete(&c); complete_all(&mine); wait_for_completion(&mine);
        if (!wait_for_completion_timeout(&c, HZ) || wait_for_completion_interruptible(&c) || completion_done(&c))
            return try_wait_for_completion(&c);
        wait_event(q, ready); wait_event_timeout(q, ready, end); wait_event_interruptible_timeout(q, ready, HZ);
        if (wait_event_interruptible(q, ready))
            return wait_event_killable(q, ready);
        wake_up(&q); wake_up_all(&q); wake_up_interruptible(&q); waitqueue_active(&q);
        while (time_before(jiffies, end) && !time_after_eq(jiffies, end))
            cpu_relax();
        if (ktime_to_ms(ktime_sub(ktime_get(), began)) > ktime_ms_delta(began, began))
            usleep_range(10, 20);
        msleep(1); udelay(1); cond_resched(); might_sleep(); ktime_get_ns();
        """,
    ),
    "lists": (
        "struct node { struct list_head list; };",
        """
        struct node *n, *next;
        struct list_head *p, other;
        LIST_HEAD(head);
        INIT_LIST_HEAD(&other);
        list_for_each_entry_safe(n, next, &head, list) list_move(&n->list, &other);
        list_for_each_entry_reverse(n, &head, list) barrier();
        list_for_each_entry_safe_reverse(n, next, &head, list) list_move_tail(&n->list, &other);
        list_for_each(p, &head) barrier();
        list_splice(&head, &other); list_splice_tail(&head, &other); list_splice_init(&other, &head);
        list_splice_tail_init(&head, &other); list_rotate_left(&head);
        n = list_first_entry_or_null(&head, struct node, list);
        if (n && !list_is_singular(&head) && !list_is_last(&n->list, &head))
            list_replace_init(&list_next_entry(n, list)->list, &list_last_entry(&other, struct node, list)->list);
        return list_count_nodes(&head) + list_empty_careful(&other);
        """,
    ),
    "memory": (
        "struct flexible { int count; u32 data[] __counted_by(count); };",
        """
        struct page *page = alloc_pages(__GFP_NORETRY | __GFP_NOWARN | __GFP_NOMEMALLOC | __GFP_SKIP_ZERO | __GFP_ZERO |
                                        __GFP_THISNODE | __GFP_ACCOUNT | __GFP_COMP | __GFP_RETRY_MAYFAIL | __GFP_HIGH |
                                        __GFP_NOFAIL | __GFP_MOVABLE | __GFP_ZEROTAGS | GFP_NOWAIT | GFP_ATOMIC, 0);
        struct flexible *f = kzalloc(struct_size(f, data, 3), GFP_KERNEL), *g = kmalloc_obj(*g, GFP_ATOMIC);
        struct scatterlist table[2], *sg, *lists[1] = { table };
        u32 *a = kcalloc(3, sizeof(*a), GFP_KERNEL), *b = kmemdup(a, 12, GFP_KERNEL), i;
        a = krealloc(a, 20, GFP_KERNEL); b = kmalloc_array(3, 4, GFP_NOIO); kvfree(kvmalloc(9, GFP_KERNEL));
        f = devm_kzalloc(&v->dev, 9, GFP_KERNEL); kfree_sensitive(g); f = kzalloc_obj(struct flexible);
        sg_init_table(table, 2); sg_set_buf(&table[0], a, 4); sg_set_page(&table[1], page, PAGE_SIZE, 0);
        for_each_sg(table, sg, 2, i)
            if (sg_is_last(sg) || !sg_next(sg))
                sg_mark_end(sg);
        virtqueue_add_sgs(NULL, lists, 1, 0, a, GFP_KERNEL);
        get_page(page); put_page(page); pfn_to_page(page_to_pfn(page)); set_page_private(page, get_order(5000));
        __free_page(alloc_page(GFP_HIGHUSER_MOVABLE)); free_page(get_zeroed_page(GFP_KERNEL));
        """,
    ),
    "small things": (
        """
        #if IS_ENABLED(CONFIG_OF_NOBODY) || !IS_ENABLED(CONFIG_PM_SLEEP)
        #error "options"
        #endif
        static_assert(sizeof_field(struct scatterlist, length) == 4);
        static bool option __read_mostly;
        module_param_named(other, option, bool, 0644);
        """,
        """
        u32 x = min(3, 4) + max_t(u32, 1, 2) + clamp(3, 1, 2) + min3(1, 2, 3) + ALIGN(3, 4) + DIV_ROUND_UP(3, 2), y = 3;
        if (likely(x) || unlikely(y) || IS_ALIGNED(x, 4) || is_power_of_2(x) || check_add_overflow(x, y, &x))
            swap(x, y);
        dev_err(&v->dev, "%u\\n", x); dev_warn_once(&v->dev, "a"); dev_notice(&v->dev, "b"); dev_dbg(&v->dev, "c");
        pr_err("d"); pr_info_once("e"); pr_warn_ratelimited("f"); trace_printk("g"); WARN_ON_ONCE(x == 77);
        WARN(x == 77, "%u", x); BUG_ON(x == 77);
        return ilog2(x) + roundup_pow_of_two(y) + GENMASK(3, 1) + upper_32_bits(3UL) + PTR_ERR_OR_ZERO(v);
        """,
    ),
    "locks": (
        "static DEFINE_SPINLOCK(s); static DEFINE_MUTEX(m);",
        """
        unsigned long flags;
        spin_lock_irqsave(&s, flags); lockdep_assert_held(&s); spin_unlock_irqrestore(&s, flags);
        spin_lock_bh(&s); assert_spin_locked(&s); spin_unlock_bh(&s);
        if (spin_trylock(&s) || spin_trylock_irqsave(&s, flags) || spin_is_locked(&s) || mutex_is_locked(&m))
            return mutex_lock_interruptible(&m) + mutex_lock_killable(&m);
        if (mutex_trylock(&m))
            mutex_unlock(&m);
        local_irq_save(flags); WARN_ON(!irqs_disabled() || in_interrupt()); local_irq_restore(flags);
        lockdep_assert_held(&m);
        """,
    ),
    "virtio": (
        "",
        """
        struct virtqueue *q = NULL; u32 x; __le32 le = cpu_to_le32(3);
        virtio_cread(v, struct virtio_balloon_config, actual, &x);
        virtio_cread_le(v, struct virtio_balloon_config, actual, &x);
        virtio_cwrite(v, struct virtio_balloon_config, actual, &x);
        virtio_cwrite_le(v, struct virtio_balloon_config, actual, &x);
        if (virtio_has_feature(v, VIRTIO_F_VERSION_1) || virtio_cread32(v, 0) || le32_to_cpu(le))
            x = cpu_to_virtio16(v, 1) + virtio16_to_cpu(v, 1) + cpu_to_virtio32(v, 1) + virtio32_to_cpu(v, 1);
        if (virtqueue_kick_prepare(q) && virtqueue_notify(q) && virtqueue_enable_cb(q))
            virtqueue_disable_cb(q);
        virtqueue_detach_unused_buf(q); virtio_device_ready(v); virtio_reset_device(v); virtio_break_device(v);
        return virtqueue_is_broken(q) + virtqueue_get_vring_size(q) + cpu_to_virtio64(v, 1) + le64_to_cpu(1);
        """,
    ),
}


@pytest.mark.parametrize("group", GROUPS)
def test_names_that_a_patch_may_use_compile_in_linux(group: str, tmp_path: Path) -> None:
    top, body = GROUPS[group]
    lines = "\n".join(line.strip() for line in top.splitlines())
    added = f"{lines}\nstatic __maybe_unused int added(struct virtio_device *v)\n{{\n{body}\nreturn 0;\n}}\n"
    original = source(PACKAGES[-1])
    place = r"(?=static void tell_host\()"
    build(changed(original, (place, added.replace("\\", r"\\"))), tmp_path, accesses=True)


# -- those that it lacks ----------------------------------------------------------------------------------------------

UNKNOWN = [
    ("", "guard(frob)(&l->one);", "guard frob"),
    ("", "scoped_guard(frob, &l->one)\n{ l->id = 1; }", "guard frob"),
    ("", "void *x __free(frob) = NULL; l->id = !x;", "cleanup frob"),
    ("", "for_each_frob(l) { l->id = 1; }", "function for_each_frob"),
    ("", "for_each_frob(l)\n\tl->id = 1;", "function for_each_frob"),
    ("", "with_frob(l) { l->id = 1; } else { l->id = 2; }", "function with_frob"),
    ("", "DECLARE_FROB(x); x.y = 3;", "function DECLARE_FROB"),
    ("", "l->page = alloc_pages(GFP_KERNEL | __GFP_FROB, 0);", "name __GFP_FROB"),
    ("", 'l->queue = alloc_workqueue("q", WQ_FROB, 0);', "name WQ_FROB"),
    ("", "switch (l->id) { case FROB_STATE: break; }", "name FROB_STATE"),
    ("", "l->page->frob = NULL;", "field frob"),
    ("", "frob_t x = 3; l->id = x;", "type frob_t"),
    ("", "struct frob x; x.id = 3;", "type frob"),
    ("struct user { frob_t t; struct frob_list l; };", "", "type frob_t"),
    ("struct user { struct frob f; };", "", "type frob"),
    ("static const struct frob_operations all = { .owner = THIS_MODULE };", "", "type frob_operations"),
    ("static DEFINE_PER_FROB(int, counts);", "", "macro DEFINE_PER_FROB"),
    ("static FROB_ATTR_RW(hints);", "", "macro FROB_ATTR_RW"),
    ('MODULE_FROB("x");', "", "macro MODULE_FROB"),
    ("static int f(void) __frob(3);", "", "macro __frob"),
    ("static __frob int f(void) { return 3; }", "", "name __frob"),
    ("struct user { int n; int d[] __frob_by(n); };", "", "macro __frob_by"),
    ("#if FROB_CODE >= FROB_VERSION(6, 1)\nstatic int x;\n#endif", "", "macro FROB_VERSION"),
    ("#include <linux/frob.h>\n#include <trace/events/frob.h>", "trace_frob(l);", "function trace_frob"),
    ("", "unsigned int s; do { s = read_frob(&l->one); } while (retry_frob(s));", "function read_frob"),
]


@pytest.mark.parametrize(("top", "body", "first"), UNKNOWN, ids=[f"{top} {body}".strip() for top, body, _ in UNKNOWN])
def test_a_name_that_the_shim_lacks_is_no_error_of_the_driver(tmp_path: Path, top: str, body: str, first: str) -> None:
    text = with_top(top, little_source(body))
    with pytest.raises(BuildFailed) as caught:
        build(text, tmp_path)
    assert caught.value.errors == ()
    assert str(caught.value.missing[0]).partition(" (line ")[0] == first
    line = 1 + text.files[DRIVER].split((body or top).splitlines()[0])[0].count("\n")
    assert caught.value.missing[0].line in range(line, line + 3)


OWN = [
    ("", "l->id = 3"),
    ("", "if (l->id) ) l->id = 2;"),
    ("", "spin_lock(&l->one;"),
    ("", "kfree(l"),
    ("", "for (int i = 0; i < 3, i++) l->id++;"),
    ("", "queue_work(l->queue &l->work);"),
    ("", "int p[2] = {1, 2; p[0]++;"),
    ("static int f(void) { return 1 }", ""),
    ("struct user { int a int b; };", ""),
    ("static int g(void)\n\treturn 3;\n}", ""),
    ("static int hint(void) { return 1; }", ""),
]


@pytest.mark.parametrize(("top", "body"), OWN)
def test_an_error_of_the_driver_is_no_name_that_the_shim_lacks(tmp_path: Path, top: str, body: str) -> None:
    with pytest.raises(BuildFailed) as caught:
        build(with_top(top, little_source(body)), tmp_path)
    assert caught.value.missing == ()
    assert caught.value.errors
