/* Coroutines: the one thing that depends on the processor. */
#ifndef HINTPROOF_SWITCH_H
#define HINTPROOF_SWITCH_H

/* Save where this stack stands, and go on where another one stood. */
void hp_switch(void **save, void *load) __attribute__((visibility("hidden")));

/* Where a stack stands that is to begin with a function. */
void *hp_fresh_stack(unsigned char *bottom, unsigned char *top, void (*begin)(void));

#endif
