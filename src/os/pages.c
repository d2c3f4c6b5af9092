// SPDX-License-Identifier: Apache-2.0
// The seam and the text form; pagescan.c and pageread.c ask the kernel.
#include "os/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "base/units.h"
#include "os/pagewalk.h"

enum { PAGE = PAGE_SIZE_BYTES };
#define HOLD_LIMIT_NS ((uint64_t)1 << 50) // what a double keeps to the nanosecond

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

static bool open_pagemap(struct page_walk *w, struct fail *why)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/pagemap", w->pid);
	w->fd = open(path, O_RDONLY | O_CLOEXEC);
	if (w->fd >= 0)
		return true;
	return errno == ENOENT ? fail(why, FAIL_GONE, "there is no process %d", w->pid)
			       : fail_errno(why, errno, "%s", path);
}

// What a walk brought, and the kernel's own count right after it.
static bool finish(const struct page_walk *w, bool by_scan, struct pages *out, struct fail *why)
{
	*out = (struct pages){
		.at = w->runs.at,
		.count = w->runs.count,
		.by_scan = by_scan,
		.longest_hold_s = (double)w->longest_ns / 1e9,
	};
	return read_rss(w->pid, &out->rss_after) ||
	       fail(why, FAIL_GONE, "process %d ended during the page scan", w->pid);
}

static bool make_pages(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	struct page_walk *w = arg;
	bool with_guards, by_scan, done;
	struct pages pages;

	if (!open_pagemap(w, why))
		return false;
	by_scan = pagescan_possible(w->fd, &with_guards);
	done = by_scan ? pagescan_read(w, with_guards, why) : pageread_read(w, why);
	close(w->fd);
	if (!done || !finish(w, by_scan, &pages, why))
		return false;
	*out = pages_print(&pages, mem);
	return true;
}

bool pages_read(const struct tree *files, int pid, const struct page_range *ranges, size_t count,
		struct arena *mem, struct pages *out, struct fail *why)
{
	struct arena scratch = { 0 };
	struct page_walk w = { .pid = pid, .ranges = ranges, .count = count, .mem = &scratch };
	struct span text;
	char name[32];
	bool done;

	snprintf(name, sizeof(name), "pages/%d", pid);
	done = tree_made(files, name, make_pages, &w, mem, &text, why) &&
	       pages_parse(text, mem, out, why);
	arena_drop(&scratch);
	return done;
}

struct pages_scan *pages_begin(int pid, const struct page_range *ranges, size_t count,
			       struct arena *mem)
{
	struct page_walk w = { .pid = pid, .ranges = ranges, .count = count, .mem = mem };
	struct pages_scan *s = open_pagemap(&w, NULL) ? pagescan_begin(&w) : NULL;

	if (!s && w.fd >= 0)
		close(w.fd);
	return s;
}

bool pages_end(struct pages_scan *s, int pid, struct arena *mem, struct pages *out,
	       struct fail *why)
{
	struct page_walk w = { .pid = pid, .mem = mem };
	bool done = pagescan_end(s, &w, why);

	close(w.fd);
	return done && finish(&w, true, out, why);
}

void pages_add(struct pages *to, const struct pages *later, struct arena *mem)
{
	struct page_walk w = { .mem = mem };

	for (size_t i = 0, k = 0; i < to->count || k < later->count;) {
		bool first = k == later->count ||
			     (i < to->count && to->at[i].start < later->at[k].start);

		pagewalk_add(&w, first ? to->at[i++] : later->at[k++]);
	}
	to->at = w.runs.at;
	to->count = w.runs.count;
	to->rss_after = later->rss_after;
	if (later->longest_hold_s > to->longest_hold_s)
		to->longest_hold_s = later->longest_hold_s;
}

size_t pages_above(const struct pages *pages, uint64_t at)
{
	size_t low = 0, high = pages->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (pages->at[middle].end > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

uint64_t pages_between(const struct pages *pages, uint64_t start, uint64_t end, uint32_t flags)
{
	uint64_t sum = 0;

	for (size_t i = pages_above(pages, start); i < pages->count; i++) {
		const struct page_run *r = &pages->at[i];

		if (r->start >= end)
			break;
		if (r->flags & flags)
			sum += (r->end < end ? r->end : end) -
			       (r->start > start ? r->start : start);
	}
	return sum;
}

const struct page_run *pages_find(const struct pages *pages, uint64_t at)
{
	size_t i = pages_above(pages, at);

	return i < pages->count && pages->at[i].start <= at ? &pages->at[i] : NULL;
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
	    !run.flags || pagewalk_settled(run.flags) != run.flags)
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
	struct page_walk parsed = { .mem = mem };
	struct span line;
	uint64_t floor = 0;

	if (!span_take_line(&text, &line) || !parse_header(line, &got))
		return fail(why, FAIL_CORRUPT, "pages line 1 is not a header");
	for (size_t number = 2; span_take_line(&text, &line); number++) {
		struct page_run run;

		if (!parse_run(line, floor, &run))
			return fail(why, FAIL_CORRUPT, "pages line %zu is not a run", number);
		pagewalk_add(&parsed, run);
		floor = run.end;
	}
	got.at = parsed.runs.at;
	got.count = parsed.runs.count;
	*out = got;
	return true;
}
