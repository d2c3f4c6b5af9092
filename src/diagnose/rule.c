// SPDX-License-Identifier: Apache-2.0
// How a rule says its verdict.

#include "diagnose/rule.h"

#include <stdarg.h>
#include <stdio.h>

// arena_format with a va_list.
static char *format_text(struct arena *mem, const char *format, va_list ap)
{
	va_list again;
	char *text;
	int len;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	if (len < 0)
		return arena_text(mem, "");
	text = arena_get(mem, (size_t)len + 1);
	vsnprintf(text, (size_t)len + 1, format, ap);
	return text;
}

#define VERDICT(name, result)                                                                      \
	enum verdict name(struct finding *f, struct arena *mem, const char *format, ...)           \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, format);                                                              \
		f->text = format_text(mem, format, ap);                                            \
		va_end(ap);                                                                        \
		f->verdict = result;                                                               \
		return result;                                                                     \
	}
VERDICT(confirmed, VERDICT_CONFIRMED)
VERDICT(likely, VERDICT_LIKELY)
VERDICT(ruled_out, VERDICT_RULED_OUT)
#undef VERDICT

enum verdict cannot_tell(struct finding *f, struct arena *mem, const char *missing, const char *how)
{
	f->missing = arena_text(mem, missing);
	f->how = arena_text(mem, how);
	f->verdict = VERDICT_CANNOT_TELL;
	return VERDICT_CANNOT_TELL;
}

void add_evidence(struct finding *f, struct arena *mem, const char *fact, double value,
		  const char *source, const char *format, ...)
{
	struct evidence_row row = { .fact = fact, .value = value, .source = source };
	va_list ap;

	va_start(ap, format);
	row.text = format_text(mem, format, ap);
	va_end(ap);
	vec_push(mem, &f->evidence, row);
}
