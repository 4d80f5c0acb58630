/* From one stack to another: a few instructions on x86-64, ucontext elsewhere (or with HP_PORTABLE). */
#include "switch.h"

#if defined(__x86_64__) && !defined(HP_PORTABLE)

__asm__(".text\n"
	".globl hp_switch\n"
	".hidden hp_switch\n"
	".type hp_switch, @function\n"
	"hp_switch:\n"
	"	pushq %rbp\n"
	"	pushq %rbx\n"
	"	pushq %r12\n"
	"	pushq %r13\n"
	"	pushq %r14\n"
	"	pushq %r15\n"
	"	movq %rsp, (%rdi)\n"
	"	movq %rsi, %rsp\n"
	"	popq %r15\n"
	"	popq %r14\n"
	"	popq %r13\n"
	"	popq %r12\n"
	"	popq %rbx\n"
	"	popq %rbp\n"
	"	ret\n");

void *hp_fresh_stack(unsigned char *bottom, unsigned char *top, void (*begin)(void))
{
	void **sp = (void **)top;

	(void)bottom;
	*--sp = 0; /* at the first instruction of a function the stack is 8 off a multiple of 16 */
	*--sp = (void *)begin;
	return sp - 6;
}

#else

#include <ucontext.h>

/* A context lies on the stack that it is of, so that a copy of the stack holds it; some of its frame is below it. */
enum { BELOW = 1024 };

void hp_switch(void **save, void *load)
{
	ucontext_t here;

	*save = (unsigned char *)&here - BELOW;
	swapcontext(&here, (ucontext_t *)((unsigned char *)load + BELOW));
}

void *hp_fresh_stack(unsigned char *bottom, unsigned char *top, void (*begin)(void))
{
	ucontext_t *context = (ucontext_t *)(((unsigned long)top - sizeof(*context)) & ~63UL);

	getcontext(context);
	context->uc_stack.ss_sp = bottom;
	context->uc_stack.ss_size = (unsigned char *)context - bottom;
	context->uc_link = 0;
	makecontext(context, begin, 0);
	return (unsigned char *)context - BELOW;
}

#endif
