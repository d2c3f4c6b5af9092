// SPDX-License-Identifier: Apache-2.0
// How a rule says its verdict.

#include "diagnose/rule.h"

#include <stdarg.h>

#define VERDICT(name, result)                                                                      \
	enum verdict name(struct finding *f, struct arena *mem, const char *format, ...)           \
	{                                                                                          \
		va_list ap;                                                                        \
		va_start(ap, format);                                                              \
		f->text = arena_format_list(mem, format, ap);                                      \
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
	row.text = arena_format_list(mem, format, ap);
	va_end(ap);
	vec_push(mem, &f->evidence, row);
}
