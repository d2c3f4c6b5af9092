// SPDX-License-Identifier: Apache-2.0
// The target's mmap lock decides how this is done.  One call over a large mapping would hold it
// for 3 ms a GB; slices of 16 MB (64 MB where pages need not be asked for FILE) hold it for a fraction of a millisecond.  Where nothing is
// present a slice costs next to nothing, so slices grow over reservations and max_pages bounds
// what one of them may find.
#include "os/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "base/units.h"
#include "os/pagemap.h"

enum {
	SLICE_PAGES = 4096,
	LONE_PAGES =
		4 * SLICE_PAGES, // of a slice that asks no page for FILE: a quarter of the time
	PAGE = PAGE_SIZE_BYTES,
	REST_NS = 1000000,
};
#define HOLD_LIMIT_NS ((uint64_t)1 << 50) // what a double keeps to the nanosecond
#define SLICE         MIB(16)
#define LONE_SLICE    MIB(64)
#define LONE          MIB(1)
#define SLICE_LIMIT   GIB(1)

// linux/fs.h of kernel 6.7; headers of today's distributions lack it.
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
struct scan_region {
	uint64_t start, end, categories;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
enum {
	SCAN_FILE = 1 << 2,
	SCAN_PRESENT = 1 << 3,
	SCAN_SWAPPED = 1 << 4,
	SCAN_ZERO = 1 << 5,
	SCAN_HUGE = 1 << 6,
	SCAN_GUARD = 1 << 8, // kernel 6.15+
};

typedef VEC(struct page_run) run_vec;

struct scan {
	int fd, pid;
	const struct page_range *ranges;
	size_t count;
	struct arena *mem;           // of the runs
	struct scan_region *regions; // room for SLICE_PAGES, of which a slice brought `found`
	size_t found;
	run_vec runs;
	bool by_scan, with_guards;
	uint64_t longest_ns;
	uint64_t rested_ns;  // when the scheduler was last asked for a fresh time slice
	uint64_t zero_frame; // pagemap's word for the zero page, 0 when frame numbers are hidden
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

// Starts a call that holds the lock; returns when.  A time slice that ends inside a call would leave
// the lock held until we run again, 10 ms and more on a busy machine: so calls begin early in a
// slice.  On an idle one this costs nothing.
static uint64_t hold_begins(struct scan *s)
{
	uint64_t now = now_ns();

	if (now - s->rested_ns < REST_NS)
		return now;
	sched_yield();
	return s->rested_ns = now_ns();
}

static void hold_ended(struct scan *s, uint64_t since_ns)
{
	uint64_t held = now_ns() - since_ns;

	if (held > s->longest_ns)
		s->longest_ns = held;
}

// A page that is present and the zero page is in no Rss; a guard's swap bit lies.
static uint32_t settled(uint32_t flags)
{
	if (flags & PAGE_GUARD)
		return PAGE_GUARD;
	if (flags & PAGE_ZERO)
		return PAGE_ZERO;
	if (flags & PAGE_PRESENT)
		return flags & ~(uint32_t)PAGE_SWAPPED;
	return flags & PAGE_SWAPPED ? flags & (PAGE_SWAPPED | PAGE_FILE) : 0;
}

static void add_run(struct arena *mem, run_vec *runs, struct page_run run)
{
	struct page_run *last = runs->count ? &runs->at[runs->count - 1] : NULL;

	if (!run.flags || run.start >= run.end)
		return;
	if (last && last->end == run.start && last->flags == run.flags)
		last->end = run.end;
	else
		vec_push(mem, runs, run);
}

// ---- PAGEMAP_SCAN

static uint32_t scan_flags(uint64_t categories)
{
	static const struct {
		uint32_t category, flag;
	} MEANING[] = {
		{ SCAN_FILE, PAGE_FILE },       { SCAN_PRESENT, PAGE_PRESENT },
		{ SCAN_SWAPPED, PAGE_SWAPPED }, { SCAN_ZERO, PAGE_ZERO },
		{ SCAN_HUGE, PAGE_HUGE },       { SCAN_GUARD, PAGE_GUARD },
	};
	uint32_t flags = 0;

	for (size_t i = 0; i < sizeof(MEANING) / sizeof(MEANING[0]); i++)
		if (categories & MEANING[i].category)
			flags |= MEANING[i].flag;
	return settled(flags);
}

static bool fail_scan(const struct scan *s, int os_errno, struct fail *why)
{
	if (os_errno == ESRCH)
		return fail(why, FAIL_GONE, "there is no process %d", s->pid);
	return fail_errno(why, os_errno, "scanning the pages of process %d", s->pid);
}

// The matching pages from `*at` on, at most a slice of them; moves `*at` to where it stopped.
static bool scan_slice(struct scan *s, uint64_t *at, uint64_t end, bool anonymous, struct fail *why)
{
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = *at,
		.end = end,
		.vec = (uint64_t)(uintptr_t)s->regions,
		.vec_len = SLICE_PAGES,
		.max_pages = anonymous ? LONE_PAGES : SLICE_PAGES,
	};
	uint64_t since;
	int n;

	arg.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED | (s->with_guards ? SCAN_GUARD : 0);
	arg.return_mask = arg.category_anyof_mask | SCAN_ZERO | SCAN_HUGE;
	// FILE needs a look at each page's own record: 14 ms a GB instead of 3.
	if (!anonymous)
		arg.return_mask |= SCAN_FILE;
	since = hold_begins(s);
	n = ioctl(s->fd, SCAN_IOCTL, &arg);
	if (n < 0)
		return fail_scan(s, errno, why);
	hold_ended(s, since);
	if (arg.walk_end <= *at || arg.walk_end > end)
		return fail(why, FAIL_OS, "the kernel's page scan of process %d does not advance",
			    s->pid);
	*at = arg.walk_end;
	s->found = (size_t)n;
	return true;
}

// A slice may run over gaps between ranges, where the target can map new memory at any time: what
// is not in a range is left out.
static void add_clipped(struct scan *s, size_t i, struct page_run run)
{
	for (; i < s->count && s->ranges[i].start < run.end; i++) {
		struct page_run part = run;

		if (part.start < s->ranges[i].start)
			part.start = s->ranges[i].start;
		if (part.end > s->ranges[i].end)
			part.end = s->ranges[i].end;
		add_run(s->mem, &s->runs, part);
	}
}

// Where ranges lie close together one slice covers several: a call each would cost more.
static size_t ranges_within(const struct scan *s, size_t i, uint64_t end)
{
	while (i < s->count && s->ranges[i].end <= end)
		i++;
	return i;
}

// A long anonymous range is scanned by itself, in the cheaper way.
static bool is_lone(const struct page_range *r)
{
	return r->anonymous && r->end - r->start >= LONE;
}

// Where the slice from `at` in range `i` ends: no further than the last range that starts in it.
static uint64_t slice_end(const struct scan *s, size_t i, uint64_t at, uint64_t size)
{
	uint64_t end = at + size, stop = end;

	for (size_t k = i; k < s->count && s->ranges[k].start < end; k++) {
		if (k > i && (is_lone(&s->ranges[i]) || is_lone(&s->ranges[k])))
			break;
		stop = s->ranges[k].end < end ? s->ranges[k].end : end;
	}
	return stop;
}

static bool scan_all(struct scan *s, struct fail *why)
{
	uint64_t size = SLICE, at = 0;

	for (size_t i = 0; i < s->count;) {
		bool lone = is_lone(&s->ranges[i]);
		uint64_t step = lone && size < LONE_SLICE ? LONE_SLICE : size;

		if (at < s->ranges[i].start)
			at = s->ranges[i].start;
		if (!scan_slice(s, &at, slice_end(s, i, at, step), lone, why))
			return false;
		for (size_t k = 0; k < s->found; k++) {
			i = ranges_within(s, i, s->regions[k].start);
			add_clipped(s, i,
				    (struct page_run){ s->regions[k].start, s->regions[k].end,
						       scan_flags(s->regions[k].categories) });
		}
		if (s->found)
			size = SLICE;
		else if (size < SLICE_LIMIT)
			size *= 2;
		i = ranges_within(s, i, at);
	}
	return true;
}

// True when the kernel has the ioctl; finds out whether it knows guards.
static bool can_scan(struct scan *s)
{
	struct scan_region none;
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = 0,
		.end = PAGE,
		.vec = (uint64_t)(uintptr_t)&none,
		.vec_len = 1,
		.category_anyof_mask = SCAN_PRESENT | SCAN_GUARD,
		.return_mask = SCAN_PRESENT | SCAN_GUARD,
	};

	s->with_guards = ioctl(s->fd, SCAN_IOCTL, &arg) >= 0;
	if (s->with_guards)
		return true;
	arg.category_anyof_mask = arg.return_mask = SCAN_PRESENT;
	return ioctl(s->fd, SCAN_IOCTL, &arg) >= 0;
}

// ---- pagemap

// Our own untouched page shows the zero page's frame where frames are shown (CAP_SYS_ADMIN).
static uint64_t find_zero_frame(void)
{
	volatile unsigned char *page =
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t word = 0;

	if ((void *)page != MAP_FAILED && fd >= 0) {
		(void)page[0];
		if (pread(fd, &word, sizeof(word),
			  (off_t)((uintptr_t)page / PAGE * sizeof(word))) != (ssize_t)sizeof(word))
			word = 0;
	}
	if (fd >= 0)
		close(fd);
	if ((void *)page != MAP_FAILED)
		munmap((void *)page, PAGE);
	return word & (((uint64_t)1 << 55) - 1);
}

static uint32_t word_flags(const struct scan *s, uint64_t word)
{
	uint32_t flags = pagemap_flags(word);
	uint64_t frame = word & (((uint64_t)1 << 55) - 1);

	if (!(flags & PAGE_PRESENT) || flags & PAGE_FILE)
		return settled(flags);
	// Without frame numbers a page that is neither exclusive nor a file's is taken for the
	// zero page; pages shared with a child after fork() look the same.
	if (s->zero_frame ? frame == s->zero_frame : !(word >> PAGEMAP_BIT_EXCLUSIVE & 1))
		flags |= PAGE_ZERO;
	return settled(flags);
}

static bool read_pagemap(struct scan *s, uint64_t *words, struct fail *why)
{
	s->zero_frame = find_zero_frame();
	for (size_t i = 0; i < s->count; i++) {
		for (uint64_t at = s->ranges[i].start; at < s->ranges[i].end;) {
			uint64_t left = (s->ranges[i].end - at) / PAGE;
			size_t pages = left < SLICE_PAGES ? (size_t)left : SLICE_PAGES;
			uint64_t since = hold_begins(s);
			ssize_t n = pread(s->fd, words, pages * sizeof(*words),
					  (off_t)(at / PAGE * sizeof(*words)));

			if (n < 0)
				return fail_scan(s, errno, why);
			if (n < (ssize_t)sizeof(*words))
				return fail(why, FAIL_GONE, "process %d has no memory any more",
					    s->pid);
			pages = (size_t)n / sizeof(*words);
			// The kernel drops the lock every 2 MB of the 16 that a call covers.
			hold_ended(s, since + (now_ns() - since) * 7 / 8);
			for (size_t k = 0; k < pages; k++, at += PAGE)
				add_run(s->mem, &s->runs,
					(struct page_run){ at, at + PAGE,
							   word_flags(s, words[k]) });
		}
	}
	return true;
}

// ---- the seam

// VmRSS, from the cheapest file that has it: the second number of statm, in pages.
static bool read_rss(int pid, uint64_t *bytes)
{
	char path[64], text[128];
	unsigned long long size, resident;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/statm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (fd >= 0)
		close(fd);
	if (n <= 0)
		return false;
	text[n] = '\0';
	if (sscanf(text, "%llu %llu", &size, &resident) != 2)
		return false;
	*bytes = (uint64_t)resident * PAGE;
	return true;
}

static bool make_pages(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	struct scan *s = arg;
	struct pages pages;
	char path[64];
	void *buffer;
	bool done;

	snprintf(path, sizeof(path), "/proc/%d/pagemap", s->pid);
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (s->fd < 0)
		return errno == ENOENT ? fail(why, FAIL_GONE, "there is no process %d", s->pid)
				       : fail_errno(why, errno, "%s", path);
	buffer = malloc(SLICE_PAGES * sizeof(struct scan_region));
	s->regions = buffer;
	s->by_scan = can_scan(s);
	if (!buffer)
		done = fail(why, FAIL_OS, "no memory for the page scan");
	else
		done = s->by_scan ? scan_all(s, why) : read_pagemap(s, buffer, why);
	free(buffer);
	close(s->fd);
	if (!done)
		return false;
	pages = (struct pages){
		.at = s->runs.at,
		.count = s->runs.count,
		.by_scan = s->by_scan,
		.longest_hold_s = (double)s->longest_ns / 1e9,
	};
	if (!read_rss(s->pid, &pages.rss_after))
		return fail(why, FAIL_GONE, "process %d ended during the page scan", s->pid);
	*out = pages_print(&pages, mem);
	return true;
}

bool pages_read(const struct tree *files, int pid, const struct page_range *ranges, size_t count,
		struct arena *mem, struct pages *out, struct fail *why)
{
	struct arena scratch = { 0 };
	struct scan s = { .pid = pid, .ranges = ranges, .count = count, .mem = &scratch };
	struct span text;
	char name[32];
	bool done;

	snprintf(name, sizeof(name), "pages/%d", pid);
	done = tree_made(files, name, make_pages, &s, mem, &text, why) &&
	       pages_parse(text, mem, out, why);
	arena_drop(&scratch);
	return done;
}

const struct page_run *pages_find(const struct pages *pages, uint64_t at)
{
	size_t low = 0, high = pages->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pages->at[middle].end > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low < pages->count && pages->at[low].start <= at ? &pages->at[low] : NULL;
}

// ---- the text form

static const struct {
	char letter;
	uint32_t flag;
} LETTERS[] = {
	{ 'p', PAGE_PRESENT }, { 's', PAGE_SWAPPED }, { 'f', PAGE_FILE },
	{ 'z', PAGE_ZERO },    { 'h', PAGE_HUGE },    { 'g', PAGE_GUARD },
};
enum { LETTER_COUNT = sizeof(LETTERS) / sizeof(LETTERS[0]), LINE_ROOM = 16 + 1 + 16 + 1 + 6 + 1 };

static char *put_hex(char *to, uint64_t n)
{
	int digits = 1;

	while (digits < 16 && n >> (4 * digits))
		digits++;
	for (int i = digits - 1; i >= 0; i--)
		*to++ = "0123456789abcdef"[n >> (4 * i) & 15];
	return to;
}

// A scan can have a hundred thousand runs: formatted by hand, in one pass.
struct span pages_print(const struct pages *pages, struct arena *mem)
{
	char *text = arena_get_array(mem, pages->count + 2, LINE_ROOM), *to = text;

	to += snprintf(to, 2 * LINE_ROOM, "pages 1 %s %" PRIu64 " %" PRIu64 "\n",
		       pages->by_scan ? "scan" : "pagemap",
		       (uint64_t)(pages->longest_hold_s * 1e9 + 0.5), pages->rss_after);
	for (size_t i = 0; i < pages->count; i++) {
		to = put_hex(to, pages->at[i].start);
		*to++ = '-';
		to = put_hex(to, pages->at[i].end);
		*to++ = ' ';
		for (size_t k = 0; k < LETTER_COUNT; k++)
			if (pages->at[i].flags & LETTERS[k].flag)
				*to++ = LETTERS[k].letter;
		*to++ = '\n';
	}
	return (struct span){ text, (size_t)(to - text) };
}

static bool parse_run(struct span line, uint64_t floor, struct page_run *out)
{
	struct page_run run = { 0 };

	if (!span_take_hex(&line, &run.start) || !span_take_char(&line, '-') ||
	    !span_take_hex(&line, &run.end) || !span_take_char(&line, ' '))
		return false;
	for (; line.len; line.at++, line.len--) {
		uint32_t flag = 0;

		for (size_t k = 0; k < LETTER_COUNT; k++)
			if (*line.at == LETTERS[k].letter)
				flag = LETTERS[k].flag;
		if (!flag || run.flags & flag)
			return false;
		run.flags |= flag;
	}
	if (run.start % PAGE || run.end % PAGE || run.start < floor || run.start >= run.end ||
	    !run.flags || settled(run.flags) != run.flags)
		return false;
	*out = run;
	return true;
}

static bool parse_header(struct span line, struct pages *out)
{
	struct span how;
	uint64_t hold_ns;

	if (!span_take_text(&line, "pages 1 ") || !span_take_word(&line, &how) ||
	    !span_take_dec(&line, &hold_ns) || !span_take_dec(&line, &out->rss_after) || line.len ||
	    hold_ns > HOLD_LIMIT_NS)
		return false;
	out->by_scan = span_is(how, "scan");
	out->longest_hold_s = (double)hold_ns / 1e9;
	return out->by_scan || span_is(how, "pagemap");
}

bool pages_parse(struct span text, struct arena *mem, struct pages *out, struct fail *why)
{
	struct pages got = { 0 };
	run_vec runs = { 0 };
	struct span line;
	uint64_t floor = 0;

	if (!span_take_line(&text, &line) || !parse_header(line, &got))
		return fail(why, FAIL_CORRUPT, "pages line 1 is not a header");
	for (size_t number = 2; span_take_line(&text, &line); number++) {
		struct page_run run;

		if (!parse_run(line, floor, &run))
			return fail(why, FAIL_CORRUPT, "pages line %zu is not a run", number);
		add_run(mem, &runs, run);
		floor = run.end;
	}
	got.at = runs.at;
	got.count = runs.count;
	*out = got;
	return true;
}
