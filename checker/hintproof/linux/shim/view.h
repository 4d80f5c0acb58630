/* The record that Python reads. Its layout is that of binding.py. */
#ifndef HINTPROOF_VIEW_H
#define HINTPROOF_VIEW_H

#include "runtime.h"

struct element_view { u64 address; u32 length, out, count, payload, block, unused; };
struct queue_view { u32 exists, size, free, used, taken, available; struct element_view elements[HINT_ELEMENTS]; };
struct thread_view { u64 a, b, c, site; u32 entry, argument, op, enabled; };

struct view {
	u64 features;
	struct thread_view threads[THREADS];
	struct queue_view queues[QUEUES];
	u32 pending, running, known, free, driver, held, small_driver, heap, workqueues, answered;
	u32 bound, listening, ready, frozen, shrinker, oom, reporting;
	u8 config[CONFIG];
};

int hp_view(struct view *view);

#endif
