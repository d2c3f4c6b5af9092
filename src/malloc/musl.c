// SPDX-License-Identifier: Apache-2.0
#include "malloc/musl.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "parse/maps.h"

enum {
	GROUP_ALIGN = 16,
	AREA = 4096, // records are handed out in pages of this size, whatever the machine's
	AREA_HEAD = 24,
	RECORD = 40,
	RECORDS = (AREA - AREA_HEAD) / RECORD,
	AREAS_LIMIT = 1 << 17,
	HEAD_WITHIN = 24,     // words of the context in which the first area is named
	DATA_LIMIT = 1 << 20, // of libc's variables
	CLASSES = 48,
	LARGE_CLASS = 63,
};

struct area {
	uint64_t check, next;
	int32_t count;
	uint32_t pad;
	struct record {
		uint64_t previous, next, group;
		uint32_t available, freed;
		uint64_t rest; // last index: 5 bits, freeable: 1, class: 6, the mapping's pages: 52
	} at[RECORDS];
	char unused[(AREA - AREA_HEAD) % RECORD];
};

_Static_assert(sizeof(struct area) == AREA, "an area is a page");

const struct mapping *musl_library(const struct maps *maps)
{
	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *m = &maps->at[i];

		if (m->executable && m->path[0] == '/' &&
		    (!strncmp(mapping_file_name(m), "ld-musl-", 8) ||
		     (strstr(m->path, "-linux-musl/") && !strcmp(mapping_file_name(m), "libc.so"))))
			return m;
	}
	return NULL;
}

// libc's variables: its writable mappings and the zeroed memory behind them.
static bool next_variables(const struct maps *maps, const struct mapping *library, size_t *i,
			   struct range *out)
{
	for (; *i < maps->count; ++*i) {
		const struct mapping *m = &maps->at[*i];
		const struct mapping *before = *i ? m - 1 : NULL;

		if (!m->writable || m->end - m->start > DATA_LIMIT)
			continue;
		if ((m->inode == library->inode && !strcmp(m->path, library->path)) ||
		    (mapping_is_anonymous(m) && before && before->end == m->start &&
		     before->inode == library->inode && !strcmp(before->path, library->path))) {
			*out = (struct range){ m->start, m->end };
			++*i;
			return true;
		}
	}
	return false;
}

static bool read_area(const struct malloc_view *v, uint64_t at, uint64_t secret, struct area *to)
{
	return at && at % AREA == 0 && at < (uint64_t)1 << 47 && view_read(v, at, to, AREA, NULL) &&
	       to->check == secret && to->count > 0 && to->count <= RECORDS;
}

// The first area of the context that begins with the secret at word `i`; 0: none begins there.
static uint64_t first_area(const struct malloc_view *v, const uint64_t *words, size_t count,
			   size_t i, struct area *room)
{
	if (words[i] >> 32 == 0)
		return 0;
	for (size_t k = i + 1; k < count && k < i + HEAD_WITHIN; k++)
		if (read_area(v, words[k], words[i], room))
			return words[k];
	return 0;
}

static bool find_context(const struct malloc_view *v, const struct mapping *library,
			 struct arena *mem, uint64_t *secret, uint64_t *area)
{
	struct area *room = arena_new(mem, struct area);
	struct range r;
	size_t next = 0;

	while (next_variables(v->maps, library, &next, &r)) {
		for (uint64_t at = view_next_present(v, r.start, r.end); at < r.end;
		     at = view_next_present(v, at + PAGE_SIZE_BYTES, r.end)) {
			// A context may reach into the next page.
			uint64_t words[(PAGE_SIZE_BYTES / 8) + HEAD_WITHIN] = { 0 };
			size_t count = PAGE_SIZE_BYTES / 8;

			if (!view_read(v, at, words, PAGE_SIZE_BYTES, NULL))
				continue;
			if (view_read(v, at + PAGE_SIZE_BYTES, words + count,
				      HEAD_WITHIN * sizeof(*words), NULL))
				count += HEAD_WITHIN;
			for (size_t i = 0; i < PAGE_SIZE_BYTES / 8; i++) {
				*area = first_area(v, words, count, i, room);
				*secret = words[i];
				if (*area)
					return true;
			}
		}
	}
	return false;
}

static void add_piece(struct arena *mem, struct musl *m, uint64_t start, uint64_t end,
		      enum musl_part part)
{
	vec_push(mem, &m->pieces, (struct musl_piece){ start, end, part });
}

// False: it has moved since its record was read.
static bool take_group(const struct malloc_view *v, struct arena *mem, uint64_t record_at,
		       const struct record *r, struct musl *m)
{
	uint64_t pages = r->rest >> 12, class = r->rest >> 6 & 63, back, end;

	if (r->group % GROUP_ALIGN || r->group >= (uint64_t)1 << 47 || pages > (uint64_t)1 << 35 ||
	    (class >= CLASSES && class != LARGE_CLASS) || (class == LARGE_CLASS && !pages) ||
	    (pages && r->group % AREA) || !view_read_u64(v, r->group, &back, NULL) ||
	    back != record_at)
		return false;
	if (class == LARGE_CLASS) {
		m->large++;
		m->large_bytes += pages * AREA;
	}
	if (!pages) // inside a slot of another group, or given by the linker
		return true;
	end = r->group + pages * AREA;
	if (view_anonymous_end(v, r->group) < end || view_find_taken(v, r->group, end))
		return false;
	add_piece(mem, m, r->group, units_page_up(end),
		  class == LARGE_CLASS ? MUSL_LARGE : MUSL_GROUP);
	return true;
}

static void take_area(const struct malloc_view *v, struct arena *mem, uint64_t at,
		      const struct area *a, struct musl *m)
{
	uint64_t page = units_page_down(at);

	if (!m->pieces.count || m->pieces.at[m->pieces.count - 1].start != page)
		add_piece(mem, m, page, page + PAGE_SIZE_BYTES, MUSL_RECORDS);
	for (int i = 0; i < a->count; i++)
		if (a->at[i].group)
			m->whole &= take_group(v, mem, at + AREA_HEAD + (uint64_t)i * RECORD,
					       &a->at[i], m);
}

static int by_start(const void *a, const void *b)
{
	const struct musl_piece *x = a, *y = b;

	return x->start < y->start ? -1 : x->start > y->start;
}

// Sorted; of two that overlap, which only a moving target shows, the first stays.
static void settle(struct musl *m)
{
	size_t kept = 0;

	if (m->pieces.count)
		qsort(m->pieces.at, m->pieces.count, sizeof(*m->pieces.at), by_start);
	for (size_t i = 0; i < m->pieces.count; i++) {
		const struct musl_piece p = m->pieces.at[i];

		if (kept && m->pieces.at[kept - 1].end > p.start) {
			m->whole &= m->pieces.at[kept - 1].start == p.start &&
				    m->pieces.at[kept - 1].part == MUSL_RECORDS;
			continue;
		}
		m->pieces.at[kept++] = p;
		m->system += p.end - p.start;
	}
	m->pieces.count = kept;
}

bool musl_read(const struct malloc_view *v, struct arena *mem, struct musl *out, struct fail *why)
{
	const struct mapping *library = musl_library(v->maps);
	struct area *a = arena_new(mem, struct area);
	struct musl got = { .whole = true };
	uint64_t secret, at, seen = 0;
	unsigned areas = 0;

	if (!library)
		return fail(why, FAIL_ABSENT, "no musl");
	if (!find_context(v, library, mem, &secret, &at))
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: musl's malloc (before 1.2.1 it is another one)");
	for (; at; at = a->next) {
		bool again = at == seen;

		if (!(areas &
		      (areas - 1))) // a circle comes back to it before the next power of two
			seen = at;
		if (again || ++areas > AREAS_LIMIT || !read_area(v, at, secret, a))
			return fail(why, FAIL_CORRUPT,
				    "layout unknown: musl's malloc, behind %u pages of records",
				    areas);
		take_area(v, mem, at, a, &got);
	}
	settle(&got);
	*out = got;
	return true;
}
