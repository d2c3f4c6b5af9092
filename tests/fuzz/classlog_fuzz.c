// SPDX-License-Identifier: Apache-2.0
#include "parse/classlog.h"

#include <string.h>

// Any text: no crash; every event lies in the text, has a name without blanks, and there are no more
// than the text has room for.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	const char *end = text.at + len;
	struct classlog log = { 0 };
	struct classlog_event e;
	size_t events = 0;

	while (classlog_next(&log, &text, &e)) {
		if (!e.name.len || e.name.at < (const char *)bytes ||
		    e.name.at + e.name.len > end || memchr(e.name.at, ' ', e.name.len) ||
		    ++events > len)
			__builtin_trap();
		if (e.source.len && e.source.at + e.source.len > end)
			__builtin_trap();
	}
	if (log.unknown > log.lines)
		__builtin_trap();
	return 0;
}
