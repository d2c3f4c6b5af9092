// SPDX-License-Identifier: Apache-2.0
#include "parse/heap_info.h"

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "parse/jcmd.h"

enum { ADDRESSES = 4, GENERATIONS = 2 };

// Lines that open a generation, or the heap where it has none.
static const struct {
	const char *starts, *collector, *name;
} HEADS[] = {
	{ "garbage-first heap", "G1", "garbage-first heap" },
	{ "def new generation", "Serial", NULL },
	{ "DefNew", "Serial", NULL },
	{ "tenured generation", "Serial", "tenured" },
	{ "Tenured", "Serial", "tenured" },
	{ "PSYoungGen", "Parallel", NULL },
	{ "ParOldGen", "Parallel", "old" },
	{ "PSOldGen", "Parallel", "old" },
};
// Lines of a young generation's spaces.
static const char *const YOUNG_SPACES[] = { "eden", "from", "to" };

struct state {
	struct heap_info info;
	VEC(struct heap_info_space) spaces;
	struct {
		uint64_t start, end;
	} generation[GENERATIONS];
	size_t generations;
};

static bool is_ordered(const uint64_t *at, size_t count)
{
	for (size_t i = 1; i < count; i++)
		if (at[i] < at[i - 1])
			return false;
	return count >= 2;
}

static bool take_head(struct state *s, struct span line, size_t head, struct arena *mem,
		      struct fail *why)
{
	uint64_t at[ADDRESSES], used, committed;
	struct span rest = line;
	size_t n = jcmd_take_addresses(&rest, at, ADDRESSES);

	if (!is_ordered(at, n) || !jcmd_find_size(line, "used ", &used))
		return fail(why, FAIL_CORRUPT, "GC.heap_info: '%.*s' makes no sense",
			    (int)(line.len < 60 ? line.len : 60), line.at);
	if (s->generations == GENERATIONS)
		return fail(why, FAIL_CORRUPT, "GC.heap_info: more than two generations");
	// [low, committed end, reserved end) of a generation; G1 prints [low, reserved end).
	committed = at[1] - at[0];
	if (span_is(span_of(HEADS[head].collector), "G1") &&
	    !jcmd_find_size(line, "committed ", &committed) && // 25 and later
	    !jcmd_find_size(line, "total ", &committed))
		return fail(why, FAIL_CORRUPT, "GC.heap_info: no committed size");
	if (committed > at[n - 1] - at[0] || used > committed)
		return fail(why, FAIL_CORRUPT, "GC.heap_info: used and committed make no sense");
	s->generation[s->generations].start = at[0];
	s->generation[s->generations++].end = at[n - 1];
	s->info.collector = HEADS[head].collector;
	s->info.committed += committed;
	s->info.used += used;
	if (HEADS[head].name)
		vec_push(mem, &s->spaces,
			 (struct heap_info_space){ HEADS[head].name, at[0], at[n - 1], committed,
						   used });
	return true;
}

// " eden space 33280K, 3% used [bottom,top,end)"
static bool take_space(struct state *s, struct span line, const char *name, struct arena *mem,
		       struct fail *why)
{
	uint64_t at[ADDRESSES];
	size_t n = jcmd_take_addresses(&line, at, ADDRESSES);

	if (n != 3 || !is_ordered(at, n))
		return fail(why, FAIL_CORRUPT, "GC.heap_info: space '%s' makes no sense", name);
	vec_push(mem, &s->spaces,
		 (struct heap_info_space){ name, at[0], at[2], at[2] - at[0], at[1] - at[0] });
	return true;
}

static bool take_line(struct state *s, struct span line, struct arena *mem, struct fail *why)
{
	struct heap_info *h = &s->info;

	for (size_t i = 0; i < sizeof(HEADS) / sizeof(HEADS[0]); i++)
		if (span_starts(line, HEADS[i].starts))
			return take_head(s, line, i, mem, why);
	for (size_t i = 0; i < sizeof(YOUNG_SPACES) / sizeof(YOUNG_SPACES[0]); i++) {
		struct span rest = line;

		if (span_take_text(&rest, YOUNG_SPACES[i]) && rest.len && *rest.at == ' ' &&
		    span_starts(jcmd_trim(rest), "space"))
			return take_space(s, line, YOUNG_SPACES[i], mem, why);
	}
	if (span_starts(line, "region size"))
		jcmd_find_size(line, "region size", &h->region_size);
	else if (span_starts(line, "Metaspace"))
		h->has_metaspace = jcmd_find_size(line, "used ", &h->metaspace_used) &&
				   jcmd_find_size(line, "committed ", &h->metaspace_committed) &&
				   jcmd_find_size(line, "reserved ", &h->metaspace_reserved);
	else if (span_starts(line, "class space") &&
		 !(jcmd_find_size(line, "used ", &h->class_used) &&
		   jcmd_find_size(line, "committed ", &h->class_committed) &&
		   jcmd_find_size(line, "reserved ", &h->class_reserved)))
		return fail(why, FAIL_CORRUPT, "GC.heap_info: class space makes no sense");
	return true;
}

// Generations lie side by side, in either order; together they are the heap.
static bool join_generations(struct state *s, struct fail *why)
{
	struct heap_info *h = &s->info;

	h->start = s->generation[0].start;
	h->end = s->generation[0].end;
	if (s->generations == 2) {
		if (s->generation[1].end == h->start)
			h->start = s->generation[1].start;
		else if (s->generation[1].start == h->end)
			h->end = s->generation[1].end;
		else
			return fail(why, FAIL_CORRUPT, "GC.heap_info: the generations lie apart");
	}
	if (h->start != units_page_down(h->start) || h->end != units_page_down(h->end) ||
	    h->start == h->end)
		return fail(why, FAIL_CORRUPT, "GC.heap_info: the heap is no range of pages");
	for (size_t i = 0; i < s->spaces.count; i++)
		if (s->spaces.at[i].start < h->start || s->spaces.at[i].end > h->end)
			return fail(why, FAIL_CORRUPT, "GC.heap_info: space '%s' leaves the heap",
				    s->spaces.at[i].name);
	if (h->has_metaspace &&
	    (h->metaspace_used > h->metaspace_committed ||
	     h->metaspace_committed > h->metaspace_reserved || h->class_used > h->metaspace_used ||
	     h->class_committed > h->metaspace_committed ||
	     h->class_reserved > h->metaspace_reserved))
		return fail(why, FAIL_CORRUPT, "GC.heap_info: Metaspace sizes make no sense");
	return true;
}

bool heap_info_parse(struct span text, struct arena *mem, struct heap_info *out, struct fail *why)
{
	struct state s = { .generations = 0 };
	struct span line;

	while (span_take_line(&text, &line))
		if (!take_line(&s, jcmd_trim(line), mem, why))
			return false;
	if (!s.generations)
		return fail(why, FAIL_ABSENT,
			    "GC.heap_info: not the text of Serial, Parallel or G1");
	if (!join_generations(&s, why))
		return false;
	s.info.spaces = s.spaces.at;
	s.info.space_count = s.spaces.count;
	*out = s.info;
	return true;
}
