// SPDX-License-Identifier: Apache-2.0
#include "malloc/rtld.h"

#include <string.h>

#include "base/memory.h"
#include "base/units.h"
#include "malloc/glibc.h"
#include "parse/maps.h"

enum {
	LINK_LIMIT = 8192,     // libraries
	LINK_BYTES = 1024,     // of a record that are surely its own: 1.1 to 1.2 KB in 2.31 to 2.43
	DATA_LIMIT = 64 << 10, // ld.so's .data and .bss
	REACH = 64 << 10,      // how far from a record its strings and tables may lie
	TCB_BYTES = 0x940,     // struct pthread; the word behind it is the start of the whole block
	TCB_TID = 720,
	SEARCH_PAGES = 64,    // pages without an owner that are searched for a control block
	SEARCH_STEPS = 16384, // pages looked at for being such
	WORDS_A_PAGE = PAGE_SIZE_BYTES / 8,
};

struct link { // the public head of struct link_map
	uint64_t addr, name, dynamic, next, prev;
};

struct search {
	const struct malloc_view *v;
	const struct glibc *g;
	struct arena *mem;
	struct rtld *out;
};

static bool is_linker_name(const char *name)
{
	return !strncmp(name, "ld-linux", 8) || !strncmp(name, "ld-2.", 5) ||
	       !strcmp(name, "ld.so");
}

// First mapping of a library by its name; NULL when there is none.
static const struct mapping *find_library(const struct maps *maps, bool (*is_it)(const char *))
{
	for (size_t i = 0; i < maps->count; i++)
		if (maps->at[i].path[0] == '/' && is_it(mapping_file_name(&maps->at[i])))
			return &maps->at[i];
	return NULL;
}

static bool is_free_page(const struct search *s, uint64_t page)
{
	const struct mapping *m = maps_find(s->v->maps, page);

	return m && view_is_anonymous(m) && !view_find_taken(s->v, page, page + PAGE_SIZE_BYTES) &&
	       !(s->g && glibc_holds(s->g, page, page + PAGE_SIZE_BYTES));
}

static void add_pages(struct search *s, uint64_t start, uint64_t end, bool tls)
{
	for (uint64_t page = units_page_down(start); page < end; page += PAGE_SIZE_BYTES) {
		bool known = !is_free_page(s, page);

		for (size_t i = 0; i < s->out->pieces.count && !known; i++) {
			struct rtld_piece *p = &s->out->pieces.at[i];

			known = page >= p->start && page < p->end;
			if (!known && p->tls == tls && p->end == page) {
				p->end += PAGE_SIZE_BYTES;
				known = true;
			}
		}
		if (!known)
			vec_push(s->mem, &s->out->pieces,
				 (struct rtld_piece){ page, page + PAGE_SIZE_BYTES, tls });
	}
}

static bool read_link(const struct search *s, uint64_t at, struct link *out)
{
	return !(at & 7) && at >= KIB(64) && at < (uint64_t)1 << 47 &&
	       view_read(s->v, at, out, sizeof(*out), NULL) && !(out->addr % PAGE_SIZE_BYTES) &&
	       !(out->next & 7);
}

// Follows the chain from its first record; `list` gets the records.  True when it is linked both
// ways, ends, and names both libraries.
static bool follow_links(const struct search *s, uint64_t first, const struct mapping *linker,
			 const struct mapping *libc, uint64_t *list, size_t *count)
{
	uint64_t before = 0, at = first;
	bool has_linker = false, has_libc = false;
	size_t n = 0;

	while (at && n < LINK_LIMIT) {
		const struct mapping *dynamic;
		struct link l;

		if (!read_link(s, at, &l) || l.prev != before)
			return false;
		dynamic = maps_find(s->v->maps, l.dynamic);
		has_linker |=
			l.addr == linker->start && dynamic && !strcmp(dynamic->path, linker->path);
		has_libc |= l.addr == libc->start && dynamic && !strcmp(dynamic->path, libc->path);
		list[n++] = at;
		before = at;
		at = l.next;
	}
	*count = n;
	return !at && has_linker && has_libc;
}

// The record's pages and those in its mapping that it points to: names, versions, search lists.
static void take_link(struct search *s, uint64_t at)
{
	uint64_t words[LINK_BYTES / 8];
	uint64_t end = view_anonymous_end(s->v, at);
	const struct mapping *m = maps_find(s->v->maps, at);

	if (!is_free_page(s, units_page_down(at)) || !view_read(s->v, at, words, LINK_BYTES, NULL))
		return;
	add_pages(s, at, at + LINK_BYTES, false);
	for (size_t i = 0; i < LINK_BYTES / 8; i++)
		if (words[i] >= m->start && words[i] < end &&
		    (words[i] > at ? words[i] - at : at - words[i]) < REACH)
			add_pages(s, words[i], words[i] + 1, false);
}

static bool find_links(struct search *s)
{
	const struct mapping *linker = find_library(s->v->maps, is_linker_name);
	const struct mapping *libc = s->g ? maps_find(s->v->maps, s->g->layout.library_at)
					  : glibc_layout_library(s->v->maps, NULL);
	const struct mapping *last = s->v->maps->at + s->v->maps->count;
	uint64_t *list;
	size_t count;

	if (!linker || !libc || libc == linker)
		return true; // none to be found
	list = arena_array(s->mem, uint64_t, LINK_LIMIT);
	for (const struct mapping *m = linker; m < last; m++) {
		if (!m->writable || strcmp(m->path, linker->path) != 0 ||
		    m->end - m->start > DATA_LIMIT)
			continue;
		for (uint64_t at = m->start; at < m->end; at += 8) {
			struct link l;
			uint64_t first;

			if (!view_read_u64(s->v, at, &first, NULL) || !first ||
			    !read_link(s, first, &l) || l.prev || !l.next ||
			    !follow_links(s, first, linker, libc, list, &count))
				continue;
			for (size_t i = 0; i < count; i++)
				take_link(s, list[i]);
			return true;
		}
	}
	return false;
}

static bool take_control_block(struct search *s, uint64_t at, int ns_pid)
{
	uint64_t end = view_anonymous_end(s->v, at), vector, block;
	const struct mapping *m = maps_find(s->v->maps, at);
	uint32_t tid;

	if (!view_read(s->v, at + TCB_TID, &tid, sizeof(tid), NULL) || tid != (uint32_t)ns_pid ||
	    !view_read_u64(s->v, at + 8, &vector, NULL))
		return false;
	add_pages(s, at, at + TCB_BYTES < end ? at + TCB_BYTES : end, true);
	if (vector > m->start && vector < end)
		add_pages(s, vector, vector + 1, true);
	if (view_read_u64(s->v, at + TCB_BYTES, &block, NULL) && block >= m->start && block < at &&
	    at - block < REACH)
		add_pages(s, block, at, true);
	return true;
}

static bool search_page(struct search *s, uint64_t page, int ns_pid)
{
	uint64_t words[WORDS_A_PAGE];

	if (!view_read(s->v, page, words, sizeof(words), NULL))
		return false;
	for (size_t k = 0; k + 2 < WORDS_A_PAGE; k += 2)
		if (words[k] == page + k * 8 && words[k + 2] == words[k] &&
		    take_control_block(s, words[k], ns_pid))
			return true;
	return false;
}

// The first thread's control block lies in memory that the linker took for its TLS: among the
// libraries, so the search goes down from the highest address.
static bool find_control_block(struct search *s, int ns_pid)
{
	unsigned pages = 0, steps = 0;

	for (size_t i = s->v->maps->count; i-- > 0;) {
		const struct mapping *m = &s->v->maps->at[i];

		if (!view_is_anonymous(m))
			continue;
		for (uint64_t page = m->end; page > m->start;) {
			page -= PAGE_SIZE_BYTES;
			if (pages == SEARCH_PAGES || steps++ == SEARCH_STEPS)
				return false;
			if (view_next_present(s->v, page, page + PAGE_SIZE_BYTES) != page ||
			    !is_free_page(s, page))
				continue;
			pages++;
			if (search_page(s, page, ns_pid))
				return true;
		}
	}
	return false;
}

void rtld_read(const struct malloc_view *v, const struct glibc *g, int ns_pid, struct arena *mem,
	       struct rtld *out)
{
	struct search s = { .v = v, .g = g, .mem = mem, .out = out };

	*out = (struct rtld){ 0 };
	out->whole = find_links(&s);
	out->whole &= find_control_block(&s, ns_pid);
}
