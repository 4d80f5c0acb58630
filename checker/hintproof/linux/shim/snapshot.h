/* Copies of the machine, in rows of lines. */
#ifndef HINTPROOF_SNAPSHOT_H
#define HINTPROOF_SNAPSHOT_H

#include "runtime.h"

enum { LINE = 32 };

int hp_reset_machine(const struct settings *settings);
void hp_forget_snapshots(void);
int hp_keep(void);
int hp_recall(u32 number);
u8 *hp_squeeze(const u8 *data, u32 size, const u8 *from);
void hp_unsqueeze(const u8 *squeezed, u32 size, const u8 *from, u8 *to);

#endif
