/* Lists. A change to a list that is broken is a fault. See kernel.h. */
#ifndef HINTPROOF_LIST_H
#define HINTPROOF_LIST_H

#include "message.h"

struct list_head { struct list_head *next, *prev; };
#define LIST_HEAD_INIT(name) { &(name), &(name) }
#define LIST_HEAD(name) struct list_head name = LIST_HEAD_INIT(name)
static HP_INLINE void INIT_LIST_HEAD(struct list_head *l) { l->next = l->prev = l; }
static HP_INLINE bool list_empty(const struct list_head *l) { return l->next == l; }
static HP_INLINE bool list_is_singular(const struct list_head *l) { return !list_empty(l) && l->next == l->prev; }
static HP_INLINE bool list_is_first(const struct list_head *e, const struct list_head *l) { return e->prev == l; }
static HP_INLINE bool list_is_last(const struct list_head *e, const struct list_head *l) { return e->next == l; }
static HP_INLINE bool list_is_head(const struct list_head *e, const struct list_head *l) { return e == l; }
#define list_empty_careful(l) list_empty(l)

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
#define list_del_init_careful(e) list_del_init(e)
static HP_INLINE void list_move(struct list_head *e, struct list_head *l) { list_del(e); list_add(e, l); }
static HP_INLINE void list_move_tail(struct list_head *e, struct list_head *l)
{
	list_del(e);
	list_add_tail(e, l);
}
static HP_INLINE void list_replace(struct list_head *old, struct list_head *new)
{
	new->next = old->next;
	new->next->prev = new;
	new->prev = old->prev;
	new->prev->next = new;
}
static HP_INLINE void list_replace_init(struct list_head *old, struct list_head *new)
{
	list_replace(old, new);
	INIT_LIST_HEAD(old);
}
static HP_INLINE void list_swap(struct list_head *a, struct list_head *b)
{
	struct list_head *before = b->prev;

	list_del(b);
	list_replace(a, b);
	list_add(a, before == a ? b : before);
}
static HP_INLINE void list_rotate_left(struct list_head *l)
{
	if (!list_empty(l))
		list_move_tail(l->next, l);
}
/* All of one list, in their order, between two neighbours of another; the first list's head is left as it was. */
static HP_INLINE void hp_splice(struct list_head *from, struct list_head *before, struct list_head *after)
{
	if (list_empty(from))
		return;
	from->next->prev = before;
	before->next = from->next;
	from->prev->next = after;
	after->prev = from->prev;
}
static HP_INLINE void list_splice(struct list_head *from, struct list_head *to) { hp_splice(from, to, to->next); }
static HP_INLINE void list_splice_tail(struct list_head *from, struct list_head *to) { hp_splice(from, to->prev, to); }
static HP_INLINE void list_splice_init(struct list_head *from, struct list_head *to)
{
	list_splice(from, to);
	INIT_LIST_HEAD(from);
}
static HP_INLINE void list_splice_tail_init(struct list_head *from, struct list_head *to)
{
	list_splice_tail(from, to);
	INIT_LIST_HEAD(from);
}
/* The entries up to one of them, to the front of another list. */
static HP_INLINE void list_cut_position(struct list_head *to, struct list_head *from, struct list_head *last)
{
	INIT_LIST_HEAD(to);
	while (last != from && to->prev != last)
		list_move_tail(from->next, to);
}
static HP_INLINE void list_bulk_move_tail(struct list_head *l, struct list_head *first, struct list_head *last)
{
	first->prev->next = last->next;
	last->next->prev = first->prev;
	first->prev = l->prev;
	l->prev->next = first;
	last->next = l;
	l->prev = last;
}
static HP_INLINE size_t list_count_nodes(struct list_head *l)
{
	size_t count = 0;

	for (struct list_head *e = l->next; e != l; e = e->next)
		count++;
	return count;
}

#define list_entry(p, type, member) container_of(p, type, member)
#define list_first_entry(l, type, member) list_entry((l)->next, type, member)
#define list_last_entry(l, type, member) list_entry((l)->prev, type, member)
#define list_first_entry_or_null(l, type, member) (list_empty(l) ? NULL : list_first_entry(l, type, member))
#define list_last_entry_or_null(l, type, member) (list_empty(l) ? NULL : list_last_entry(l, type, member))
#define list_next_entry(p, member) list_entry((p)->member.next, __typeof__(*(p)), member)
#define list_prev_entry(p, member) list_entry((p)->member.prev, __typeof__(*(p)), member)
#define list_entry_is_head(p, l, member) (&(p)->member == (l))
#define list_prepare_entry(p, l, member) ((p) ?: list_entry(l, __typeof__(*p), member))
#define list_for_each(p, l) for (p = (l)->next; p != (l); p = p->next)
#define list_for_each_prev(p, l) for (p = (l)->prev; p != (l); p = p->prev)
#define list_for_each_safe(p, n, l) for (p = (l)->next, n = p->next; p != (l); p = n, n = p->next)
#define list_for_each_prev_safe(p, n, l) for (p = (l)->prev, n = p->prev; p != (l); p = n, n = p->prev)
#define list_for_each_entry_from(p, l, member) for (; &p->member != (l); p = list_next_entry(p, member))
#define list_for_each_entry_from_reverse(p, l, member) for (; &p->member != (l); p = list_prev_entry(p, member))
#define list_for_each_entry(p, l, member) \
	for (p = list_first_entry(l, __typeof__(*p), member); &p->member != (l); p = list_next_entry(p, member))
#define list_for_each_entry_reverse(p, l, member) \
	for (p = list_last_entry(l, __typeof__(*p), member); &p->member != (l); p = list_prev_entry(p, member))
#define list_for_each_entry_continue(p, l, member) \
	for (p = list_next_entry(p, member); &p->member != (l); p = list_next_entry(p, member))
#define list_for_each_entry_continue_reverse(p, l, member) \
	for (p = list_prev_entry(p, member); &p->member != (l); p = list_prev_entry(p, member))
#define list_for_each_entry_safe(p, n, l, member) \
	for (p = list_first_entry(l, __typeof__(*p), member), n = list_next_entry(p, member); &p->member != (l); \
	     p = n, n = list_next_entry(n, member))
#define list_for_each_entry_safe_reverse(p, n, l, member) \
	for (p = list_last_entry(l, __typeof__(*p), member), n = list_prev_entry(p, member); &p->member != (l); \
	     p = n, n = list_prev_entry(n, member))
#define list_for_each_entry_safe_continue(p, n, l, member) \
	for (p = list_next_entry(p, member), n = list_next_entry(p, member); &p->member != (l); \
	     p = n, n = list_next_entry(n, member))
#define list_for_each_entry_safe_from(p, n, l, member) \
	for (n = list_next_entry(p, member); &p->member != (l); p = n, n = list_next_entry(n, member))
#define list_safe_reset_next(p, n, member) n = list_next_entry(p, member)

#endif
