// SPDX-License-Identifier: Apache-2.0
// What the ways of telling which pages are there have in common: inside os/page*.c only.
//
// A walk goes over ranges in rising order and leaves runs.  The target's mmap lock decides how it
// calls the kernel: each call that holds it is bounded, begins early in a time slice, and the
// longest one is kept.

#ifndef OS_PAGEWALK_H
#define OS_PAGEWALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "os/pages.h"

struct fail;

typedef VEC(struct page_run) page_runs;

struct page_walk {
	int fd, pid; // of /proc/PID/pagemap
	const struct page_range *ranges;
	size_t count;
	struct arena *mem; // of the runs
	page_runs runs;
	uint64_t longest_ns;
	uint64_t rested_ns; // when the scheduler was last asked for a fresh time slice
};

enum { PAGEWALK_SLICE_PAGES = 4096 }; // of one call, where each page costs the kernel a look

// Starts a call that holds the lock; returns when.
uint64_t pagewalk_hold_begins(struct page_walk *w);
void pagewalk_hold_ended(struct page_walk *w, uint64_t since_ns);
// What counts of a page's flags: a zero page is in no Rss, a guard's swap bit lies.
uint32_t pagewalk_settled(uint32_t flags);
// Appends to the runs, merged with the last where it goes on.  Nothing for no flags.
void pagewalk_add(struct page_walk *w, struct page_run run);
// GONE for ESRCH, else by errno.
bool pagewalk_fail(const struct page_walk *w, int os_errno, struct fail *why);

// PAGEMAP_SCAN (kernel 6.7+).  `with_guards`: the kernel tells guard regions (6.15+).
bool pagescan_possible(int fd, bool *with_guards);
bool pagescan_read(struct page_walk *w, bool with_guards, struct fail *why);
// The same by a thread beside this one, which then helps to end it.  NULL: not possible.  `w->mem`
// and the ranges must outlive it; the runs go to `out`, with the descriptor, which stays open.
struct pages_scan *pagescan_begin(const struct page_walk *w);
bool pagescan_end(struct pages_scan *s, struct page_walk *out, struct fail *why);
// /proc/PID/pagemap, eight bytes a page.
bool pageread_read(struct page_walk *w, struct fail *why);

#endif
