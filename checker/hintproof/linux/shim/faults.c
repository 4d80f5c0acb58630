/* A fault inside the driver ends its thread, not the process: a signal, an endless loop, a broken rule. */
#define _GNU_SOURCE
#include <signal.h>
#include <stdlib.h>
#include <sys/time.h>
#include <ucontext.h>

#include "runtime.h"

struct fault hp_fault;

enum { TICK = 20000, PATIENCE = 15 }; /* microseconds of processor time; ticks in one step */

static struct sigaction before[NSIG];

static void set_fault(enum hp_fault kind, const char *text)
{
	size_t length = strlen(text);

	hp_fault.kind = kind;
	hp_fault.thread = hp_current;
	hp_fault.op = hp_current >= 0 ? hp_self()->entry : 0;
	length = length < sizeof(hp_fault.text) - 1 ? length : sizeof(hp_fault.text) - 1;
	memcpy(hp_fault.text, text, length);
	hp_fault.text[length] = 0;
}

/* The driver has broken a rule of the kernel. Outside of the driver the caller has. */
void hp_bug(const char *what)
{
	set_fault(FAULT_BUG, what);
	hp_fault.pc = (u64)__builtin_return_address(0);
	if (!hp_running)
		abort();
	hp_leave();
}

/* One past where it stood, as a return address is one past its call. */
static u64 program_counter(const ucontext_t *context)
{
#if defined(__x86_64__)
	return context->uc_mcontext.gregs[REG_RIP] + 1;
#elif defined(__aarch64__)
	return context->uc_mcontext.pc + 1;
#else
	(void)context;
	return 0;
#endif
}

/* Another driver's handler, or whatever was there before this library was loaded. 0 if that is no function. */
static int handled_before(int number, siginfo_t *info, void *context)
{
	if (!(before[number].sa_flags & SA_SIGINFO))
		return 0;
	before[number].sa_sigaction(number, info, context);
	return 1;
}

static void on_signal(int number, siginfo_t *info, void *context)
{
	if (!hp_running) {
		if (!handled_before(number, info, context))
			sigaction(number, &before[number], NULL); /* it comes again, and takes its usual course */
		return;
	}
	set_fault(FAULT_SIGNAL, number == SIGSEGV ? "memory that is not there was used" : "the processor refused");
	hp_fault.signal = number;
	hp_fault.address = (u64)info->si_addr;
	hp_fault.pc = program_counter(context);
	hp_leave();
}

static void on_tick(int number, siginfo_t *info, void *context)
{
	static u64 last;
	static int ticks;

	handled_before(number, info, context);
	ticks = hp_running && last == hp_serial ? ticks + 1 : 0;
	last = hp_serial;
	if (ticks < PATIENCE)
		return;
	ticks = 0;
	set_fault(FAULT_HANG, "it runs on and on without a call of the kernel's interface");
	hp_fault.pc = hp_last_place; /* the timer may have met the harness, which notes what runs */
	hp_leave();
}

void hp_catch_faults(void)
{
	static const int signals[] = { SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGTRAP };
	struct sigaction action = { .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER };
	struct itimerval timer = { { 0, TICK }, { 0, TICK } };
	stack_t stack = { .ss_size = 64 << 10 };

	stack.ss_sp = malloc(stack.ss_size);
	sigaltstack(&stack, NULL);
	action.sa_sigaction = on_signal;
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, &before[signals[i]]);
	action.sa_sigaction = on_tick;
	action.sa_flags |= SA_RESTART;
	sigaction(SIGVTALRM, &action, &before[SIGVTALRM]);
	setitimer(ITIMER_VIRTUAL, &timer, NULL);
}
