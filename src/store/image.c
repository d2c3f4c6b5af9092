// SPDX-License-Identifier: Apache-2.0
#include "store/image.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

bool image_is_empty(const struct image *i)
{
	return !i->runs.count && !i->holes.count;
}

// The last run that starts at or below `at`, or NULL.
static const struct image_run *run_below(const struct image *i, uint64_t at)
{
	size_t low = 0, high = i->runs.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (i->runs.at[middle].start <= at)
			low = middle + 1;
		else
			high = middle;
	}
	return low ? &i->runs.at[low - 1] : NULL;
}

static bool fail_as(const struct image_hole *h, struct fail *why)
{
	fail(why, h->kind, "%s", h->text);
	if (why)
		why->os_errno = h->os_errno;
	return false;
}

// How many holes start below `at`, or at it and end no later than `end`.
static size_t holes_up_to(const struct image *i, uint64_t at, uint64_t end)
{
	size_t low = 0, high = i->holes.count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct image_hole *h = &i->holes.at[middle];

		if (h->start < at || (h->start == at && h->end <= end))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool fail_at(const struct image *i, uint64_t at, size_t len, struct fail *why)
{
	enum { LOOK_BACK = 1000 }; // holes; overlapping ones start near each other
	uint64_t end = at + len;
	size_t n = holes_up_to(i, at, end);

	if (n && i->holes.at[n - 1].start == at && i->holes.at[n - 1].end == end)
		return fail_as(&i->holes.at[n - 1], why);
	n = holes_up_to(i, end - 1, UINT64_MAX);
	for (size_t back = 0; back < n && back < LOOK_BACK; back++)
		if (i->holes.at[n - 1 - back].end > at)
			return fail_as(&i->holes.at[n - 1 - back], why);
	return fail(why, FAIL_ABSENT, "the capture has no memory at 0x%" PRIx64, at);
}

bool image_read(const struct image *i, uint64_t at, void *to, size_t len, struct fail *why)
{
	const struct image_run *run = run_below(i, at);

	if (!len)
		return true;
	if (!run || at - run->start >= run->len || run->len - (at - run->start) < len)
		return fail_at(i, at, len, why);
	memcpy(to, i->bytes.at + run->offset + (at - run->start), len);
	return true;
}

struct span image_print_runs(const struct image *i, struct arena *mem)
{
	enum { LINE = 2 * 16 + 2 };
	char *text = arena_get(mem, i->runs.count * LINE + 1);
	size_t len = 0;

	for (size_t n = 0; n < i->runs.count; n++)
		len += (size_t)snprintf(text + len, LINE + 1, "%" PRIx64 " %" PRIx64 "\n",
					i->runs.at[n].start, i->runs.at[n].len);
	return (struct span){ text, len };
}

static bool take_run(struct span line, struct image_run *run)
{
	return span_take_hex(&line, &run->start) && span_take_char(&line, ' ') &&
	       span_take_hex(&line, &run->len) && !line.len && run->len &&
	       run->start + run->len > run->start;
}

bool image_parse_runs(struct span text, struct span bytes, struct arena *mem, struct image *out,
		      struct fail *why)
{
	struct image i = { .bytes = bytes,
			   .holes = { out->holes.at, out->holes.count, out->holes.room } };
	uint64_t end = 0, offset = 0;
	struct span line;

	for (size_t n = 1; span_take_line(&text, &line); n++) {
		struct image_run run = { 0 };

		if (!take_run(line, &run) || (n > 1 && run.start <= end) ||
		    run.len > bytes.len - offset)
			return fail(why, FAIL_CORRUPT, "line %zu of the memory runs makes no sense",
				    n);
		run.offset = offset;
		offset += run.len;
		end = run.start + run.len;
		vec_push(mem, &i.runs, run);
	}
	if (offset != bytes.len)
		return fail(why, FAIL_CORRUPT, "the memory runs describe %" PRIu64 " of %zu bytes",
			    offset, bytes.len);
	*out = i;
	return true;
}
