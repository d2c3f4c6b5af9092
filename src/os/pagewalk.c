// SPDX-License-Identifier: Apache-2.0
#include "os/pagewalk.h"

#include <errno.h>
#include <sched.h>

#include "base/fail.h"
#include "os/clock.h"

enum { REST_NS = 1000000 };

// A time slice that ends inside a call would leave the lock held until we run again, 10 ms and more
// on a busy machine: so calls begin early in a slice.  On an idle one this costs nothing.
uint64_t pagewalk_hold_begins(struct page_walk *w)
{
	uint64_t now = clock_now_ns();

	if (now - w->rested_ns < REST_NS)
		return now;
	sched_yield();
	return w->rested_ns = clock_now_ns();
}

void pagewalk_hold_ended(struct page_walk *w, uint64_t since_ns)
{
	uint64_t held = clock_now_ns() - since_ns;

	if (held > w->longest_ns)
		w->longest_ns = held;
}

uint32_t pagewalk_settled(uint32_t flags)
{
	if (flags & PAGE_GUARD)
		return PAGE_GUARD;
	if (flags & PAGE_ZERO)
		return PAGE_ZERO;
	if (flags & PAGE_PRESENT)
		return flags & ~(uint32_t)PAGE_SWAPPED;
	return flags & PAGE_SWAPPED ? flags & (PAGE_SWAPPED | PAGE_FILE) : 0;
}

void pagewalk_add(struct page_walk *w, struct page_run run)
{
	struct page_run *last = w->runs.count ? &w->runs.at[w->runs.count - 1] : NULL;

	if (!run.flags || run.start >= run.end)
		return;
	if (last && last->end == run.start && last->flags == run.flags)
		last->end = run.end;
	else
		vec_push(w->mem, &w->runs, run);
}

bool pagewalk_fail(const struct page_walk *w, int os_errno, struct fail *why)
{
	if (os_errno == ESRCH)
		return fail(why, FAIL_GONE, "there is no process %d", w->pid);
	return fail_errno(why, os_errno, "scanning the pages of process %d", w->pid);
}
