// SPDX-License-Identifier: Apache-2.0
#include "cmd/complain.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/arena.h"
#include "present/words.h"

void complain(const char *format, ...)
{
	struct arena mem = { 0 };
	char text[1024];
	va_list ap;

	va_start(ap, format);
	vsnprintf(text, sizeof(text), format, ap);
	va_end(ap);
	fprintf(stderr, "jledger: %s\n", words_clean(text, 0, &mem));
	arena_drop(&mem);
}
