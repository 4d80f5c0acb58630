/* Messages and warnings, wakeup sources. */
#include "runtime.h"

bool hp_warn(bool condition, const char *what)
{
	if (condition)
		hp_note(OP_WARN, SITE, (u64)what, 0, 0);
	return condition;
}

void hp_say(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	hp_note(OP_SAY, SITE, (u64)format, va_arg(arguments, u64), 0);
	va_end(arguments);
}

void hp_power(struct device *dev, int stay)
{
	dev->wakes = true;
	hp_note(OP_POWER, SITE, stay, 0, 0);
}
