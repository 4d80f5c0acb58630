/*
 * Which parts of the driver ran: the compiler calls us at the beginning of each part without a branch. It is no part of
 * the machine, so that what ran stays noted when a snapshot is recalled.
 */
#include "runtime.h"

enum { PARTS = 1 << 13 }; /* a driver has some 800; where there is no room the rest counts as not run */

u64 hp_ran[PARTS];
u64 hp_last_place; /* where the thread that runs was last seen: the beginning of a part, or a call of ours */

void __sanitizer_cov_trace_pc(void)
{
	const u64 here = (u64)SITE;
	u32 place;

	hp_last_place = here;
	place = (here * 0x9E3779B97F4A7C15UL) >> 51;

	for (int tries = 0; tries < 64; tries++, place = (place + 1) % PARTS) {
		if (hp_ran[place] == here)
			return;
		if (!hp_ran[place]) {
			hp_ran[place] = here;
			return;
		}
	}
}
