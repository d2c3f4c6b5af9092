// SPDX-License-Identifier: Apache-2.0
#include "jvm/nmtsummary.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/statics.h"

enum {
	NAMES_LEAST = 12, // JDK 8 has 16, later ones 21 to 29
	NAMES_LIMIT = 64,
	NAME_ROOM = 48,
	RUN_LIMIT = 8192, // words of neighbouring tables of texts
	TRIES = 6,
	// Blocks that may be counted for their category and not yet for all: one a thread.
	LATE_COUNT = 64,
	COUNT_LEAST = 64, // a VM that has started has thousands
	HEADER = 16,      // of a block, all JDKs
	FOOTER = 2,       // JDK 17+
	PROOFS = 2,       // equal numbers that prove the mapping counters
};
// What is malloc'd lies below all addresses of libraries and stacks: a pointer is no counter.
static const uint64_t MALLOC_LIMIT = (uint64_t)1 << 44, COUNT_LIMIT = (uint64_t)1 << 36;
static const uint64_t MAPPED_LIMIT = (uint64_t)1 << 47;

// Words of one entry; the names are those of HotSpot's classes.
struct entry_shape {
	size_t memory_counter; // count, bytes [, peak count, peak bytes]
	size_t malloc_memory;  // malloc, arena
};
static const struct entry_shape OLD = { 2, 4 }, NEW = { 4, 8 };

struct search {
	const struct hotspot *vm;
	const struct statics *statics;
	struct arena *mem;
	struct nmtsummary *out;
};

size_t nmtsummary_find(const struct nmtsummary *s, const char *category)
{
	size_t i = 0;

	while (i < s->count && strcmp(s->at[i].category, category) != 0)
		i++;
	return i;
}

// ---- the names

static bool may_be_text(const struct search *s, uint64_t word)
{
	return word >= s->vm->library_start && word < s->statics->start;
}

static bool read_name(const struct search *s, size_t word, char to[NAME_ROOM])
{
	if (word >= s->statics->count || !may_be_text(s, s->statics->at[word]) ||
	    !memory_read_text(s->vm->memory, s->statics->at[word], to, NAME_ROOM, NULL) || !*to)
		return false;
	for (const char *c = to; *c; c++)
		if (*c < ' ' || *c > '~')
			return false;
	return true;
}

// {"Java Heap", ... "Unknown"}, each alone or behind an identifier ("mtJavaHeap").
static bool take_names(struct search *s, size_t first, size_t step)
{
	VEC(struct nmtsummary_row) rows = { 0 };
	char name[NAME_ROOM];

	for (size_t i = first; rows.count < NAMES_LIMIT && read_name(s, i, name); i += step) {
		vec_push(s->mem, &rows,
			 (struct nmtsummary_row){ .category = arena_text(s->mem, name) });
		if (strcmp(name, "Unknown") != 0)
			continue;
		if (rows.count < NAMES_LEAST)
			return false;
		s->out->at = rows.at;
		s->out->count = rows.count;
		return true;
	}
	return false;
}

static bool try_names(struct search *s, size_t word)
{
	char name[NAME_ROOM], before[NAME_ROOM];

	if (!read_name(s, word, name) || strcmp(name, "Java Heap") != 0)
		return false;
	if (word && read_name(s, word - 1, before) && !strcmp(before, "mtJavaHeap"))
		return take_names(s, word, 2);
	return take_names(s, word, 1);
}

// Tables of texts are parted by what is none; the names mostly have one to themselves, so that the
// beginnings of all are looked at before the rest of any.
static bool search_names(struct search *s, bool whole)
{
	const struct statics *t = s->statics;

	for (size_t i = 0; i < t->count; i++) {
		size_t end = i;

		while (end < t->count && may_be_text(s, t->at[end]))
			end++;
		if (end - i >= NAMES_LEAST && end - i <= RUN_LIMIT) {
			size_t last = whole ? end - NAMES_LEAST : i + 1;

			for (size_t k = i; k <= last; k++)
				if (try_names(s, k))
					return true;
		}
		i = end;
	}
	return false;
}

// ---- the malloc counters

static bool is_sane(const uint64_t *counter)
{
	return counter[0] < COUNT_LIMIT && counter[1] < MALLOC_LIMIT;
}

static uint64_t apart(uint64_t a, uint64_t b)
{
	return a > b ? a - b : b - a;
}

// What the counters of all categories sum to.  JDK 8 and 11 count stacks of threads too, as blocks
// of no bytes and without a header.
static bool sum_counters(const struct nmtsummary *names, const uint64_t *w,
			 const struct entry_shape *e, uint64_t *count, uint64_t *bytes)
{
	size_t stacks = nmtsummary_find(names, "Thread Stack");

	*count = *bytes = 0;
	for (size_t i = 0; i < names->count; i++) {
		const uint64_t *entry = w + i * e->malloc_memory;

		if (!is_sane(entry) || !is_sane(entry + e->memory_counter))
			return false;
		if (i == stacks && !entry[1])
			continue;
		*count += entry[0];
		*bytes += entry[1];
	}
	return true;
}

// Behind the categories stands one more counter: of all blocks and their bytes (17+), or of all
// headers and theirs, 16 each.
static bool is_total(const struct entry_shape *e, const uint64_t *total, uint64_t count,
		     uint64_t bytes, bool exactly)
{
	uint64_t late = exactly ? 0 : LATE_COUNT;

	if (count < COUNT_LEAST || apart(total[0], count) > late)
		return false;
	if (e == &OLD)
		return total[1] == total[0] * HEADER;
	return exactly ? total[1] == bytes : apart(total[1], bytes) <= bytes / 64;
}

static bool match_malloc(const struct search *s, const uint64_t *w, const struct entry_shape *e,
			 bool exactly)
{
	uint64_t count, bytes;

	return sum_counters(s->out, w, e, &count, &bytes) &&
	       is_total(e, w + s->out->count * e->malloc_memory, count, bytes, exactly);
}

// The cheap question, asked at every word: can this be the counter of all?
static bool may_be_total(const uint64_t *total)
{
	return total[0] >= COUNT_LEAST && is_sane(total) && total[1] >= total[0];
}

// Places that match, and the first of them.
struct found {
	size_t count, at;
	const struct entry_shape *shape;
};

static struct found search_malloc(const struct search *s, bool exactly)
{
	static const struct entry_shape *const SHAPES[] = { &NEW, &OLD };
	const struct statics *t = s->statics;
	struct found found = { 0 };

	for (size_t i = 0; i + OLD.memory_counter <= t->count; i++)
		for (size_t k = 0; k < 2 && may_be_total(t->at + i); k++) {
			size_t before = s->out->count * SHAPES[k]->malloc_memory;

			if (i >= before && i + SHAPES[k]->memory_counter <= t->count &&
			    match_malloc(s, t->at + i - before, SHAPES[k], exactly) &&
			    !found.count++) {
				found.at = i - before;
				found.shape = SHAPES[k];
			}
		}
	return found;
}

static void take_malloc(struct search *s, const uint64_t *w, const struct entry_shape *e)
{
	const uint64_t *total = w + s->out->count * e->malloc_memory;
	size_t stacks = nmtsummary_find(s->out, "Thread Stack");

	for (size_t i = 0; i < s->out->count; i++) {
		const uint64_t *entry = w + i * e->malloc_memory;
		struct nmtsummary_row *r = &s->out->at[i];

		if (i != stacks || entry[1]) {
			r->malloc_count = entry[0];
			r->malloc_bytes = entry[1];
		}
		r->malloc_peak = e == &NEW ? entry[3] : 0;
		r->arena_count = entry[e->memory_counter];
		r->arena_bytes = entry[e->memory_counter + 1];
	}
	s->out->block_count = total[0];
	s->out->block_overhead = HEADER + (e == &NEW ? FOOTER : 0);
	s->out->malloc_known = true;
}

// The place is known; the counters move, and a copy in which they agree is the better one.
static void settle_malloc(struct search *s, size_t at, const struct entry_shape *e)
{
	size_t words = s->out->count * e->malloc_memory + e->memory_counter;
	uint64_t *copy = arena_array(s->mem, uint64_t, words);

	memcpy(copy, s->statics->at + at, words * sizeof(*copy));
	for (int i = 0; i < TRIES && !match_malloc(s, copy, e, true); i++) {
		memory_forget(s->vm->memory);
		if (!memory_read(s->vm->memory, s->statics->start + at * 8, copy,
				 words * sizeof(*copy), NULL))
			break;
	}
	take_malloc(s, copy, e);
}

static void find_malloc(struct search *s)
{
	struct found found = search_malloc(s, true);

	if (!found.count)
		found = search_malloc(s, false);
	if (found.count == 1)
		settle_malloc(s, found.at, found.shape);
	else
		s->out->malloc_why_not =
			found.count ? "layout unknown: NMT's malloc counters may lie in more than "
				      "one place"
				    : "layout unknown: NMT's malloc counters were not found";
}

// ---- the mapping counters

struct proof {
	size_t row;
	uint64_t reserved;
};

static size_t list_proofs(const struct nmtsummary *names, const struct nmtsummary_known *k,
			  struct proof out[4])
{
	size_t metaspace = nmtsummary_find(names, "Metaspace"), count = 0;
	// Before 17 the category Class has the classes' other metadata too.
	uint64_t class_space = metaspace < names->count ? k->class_space
			       : k->metaspace           ? k->class_space + k->metaspace
							: 0;
	const struct proof all[] = {
		{ nmtsummary_find(names, "Java Heap"), k->java_heap },
		{ nmtsummary_find(names, "Code"), k->code },
		{ nmtsummary_find(names, "Class"), class_space },
		{ metaspace, k->metaspace },
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].reserved && all[i].row < names->count)
			out[count++] = all[i];
	return count;
}

static bool is_proven(const uint64_t *w, size_t words, const struct proof *proofs, size_t count)
{
	size_t equal = 0;

	for (size_t i = 0; i < count; i++)
		equal += w[proofs[i].row * words] == proofs[i].reserved;
	return equal >= PROOFS;
}

// {reserved, committed [, peak]} of each category: pages, and no more committed than reserved.
static bool are_mappings(const struct nmtsummary *names, const uint64_t *w, size_t words)
{
	for (size_t i = 0; i < names->count; i++, w += words) {
		if (w[0] >= MAPPED_LIMIT || w[1] > w[0] || w[0] % PAGE_SIZE_BYTES ||
		    w[1] % PAGE_SIZE_BYTES)
			return false;
		if (words == 3 && (w[2] < w[1] || w[2] >= MAPPED_LIMIT))
			return false;
	}
	return true;
}

static void find_mappings(struct search *s, const struct nmtsummary_known *known)
{
	const struct statics *t = s->statics;
	struct proof proofs[4];
	size_t proof_count = list_proofs(s->out, known, proofs), found = 0, at = 0, width = 0;

	for (size_t words = 2; words <= 3; words++)
		for (size_t i = 0; i + s->out->count * words <= t->count; i++)
			if (is_proven(t->at + i, words, proofs, proof_count) &&
			    are_mappings(s->out, t->at + i, words)) {
				found++;
				at = i;
				width = words;
			}
	if (found != 1) {
		s->out->mappings_why_not =
			proof_count < PROOFS
				? "too little else of the VM is known to tell NMT's mapping "
				  "counters by"
				: "layout unknown: NMT's mapping counters were not found";
		return;
	}
	for (size_t i = 0; i < s->out->count; i++) {
		s->out->at[i].reserved = t->at[at + i * width];
		s->out->at[i].committed = t->at[at + i * width + 1];
	}
	s->out->mappings_at = t->start + at * 8;
	s->out->mapping_words = (uint32_t)width;
	s->out->mappings_known = true;
}

bool nmtsummary_read(const struct hotspot *vm, const struct statics *statics,
		     const struct nmtsummary_known *known, struct arena *mem,
		     struct nmtsummary *out, struct fail *why)
{
	struct nmtsummary got = { 0 };
	struct search s = { vm, statics, mem, &got };

	if (!search_names(&s, false) && !search_names(&s, true))
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: the names of NMT's categories were not found");
	find_malloc(&s);
	find_mappings(&s, known);
	*out = got;
	return true;
}
