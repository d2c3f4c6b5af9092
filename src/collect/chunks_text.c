// SPDX-License-Identifier: Apache-2.0
#include "collect/chunks_text.h"

#include <inttypes.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fail.h"
#include "facts/malloc.h"

enum { NUMBERS = 16, TIDS_LIMIT = 1 << 17 };

#define BYTES_LIMIT (UINT64_C(1) << 47)
#define SPREAD_UNIT 1e6 // spread is written in millionths

// A line of numbers is a name and members of a struct, in order.
struct line {
	const char *name;
	size_t count;
	size_t at[NUMBERS]; // offsets of uint64_t members
};

#define IN(member) offsetof(struct malloc_facts, member)
static const struct line SUMS[] = {
	{ "bytes",
	  7,
	  { IN(in_use), IN(cached), IN(fast), IN(bins), IN(top), IN(freed), IN(mmapped) } },
	{ "count", 2, { IN(mmapped_count), IN(chunks) } },
	{ "resident",
	  4,
	  { IN(resident_in_use), IN(resident_mmapped), IN(resident_returnable),
	    IN(resident_pinned) } },
	{ "walk", 2, { IN(unparsed), IN(read) } },
	{ "tuned",
	  5,
	  { IN(mmap_max), IN(most_mapped), IN(huge_page), IN(cache_count), IN(cache_most) } },
};
#undef IN
#define IN(member) offsetof(struct malloc_arena_row, member)
static const struct line ARENA = { "arena",
				   10,
				   { IN(at), IN(in_use), IN(cached), IN(fast), IN(bins), IN(top),
				     IN(system), IN(resident), IN(returnable), IN(unparsed) } };
#undef IN
#define IN(member) offsetof(struct malloc_size_row, member)
static const struct line SIZE = {
	"size", 5, { IN(up_to), IN(count), IN(bytes), IN(free_count), IN(free_bytes) }
};
#undef IN

static const char *print_line(const struct line *l, const void *row, struct arena *mem)
{
	const char *text = l->name;

	for (size_t i = 0; i < l->count; i++)
		text = arena_format(
			mem, "%s %" PRIu64, text,
			*(const uint64_t *)(const void *)((const char *)row + l->at[i]));
	return text;
}

static const char *print_arena(const struct malloc_arena_row *a, struct arena *mem)
{
	const char *text =
		arena_format(mem, "%s %d %" PRIu32 " %" PRIu32 " %d", print_line(&ARENA, a, mem),
			     a->main, a->heaps, a->attached_threads, a->tids != NULL);

	for (size_t i = 0; a->tids && i < a->tid_count; i++)
		text = arena_format(mem, "%s %d", text, a->tids[i]);
	return text;
}

struct span chunks_text_print(const struct malloc_facts *m, struct arena *mem)
{
	VEC(char) text = { 0 };
	VEC(const char *) lines = { 0 };

	vec_push(mem, &lines,
		 arena_format(mem, "look %d %u %.0f %d %d", m->certainty, m->walks,
			      m->spread * SPREAD_UNIT, m->tuned_known, m->no_dyn_threshold));
	for (size_t i = 0; i < sizeof(SUMS) / sizeof(SUMS[0]); i++)
		vec_push(mem, &lines, print_line(&SUMS[i], m, mem));
	for (size_t i = 0; i < m->arenas.count; i++)
		vec_push(mem, &lines, print_arena(&m->arenas.at[i], mem));
	for (size_t i = 0; i < m->sizes.count; i++)
		vec_push(mem, &lines, print_line(&SIZE, &m->sizes.at[i], mem));
	if (m->unsure_why)
		vec_push(mem, &lines, arena_format(mem, "unsure %s", m->unsure_why));
	for (size_t i = 0; i < lines.count; i++) {
		for (const char *c = lines.at[i]; *c; c++)
			vec_push(mem, &text, *c);
		vec_push(mem, &text, '\n');
	}
	return (struct span){ text.at, text.count };
}

// ---- back

static bool take_numbers(struct span *line, const struct line *l, void *row)
{
	for (size_t i = 0; i < l->count; i++) {
		uint64_t n;

		if (!span_take_dec(line, &n) || n >= BYTES_LIMIT)
			return false;
		*(uint64_t *)(void *)((char *)row + l->at[i]) = n;
	}
	return true;
}

static bool take_small(struct span *line, uint64_t most, uint64_t *to)
{
	return span_take_dec(line, to) && *to <= most;
}

static bool take_look(struct span *line, struct malloc_facts *m)
{
	uint64_t certainty, walks, spread, tuned, fixed;

	if (!take_small(line, MALLOC_UNSURE, &certainty) || !take_small(line, 1000, &walks) ||
	    !take_small(line, UINT32_MAX, &spread) || !take_small(line, 1, &tuned) ||
	    !take_small(line, 1, &fixed))
		return false;
	m->known = true;
	m->certainty = (enum malloc_certainty)certainty;
	m->walks = (unsigned)walks;
	m->spread = (double)spread / SPREAD_UNIT;
	m->tuned_known = tuned;
	m->no_dyn_threshold = fixed;
	return true;
}

static bool take_arena(struct span *line, struct arena *mem, struct malloc_facts *m)
{
	struct malloc_arena_row row = { 0 };
	uint64_t main, heaps, attached, told, tid;
	struct {
		int *at;
		size_t count, room;
	} tids = { 0 };

	if (!take_numbers(line, &ARENA, &row) || !take_small(line, 1, &main) ||
	    !take_small(line, UINT32_MAX, &heaps) || !take_small(line, UINT32_MAX, &attached) ||
	    !take_small(line, 1, &told))
		return false;
	while (line->len) {
		if (!told || tids.count == TIDS_LIMIT || !take_small(line, INT32_MAX, &tid))
			return false;
		vec_push(mem, &tids, (int)tid);
	}
	row.main = main;
	row.heaps = (uint32_t)heaps;
	row.attached_threads = (uint32_t)attached;
	row.tids = tids.count || !told ? tids.at : arena_new(mem, int);
	row.tid_count = tids.count;
	vec_push(mem, &m->arenas, row);
	return true;
}

static bool take_line(struct span line, struct arena *mem, struct malloc_facts *m)
{
	struct malloc_size_row size = { 0 };
	struct span word;

	if (!span_take_word(&line, &word))
		return false;
	if (span_is(word, "look"))
		return take_look(&line, m) && !line.len;
	if (span_is(word, "arena"))
		return take_arena(&line, mem, m);
	if (span_is(word, "unsure")) {
		span_take_char(&line, ' ');
		m->unsure_why = arena_copy(mem, line.at, line.len);
		return true;
	}
	if (span_is(word, SIZE.name)) {
		if (!take_numbers(&line, &SIZE, &size) || line.len)
			return false;
		vec_push(mem, &m->sizes, size);
		return true;
	}
	for (size_t i = 0; i < sizeof(SUMS) / sizeof(SUMS[0]); i++)
		if (span_is(word, SUMS[i].name))
			return take_numbers(&line, &SUMS[i], m) && !line.len;
	return false;
}

bool chunks_text_parse(struct span text, struct arena *mem, struct malloc_facts *out,
		       struct fail *why)
{
	struct malloc_facts got = { 0 };
	unsigned number = 0;
	struct span line;

	while (span_take_line(&text, &line)) {
		number++;
		if (!take_line(line, mem, &got))
			return fail(why, FAIL_CORRUPT, "malloc's chunks: line %u is malformed",
				    number);
	}
	if (!got.known)
		return fail(why, FAIL_CORRUPT, "malloc's chunks: no line says how sure they are");
	*out = got;
	return true;
}
