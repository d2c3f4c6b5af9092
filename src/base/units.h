// SPDX-License-Identifier: Apache-2.0
// Sizes and durations as people write them, and back.
//
// Inside the program sizes are bytes in uint64_t and times are seconds (double) or *_ns; these
// functions are the only place where "64m" and "1.5 GB" are known.

#ifndef BASE_UNITS_H
#define BASE_UNITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define KIB(n) ((uint64_t)(n) << 10)
#define MIB(n) ((uint64_t)(n) << 20)
#define GIB(n) ((uint64_t)(n) << 30)

struct fail;

enum { PAGE_SIZE_BYTES = 4096 }; // of every target this version reads (x86-64, 4 KB pages)

// "512", "64k", "1.5g" (1024 a step; k m g t, upper case too).  FAIL_CORRUPT names the text.
bool units_parse_size(const char *text, uint64_t *bytes, struct fail *why);
// "30", "30s", "5m", "2h", "7d", "250ms", "0.5".  FAIL_CORRUPT names the text.
bool units_parse_duration(const char *text, double *seconds, struct fail *why);
// "512 B", "16 KB", "296.0 MB", "1.50 GB": at most 12 characters, `to` has room for 16.
const char *units_print_size(uint64_t bytes, char to[16]);
double units_in_mb(uint64_t bytes); // for columns headed "MB"

static inline uint64_t units_page_down(uint64_t at)
{
	return at & ~(uint64_t)(PAGE_SIZE_BYTES - 1);
}
static inline uint64_t units_page_up(uint64_t at)
{
	return (at + PAGE_SIZE_BYTES - 1) & ~(uint64_t)(PAGE_SIZE_BYTES - 1);
}

#endif
