// SPDX-License-Identifier: Apache-2.0
// One word of /proc/PID/pagemap, as enum page_flag.  Format: docs/formats/pages.md.
//
// Reads nothing; whoever has the word asks here what it means.

#ifndef OS_PAGEMAP_H
#define OS_PAGEMAP_H

#include <stdint.h>

#include "os/pages.h"

enum {
	PAGEMAP_BIT_EXCLUSIVE = 56,
	PAGEMAP_BIT_GUARD = 58, // kernel 6.14+
	PAGEMAP_BIT_FILE = 61,
	PAGEMAP_BIT_SWAPPED = 62,
	PAGEMAP_BIT_PRESENT = 63,
};

// The zero page carries neither FILE nor EXCLUSIVE, and pages shared with a child after fork()
// don't either: the caller who must tell them apart needs the frame number (pages.c does).
static inline uint32_t pagemap_flags(uint64_t word)
{
	uint32_t flags = 0;

	if (word >> PAGEMAP_BIT_PRESENT & 1)
		flags |= PAGE_PRESENT;
	if (word >> PAGEMAP_BIT_GUARD & 1) // such words have the swap bit too: it lies
		return flags | PAGE_GUARD;
	if (word >> PAGEMAP_BIT_SWAPPED & 1)
		flags |= PAGE_SWAPPED;
	if (flags && word >> PAGEMAP_BIT_FILE & 1)
		flags |= PAGE_FILE;
	return flags;
}

#endif
