// SPDX-License-Identifier: Apache-2.0
// Parser for the jvmstat buffer (hsperfdata version 2.0): a file of the JVM, or PerfMemory's bytes.
// Opens nothing, copies nothing: results point into the bytes that were given.
//
// The VM updates the counters in place while we read; each is one aligned word.  Metaspace and heap
// counters are written at collections only: they are no current values (docs/formats/hsperf.md).
// Every entry is checked once by hsperf_parse(), so that lookups cannot leave the buffer.

#ifndef PARSE_HSPERF_H
#define PARSE_HSPERF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct fail;

enum { HSPERF_SIZE_LIMIT = 64 << 20 }; // PerfDataMemorySize's maximum is 32 MB

struct hsperf {
	struct span bytes;
	uint32_t first; // offset of the first entry
	uint32_t count;
};

// FAIL_CORRUPT: not such a buffer, or an entry leaves it; FAIL_ABSENT: the VM is still filling it,
// or its byte order or version is another.
bool hsperf_parse(struct span bytes, struct hsperf *out, struct fail *why);
// A 64-bit counter ("java.cls.loadedClasses"); false: no such counter.
bool hsperf_number(const struct hsperf *h, const char *name, uint64_t *value);
// A string ("java.rt.vmArgs"), up to its NUL; false: no such string.
bool hsperf_text(const struct hsperf *h, const char *name, struct span *text);

#endif
