/* How the kernel calls the driver, and its own work before and after the call. */
#ifndef HINTPROOF_ENTRIES_H
#define HINTPROOF_ENTRIES_H

#include "runtime.h"

extern u8 *hp_stacks;

int hp_entry_begins(int entry, int argument);   /* whether the kernel would call it now; its work before */
u64 hp_run_entry(const struct thread *thread);  /* the call itself, on the thread's stack */
void hp_entry_ends(const struct thread *thread); /* the kernel's work after */

#endif
