// SPDX-License-Identifier: Apache-2.0
#include "jvm/nmtsummary.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "nmt_image.h"

static struct nmt_image im;
static struct fail why;

static const struct nmtsummary_row *row_of(const struct nmtsummary *s, const char *category)
{
	size_t i = nmtsummary_find(s, category);

	cr_assert(lt(sz, i, s->count), "%s is missing", category);
	return &s->at[i];
}

static void read_good(struct nmtsummary *s)
{
	cr_assert(nmt_read_summary(&im, s, &why), "%s", why.text);
	cr_assert(s->malloc_known, "%s", s->malloc_why_not);
	cr_assert(s->mappings_known, "%s", s->mappings_why_not);
}

Test(nmtsummary, names_and_counters_are_found_without_symbols)
{
	struct nmtsummary s;

	nmt_init(&im, false);
	read_good(&s);
	cr_assert(eq(sz, s.count, NMT_NAME_COUNT));
	cr_assert(eq(u64, row_of(&s, "GC")->malloc_count, 57));
	cr_assert(eq(u64, row_of(&s, "GC")->malloc_bytes, 57 * 40));
	cr_assert(eq(u64, row_of(&s, "GC")->malloc_peak, 57 * 40));
	cr_assert(eq(u64, row_of(&s, "Compiler")->arena_count, 2));
	cr_assert(eq(u64, row_of(&s, "Compiler")->arena_bytes, 200));
	cr_assert(eq(u64, row_of(&s, "Java Heap")->committed, MIB(40)));
	cr_assert(eq(u64, row_of(&s, "Metaspace")->reserved, NMT_METASPACE_BYTES));
	cr_assert(eq(u64, s.mappings_at, NMT_LIBRARY + NMT_MAPPINGS));
	cr_assert(eq(u32, s.block_overhead, 18));
	nmt_drop(&im);
}

Test(nmtsummary, older_counters_are_told_by_what_their_headers_take)
{
	struct nmtsummary s;

	nmt_init(&im, true);
	read_good(&s);
	cr_assert(eq(sz, s.count, NMT_NAME_COUNT - 1));
	cr_assert(eq(u64, row_of(&s, "GC")->malloc_count, 57));
	cr_assert(eq(u64, row_of(&s, "Thread Stack")->malloc_count, 0), "no block of malloc");
	cr_assert(eq(u64, row_of(&s, "Class")->reserved, NMT_CLASS_BYTES + NMT_METASPACE_BYTES));
	cr_assert(eq(u32, s.block_overhead, 16));
	nmt_drop(&im);
}

static void finish_block(struct nmt_image *i)
{
	uint64_t total = nmt_malloc_at(i, i->names);

	i->on_forget = NULL;
	nmt_put(i, total, nmt_get(i, total) + 1);
	nmt_put(i, total + 8, nmt_get(i, total + 8) + 40);
}

Test(nmtsummary, counters_that_move_are_read_again_until_they_agree)
{
	uint64_t total;
	struct nmtsummary s;

	nmt_init(&im, false);
	// Counted for its category, not yet for all.
	total = nmt_malloc_at(&im, im.names);
	nmt_put(&im, total, nmt_get(&im, total) - 1);
	nmt_put(&im, total + 8, nmt_get(&im, total + 8) - 40);
	im.on_forget = finish_block;
	read_good(&s);
	cr_assert(eq(uint, im.forgets, 1));
	cr_assert(eq(u64, s.block_count, nmt_get(&im, total)));
	nmt_drop(&im);
}

Test(nmtsummary, a_second_place_that_fits_makes_the_counters_unknown)
{
	struct nmtsummary s;
	size_t bytes;

	nmt_init(&im, false);
	bytes = im.names * 64 + 32;
	memcpy(im.library + 0x8000, im.library + NMT_MALLOC, bytes);
	cr_assert(nmt_read_summary(&im, &s, &why), "%s", why.text);
	cr_assert(not(s.malloc_known));
	cr_assert(s.malloc_why_not != NULL);
	cr_assert(s.mappings_known);
	cr_assert(eq(u64, row_of(&s, "GC")->malloc_count, 0));
	nmt_drop(&im);
}

// Each breaks one thing that the proof stands on.
static const struct {
	uint64_t offset, value;
	bool malloc, mappings;
	const char *what;
} BROKEN[] = {
	{ NMT_MALLOC + 5 * 64, 58, true, true, "one block more than the total is still in time" },
	{ NMT_MALLOC + 5 * 64, 5800, false, true, "a count that the total does not have" },
	{ NMT_MALLOC + 5 * 64 + 8, MIB(1), false, true, "bytes that the total does not have" },
	{ NMT_MALLOC + 4 * 64 + 40, UINT64_MAX, false, true, "arenas of no size" },
	{ NMT_MAPPINGS + 0 * 24, NMT_HEAP_BYTES + 4096, true, true, "three others agree" },
	{ NMT_MAPPINGS + 5 * 24, 4097, true, false, "no whole pages" },
	{ NMT_MAPPINGS + 5 * 24 + 8, MIB(3), true, false, "more committed than reserved" },
};

Test(nmtsummary, what_does_not_add_up_is_not_known)
{
	for (size_t i = 0; i < sizeof(BROKEN) / sizeof(BROKEN[0]); i++) {
		struct nmtsummary s;

		nmt_init(&im, false);
		nmt_put(&im, NMT_LIBRARY + BROKEN[i].offset, BROKEN[i].value);
		cr_assert(nmt_read_summary(&im, &s, &why), "%s: %s", BROKEN[i].what, why.text);
		cr_assert(eq(int, s.malloc_known, BROKEN[i].malloc), "%s", BROKEN[i].what);
		cr_assert(eq(int, s.mappings_known, BROKEN[i].mappings), "%s", BROKEN[i].what);
		nmt_drop(&im);
	}
}

Test(nmtsummary, two_known_sizes_prove_the_mappings_and_one_does_not)
{
	struct nmtsummary s;

	nmt_init(&im, false);
	im.known.class_space = im.known.metaspace = 0;
	read_good(&s);
	im.known.java_heap = 0;
	cr_assert(nmt_read_summary(&im, &s, &why));
	cr_assert(not(s.mappings_known));
	cr_assert(eq(u64, s.mappings_at, 0));
	nmt_drop(&im);
}

Test(nmtsummary, without_the_names_nothing_is_known)
{
	struct nmtsummary s;

	nmt_init(&im, false);
	// The last name is what ends the table.
	nmt_put(&im, NMT_LIBRARY + NMT_NAMES + 16 * NMT_NAME_COUNT - 8, 0);
	cr_assert(not(nmt_read_summary(&im, &s, &why)));
	cr_assert(eq(int, why.kind, FAIL_CORRUPT));
	nmt_drop(&im);
}

Test(nmtsummary, names_are_found_behind_other_texts)
{
	struct nmtsummary s;

	nmt_init(&im, false);
	for (size_t i = 1; i <= 5; i++)
		nmt_put(&im, NMT_LIBRARY + NMT_NAMES - 8 * i, nmt_text(&im, "another"));
	read_good(&s);
	cr_assert(eq(sz, s.count, NMT_NAME_COUNT));
	nmt_drop(&im);
}
