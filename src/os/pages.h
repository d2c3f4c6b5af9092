// SPDX-License-Identifier: Apache-2.0
// Which pages of a process are resident: PAGEMAP_SCAN (kernel 6.7+) in 16 MB slices, else pagemap.
//
// Never smaps.  A slice holds the target's mmap lock for a fraction of a millisecond; the longest
// one is measured and reported.  The runs of pages come back as text through
// tree_made("pages/PID"), so that a capture has them (docs/formats/pages.md).

#ifndef OS_PAGES_H
#define OS_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;
struct pages_scan;
struct tree;

enum page_flag {
	PAGE_PRESENT = 1, // counted in Rss
	PAGE_SWAPPED = 2, // counted in Swap; never set for guard regions, whose swap bit lies
	PAGE_FILE = 4,   // a file's page, or shared anonymous memory; not asked of anonymous ranges
	PAGE_ZERO = 8,   // the shared zero page: mapped, but in no Rss
	PAGE_HUGE = 16,  // mapped by a huge page
	PAGE_GUARD = 32, // a guard region inside a mapping (kernel 6.13+)
};

struct page_range {
	uint64_t start, end; // page-aligned; end is exclusive
	bool anonymous; // private memory without a file: asking each page costs five times as much
};

struct page_run {
	uint64_t start, end; // page-aligned; end is exclusive
	uint32_t flags;      // enum page_flag; PRESENT or SWAPPED at least, or GUARD or ZERO
};

struct pages {
	struct page_run *at; // sorted, without overlap, neighbours of equal flags merged
	size_t count;
	bool by_scan;          // PAGEMAP_SCAN; false: pagemap
	double longest_hold_s; // of the target's mmap lock: the longest single call
	uint64_t rss_after;    // VmRSS right after the scan, bytes
};

// The pages in `ranges` (sorted, the process's mappings) of process `pid` (host pid).  FAIL_DENIED
// when pagemap can't be opened (it needs the same uid, or CAP_DAC_READ_SEARCH beside
// CAP_SYS_PTRACE); GONE.
bool pages_read(const struct tree *files, int pid, const struct page_range *ranges, size_t count,
		struct arena *mem, struct pages *out, struct fail *why);
// A scan of some of the ranges in a thread beside this one; what it brings is not recorded.  NULL: not
// possible here, pages_read() is the way.  The ranges and `mem` must outlive it; pages_end() waits,
// helps, and frees it in any case.
struct pages_scan *pages_begin(int pid, const struct page_range *ranges, size_t count,
			       struct arena *mem);
bool pages_end(struct pages_scan *s, int pid, struct arena *mem, struct pages *out,
	       struct fail *why);
// Adds to `to` what another scan of other ranges brought later.
void pages_add(struct pages *to, const struct pages *later, struct arena *mem);
// Index of the first run that ends above `at`; `count` when there is none.
size_t pages_above(const struct pages *pages, uint64_t at);
// Bytes of [start, end) in runs that have any of `flags`.
uint64_t pages_between(const struct pages *pages, uint64_t start, uint64_t end, uint32_t flags);
// The run that holds `at`, or NULL.
const struct page_run *pages_find(const struct pages *pages, uint64_t at);
// Text form and back, for captures and tests: FAIL_CORRUPT names the line.
bool pages_parse(struct span text, struct arena *mem, struct pages *out, struct fail *why);
struct span pages_print(const struct pages *pages, struct arena *mem);

#endif
