// SPDX-License-Identifier: Apache-2.0
// What the shapes of mappings tell where the target's memory can't be read: threads with their
// stacks, malloc arenas, code, heap, class space, Metaspace nodes, CDS archives.
//
// All of it is an estimate (but for what the kernel names), and it claims only what nobody claimed
// before.  What has no telling shape stays unaccounted.
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "collect/collector.h"
#include "collect/shape_threads.h"

#define ARENA_BYTES     MIB(64)             // glibc's HEAP_MAX_SIZE
#define COMMIT_GRANULE  KIB(64)             // of Metaspace, JDK 16 and later
#define NODE_BYTES      MIB(64)             // a node of non-class Metaspace
#define LOW_HEAP_END    GIB(32)             // compressed oops place the heap below
#define MMAP_AREA_START (UINT64_C(1) << 46) // mmap without a hint never goes lower in practice

// Neighbours without a gap between them, all anonymous and private, or archives mapped among them.
struct chain {
	size_t first, count;
	uint64_t start, end;
};

static bool is_none(const struct mapping *m)
{
	return !m->readable && !m->writable && !m->executable && mapping_is_anonymous(m);
}

static bool is_data(const struct mapping *m)
{
	return m->readable && m->writable && !m->executable && !m->shared &&
	       mapping_is_anonymous(m);
}

static bool is_archive(const struct mapping *m)
{
	size_t len = strlen(m->path);

	return len > 4 && !strcmp(m->path + len - 4, ".jsa");
}

static void claim(const struct look *look, uint64_t start, uint64_t end, const char *account,
		  const char *part, enum certainty certainty)
{
	snapshot_claim(look->out,
		       (struct claim){
			       .start = start,
			       .end = end,
			       .account = account,
			       .part = part,
			       .source = certainty == CERTAINTY_ESTIMATED ? "shape" : "proc",
			       .certainty = certainty,
		       });
}

static bool is_claimed(const struct look *look, uint64_t start, uint64_t end)
{
	for (size_t i = 0; i < look->out->claims.count; i++) {
		const struct claim *c = &look->out->claims.at[i];

		if (c->start < end && start < c->end)
			return true;
	}
	return false;
}

static bool has_account(const struct look *look, const char *account)
{
	for (size_t i = 0; i < look->out->claims.count; i++)
		if (!strcmp(look->out->claims.at[i].account, account))
			return true;
	return false;
}

// By name: what the kernel or a path says.
static void claim_named(const struct look *look)
{
	for (size_t i = 0; i < look->maps.count; i++) {
		const struct mapping *m = &look->maps.at[i];

		if (!strcmp(m->path, "[heap]"))
			claim(look, m->start, m->end, "malloc", "main heap", CERTAINTY_DERIVED);
		else if (is_archive(m))
			claim(look, m->start, m->end, "cds", mapping_file_name(m),
			      CERTAINTY_DERIVED);
		else if (m->shared && strstr(m->path, "/hsperfdata_"))
			claim(look, m->start, m->end, "jvm-other", "jvmstat counters",
			      CERTAINTY_DERIVED);
		else if (m->readable && m->writable && m->executable && mapping_is_anonymous(m) &&
			 !is_claimed(look, m->start, m->end))
			claim(look, m->start, m->end, "code-cache", NULL, CERTAINTY_ESTIMATED);
	}
}

// A run of neighbours that starts at mapping `first` and is exactly `bytes` long.
static bool find_exact(const struct look *look, size_t first, uint64_t bytes, bool archives,
		       struct chain *out)
{
	const struct maps *maps = &look->maps;
	struct chain c = { .first = first, .start = maps->at[first].start };

	if (!is_data(&maps->at[first]) && !(archives && is_archive(&maps->at[first])))
		return false;
	for (size_t i = first; i < maps->count; i++) {
		const struct mapping *m = &maps->at[i];

		if ((i > first && maps->at[i - 1].end != m->start) ||
		    !(is_data(m) || is_none(m) || (archives && is_archive(m))))
			return false;
		c.count++;
		c.end = m->end;
		if (c.end - c.start == bytes) {
			*out = c;
			return true;
		}
		if (c.end - c.start > bytes)
			return false;
	}
	return false;
}

// The one chain of exactly this length at or above `from`; none when several could be it.
static bool find_only(const struct look *look, uint64_t bytes, uint64_t from, uint64_t to,
		      struct chain *out)
{
	struct chain c;
	size_t found = 0;

	for (size_t i = 0; bytes && i < look->maps.count; i++) {
		const struct mapping *m = &look->maps.at[i];

		if (m->start < from || m->start >= to)
			continue;
		if (find_exact(look, i, bytes, true, &c) &&
		    !is_claimed(look, c.start, c.start + 1)) {
			*out = c;
			found++;
		}
	}
	return found == 1;
}

// JDK 8 without an archive reserves class space right behind the heap, and the kernel joins the end
// of one and the start of the other in one mapping.
static bool find_joined(const struct look *look, uint64_t heap, struct chain *out)
{
	uint64_t class_space = snapshot_get(look->out, F_CLASS_SPACE_RESERVED, 0);

	return heap && class_space > ARENA_BYTES &&
	       find_only(look, heap + class_space, 0, LOW_HEAP_END, out);
}

static void claim_heap(const struct look *look)
{
	uint64_t bytes = snapshot_get(look->out, F_HEAP_MAX, 0);
	struct chain c;

	if (has_account(look, "java-heap"))
		return;
	if (!find_only(look, bytes, 0, LOW_HEAP_END, &c) && !find_joined(look, bytes, &c) &&
	    (bytes <= ARENA_BYTES || !find_only(look, bytes, LOW_HEAP_END, UINT64_MAX, &c)))
		return;
	claim(look, c.start, c.start + bytes, "java-heap", NULL, CERTAINTY_ESTIMATED);
	snapshot_set(look->out, F_HEAP_RESERVED, bytes,
		     look_from(look, "shapes", "shape", CERTAINTY_ESTIMATED));
}

static uint64_t heap_end(const struct look *look)
{
	uint64_t end = 0;

	for (size_t i = 0; i < look->out->claims.count; i++)
		if (!strcmp(look->out->claims.at[i].account, "java-heap") &&
		    look->out->claims.at[i].end > end)
			end = look->out->claims.at[i].end;
	return end;
}

// [at, at + bytes) from some place within a mapping to the end of one, without a gap.
static bool is_reserved(const struct look *look, uint64_t at, uint64_t bytes)
{
	const struct maps *maps = &look->maps;
	const struct mapping *m = maps_find(maps, at);
	uint64_t end = at + bytes;

	for (size_t i = m ? (size_t)(m - maps->at) : maps->count; i < maps->count; i++) {
		m = &maps->at[i];
		if ((m->start > at && maps->at[i - 1].end != m->start) ||
		    !(is_data(m) || is_none(m)))
			return false;
		if (m->end >= end)
			return m->end == end;
	}
	return false;
}

static void claim_class_space(const struct look *look)
{
	uint64_t bytes = snapshot_get(look->out, F_CLASS_SPACE_RESERVED, 0);
	uint64_t behind = heap_end(look);
	struct chain c;

	if (has_account(look, "class-space") || bytes <= ARENA_BYTES)
		return;
	if (find_only(look, bytes, 0, UINT64_MAX, &c))
		claim(look, c.start, c.end, "class-space", NULL, CERTAINTY_ESTIMATED);
	else if (behind && is_reserved(look, behind, bytes))
		claim(look, behind, behind + bytes, "class-space", NULL, CERTAINTY_ESTIMATED);
}

// A node commits granules here and there; an arena of malloc grows from its start alone.
static size_t count_pieces(const struct look *look, const struct chain *c)
{
	size_t pieces = 0;

	for (size_t i = c->first; i < c->first + c->count; i++) {
		const struct mapping *m = &look->maps.at[i];

		if (is_none(m))
			continue;
		if (!is_data(m) || (m->end - m->start) % COMMIT_GRANULE)
			return 0;
		pieces++;
	}
	return pieces;
}

static void claim_metaspace(const struct look *look)
{
	struct chain c;

	if (has_account(look, "metaspace"))
		return;
	for (size_t i = 0; i < look->maps.count; i++)
		if (find_exact(look, i, NODE_BYTES, false, &c) && count_pieces(look, &c) >= 2 &&
		    !is_claimed(look, c.start, c.end))
			claim(look, c.start, c.end, "metaspace", NULL, CERTAINTY_ESTIMATED);
}

// An arena's heap starts at a multiple of its size, is writable up to some page and reserved from
// there to its end.
static bool is_arena(const struct look *look, size_t index, uint64_t start)
{
	const struct mapping *m = &look->maps.at[index], *next = m + 1;

	return index + 1 < look->maps.count && m->end > start && m->end < start + ARENA_BYTES &&
	       next->start == m->end && is_none(next) && next->end >= start + ARENA_BYTES;
}

static void claim_arenas(const struct look *look)
{
	for (size_t i = 0; i < look->maps.count; i++) {
		const struct mapping *m = &look->maps.at[i];
		uint64_t start = m->end / ARENA_BYTES * ARENA_BYTES;

		if (start < m->start || start < MMAP_AREA_START || !is_data(m) ||
		    !is_arena(look, i, start) || is_claimed(look, start, start + ARENA_BYTES))
			continue;
		claim(look, start, start + ARENA_BYTES, "malloc", "arena", CERTAINTY_ESTIMATED);
	}
}

static bool run(struct look *look, struct fail *why)
{
	// The sharpest shapes first: each claims only what is left.
	claim_named(look);
	claim_heap(look);
	claim_class_space(look);
	claim_metaspace(look);
	claim_arenas(look);
	return shape_threads_read(look, why);
}

const struct collector collector_shapes = {
	.name = "shapes",
	.sentence = "stacks, heap, class space and arenas by the shapes of mappings (tier C)",
	.needs = TIER_C,
	.only_without_vm = true,
	.run = run,
};
