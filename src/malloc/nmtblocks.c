// SPDX-License-Identifier: Apache-2.0
#include "malloc/nmtblocks.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "malloc/view.h"
#include "os/pages.h"

enum {
	WINDOW = 256 << 10,
	FORGET_EVERY = 32 << 20, // so that the reader's copies stay few
	CHUNK_HEADER = 16,       // glibc's
	HEADER = 16,             // {bytes: 8, site: 4, category: 1, unused: 1, mark: 2}
	CATEGORY = 12,
	MARK = 14,
	MARK_LIVE = 0xe99e,
	MARK_BEHIND = 0x8ee8, // E8 8E
	FOOTER = 2,
	ALIGN = 16,
	CHUNK_LEAST = 32,
	SIZE_BITS = 7, // of a chunk's size word that are flags
	MAPPED_BIT = 2,
};

struct scan {
	const struct malloc_view *v;
	const struct nmtblocks_range *range;
	unsigned char *window;
	uint64_t start, end; // what the window holds
	uint64_t forget_at;  // bytes read
	struct nmtblocks *out;
};

static bool read_at(const struct scan *s, uint64_t at, void *to, size_t len)
{
	if (at >= s->start && at + len <= s->end) {
		memcpy(to, s->window + (at - s->start), len);
		return true;
	}
	return memory_read(s->v->memory, at, to, len, NULL);
}

// A block of `bytes` needs a chunk of `need`; where the rest would be too small for a chunk it gets that
// too.  What has a mapping of its own is rounded up to pages.
static bool is_chunk(const struct scan *s, uint64_t word, uint64_t need)
{
	uint64_t size = word & ~(uint64_t)SIZE_BITS;

	if (word & MAPPED_BIT)
		return s->range->chunk && size >= need - ALIGN &&
		       size < need + PAGE_SIZE_BYTES + ALIGN;
	return !s->range->chunk && (size == need || size == need + ALIGN);
}

// The bytes of a live block whose header is at `at`, and of its chunk.
static bool take_block(const struct scan *s, uint64_t at, uint64_t *bytes, uint64_t *chunk)
{
	uint64_t size, word, need;
	uint16_t footer;

	if (!read_at(s, at, &size, sizeof(size)) || !size ||
	    size > s->range->end - at - HEADER - FOOTER || at < s->range->start + CHUNK_HEADER)
		return false;
	need = (size + HEADER + FOOTER + 8 + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);
	if (need < CHUNK_LEAST)
		need = CHUNK_LEAST;
	if (!read_at(s, at - 8, &word, sizeof(word)) || !is_chunk(s, word, need) ||
	    !read_at(s, at + HEADER + size, &footer, sizeof(footer)) || footer != MARK_BEHIND)
		return false;
	*bytes = size;
	*chunk = word & ~(uint64_t)SIZE_BITS;
	return true;
}

static void count_block(struct scan *s, uint64_t at, uint64_t bytes)
{
	struct nmtblocks_tag *t = &s->out->tag[s->window[at - s->start + CATEGORY]];

	t->count++;
	t->bytes += bytes;
	t->resident += pages_between(s->v->pages, at, at + HEADER + bytes + FOOTER, PAGE_PRESENT);
}

// All headers in the window; returns where to go on.
static uint64_t scan_window(struct scan *s)
{
	uint64_t at = s->start;

	while (at + HEADER <= s->end) {
		uint64_t bytes, chunk;
		uint16_t mark;

		memcpy(&mark, s->window + (at - s->start) + MARK, sizeof(mark));
		if (mark == MARK_LIVE && take_block(s, at, &bytes, &chunk)) {
			count_block(s, at, bytes);
			at += chunk;
		} else {
			at += ALIGN;
		}
	}
	return at;
}

static bool read_window(struct scan *s, uint64_t at, uint64_t end, struct fail *why)
{
	uint64_t present = pages_between(s->v->pages, at, end, PAGE_PRESENT);

	// What the scan of pages saw may be gone by now: page by page, the rest is zeros.
	if (present == end - at && memory_read(s->v->memory, at, s->window, end - at, NULL))
		return true;
	memset(s->window, 0, end - at);
	for (uint64_t page = at; page < end;) {
		uint64_t next = units_page_down(page) + PAGE_SIZE_BYTES;
		size_t len = (size_t)((next < end ? next : end) - page);

		if (pages_between(s->v->pages, page, page + len, PAGE_PRESENT) &&
		    !memory_read(s->v->memory, page, s->window + (page - at), len, why) &&
		    why->kind == FAIL_GONE)
			return false;
		page += len;
	}
	return true;
}

static bool scan_range(struct scan *s, struct fail *why)
{
	// Of a chunk with a mapping of its own only the first block can be one.
	uint64_t last = s->range->chunk ? s->range->start + CHUNK_HEADER + HEADER : s->range->end;
	uint64_t at = (s->range->start + CHUNK_HEADER + ALIGN - 1) & ~(uint64_t)(ALIGN - 1);

	while (at + HEADER <= last) {
		uint64_t end;

		at = view_next_present(s->v, at, last);
		end = last - at > WINDOW ? at + WINDOW : last;
		if (at + HEADER > last || !read_window(s, at, end, why))
			return at + HEADER > last;
		s->start = at;
		s->end = end;
		s->out->read += end - at;
		at = scan_window(s);
		if (s->out->read >= s->forget_at) {
			memory_forget(s->v->memory);
			s->forget_at += FORGET_EVERY;
		}
	}
	return true;
}

bool nmtblocks_scan(const struct malloc_view *v, const struct nmtblocks_range *ranges, size_t count,
		    struct arena *mem, struct nmtblocks *out, struct fail *why)
{
	struct nmtblocks got = { 0 };
	struct scan s = { .v = v, .forget_at = FORGET_EVERY, .out = &got };
	struct fail own;

	if (!v->pages)
		return fail(why, FAIL_ABSENT, "it is not known which pages are there");
	s.window = arena_get(mem, WINDOW);
	for (size_t i = 0; i < count; i++) {
		s.range = &ranges[i];
		s.start = s.end = 0;
		if (!scan_range(&s, why ? why : &own))
			return false;
	}
	*out = got;
	return true;
}

struct span nmtblocks_print(const struct nmtblocks *b, struct arena *mem)
{
	VEC(char) text = { 0 };

	for (size_t i = 0; i < NMTBLOCKS_TAGS; i++) {
		const struct nmtblocks_tag *t = &b->tag[i];
		const char *line = arena_format(mem, "%zu %" PRIu64 " %" PRIu64 " %" PRIu64 "\n", i,
						t->count, t->bytes, t->resident);

		for (const char *c = line; t->count && *c; c++)
			vec_push(mem, &text, *c);
	}
	return (struct span){ text.at, text.count };
}

bool nmtblocks_parse(struct span text, struct nmtblocks *out, struct fail *why)
{
	struct nmtblocks got = { 0 };
	struct span line;
	uint64_t n[4];

	while (span_take_line(&text, &line)) {
		for (size_t i = 0; i < 4; i++)
			if (!span_take_dec(&line, &n[i]))
				return fail(why, FAIL_CORRUPT, "no list of blocks by category");
		if (line.len || n[0] >= NMTBLOCKS_TAGS || got.tag[n[0]].count || !n[1] ||
		    n[2] >> 47 || n[3] >> 47)
			return fail(why, FAIL_CORRUPT, "no list of blocks by category");
		got.tag[n[0]] = (struct nmtblocks_tag){ n[1], n[2], n[3] };
	}
	*out = got;
	return true;
}
