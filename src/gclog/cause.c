// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "gclog/dialects.h"

unsigned gclog_cause_flags(const char *cause)
{
	static const struct {
		const char *words;
		unsigned flags;
	} WORDS[] = {
		{ "System", GC_EXPLICIT }, // "System" of JDK 6, "System.gc()" since 7
		{ "Diagnostic Command", GC_EXPLICIT },
		{ "Heap Inspection", GC_EXPLICIT },
		{ "Heap Dump", GC_EXPLICIT },
		{ "JvmtiEnv", GC_EXPLICIT },
		{ "Humongous", GC_HUMONGOUS },
		{ "Metadata GC Clear", GC_METADATA | GC_LAST_DITCH },
		{ "Metadata", GC_METADATA },
		{ "Permanent Generation", GC_METADATA },
		{ "Last ditch", GC_METADATA | GC_LAST_DITCH },
		{ "GCLocker", GC_LOCKER },
	};

	if (!*cause)
		return 0;
	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
		if (strstr(cause, WORDS[i].words))
			return WORDS[i].flags;
	return 0;
}
