// SPDX-License-Identifier: Apache-2.0
#include "collect/chunks_text.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "facts/malloc.h"

static struct arena mem;

static bool parse(const char *text, struct malloc_facts *out)
{
	struct fail why;

	return chunks_text_parse(span_of(text), &mem, out, &why);
}

Test(chunks_text, what_is_written_is_read_again)
{
	struct malloc_facts m = {
		.known = true,
		.certainty = MALLOC_UNSURE,
		.unsure_why = "it allocates so fast",
		.walks = 4,
		.spread = 0.25,
		.in_use = 7,
		.cached = 6,
		.mmapped_count = 5,
		.resident_pinned = 4,
		.unparsed = 3,
		.tuned_known = true,
		.cache_most = 1032,
		.no_dyn_threshold = true,
	};
	struct malloc_facts got;
	int tids[] = { 12, 34 };

	vec_push(
		&mem, &m.arenas,
		(struct malloc_arena_row){
			.at = 0x7f0000000030, .heaps = 2, .top = 9, .tids = tids, .tid_count = 2 });
	vec_push(&mem, &m.arenas, (struct malloc_arena_row){ .main = true, .tids = tids });
	vec_push(&mem, &m.arenas, (struct malloc_arena_row){ .unparsed = 1 });
	vec_push(&mem, &m.sizes, (struct malloc_size_row){ 32, 1, 32, 2, 64 });
	cr_assert(parse(arena_format(&mem, "%.*s", (int)chunks_text_print(&m, &mem).len,
				     chunks_text_print(&m, &mem).at),
			&got));
	cr_assert(eq(int, got.certainty, MALLOC_UNSURE));
	cr_assert(eq(str, (char *)got.unsure_why, "it allocates so fast"));
	cr_assert(eq(u32, got.walks, 4));
	cr_assert(eq(dbl, got.spread, 0.25));
	cr_assert(eq(u64, got.in_use, 7));
	cr_assert(eq(u64, got.mmapped_count, 5));
	cr_assert(eq(u64, got.resident_pinned, 4));
	cr_assert(eq(u64, got.cache_most, 1032));
	cr_assert(got.tuned_known && got.no_dyn_threshold);
	cr_assert(eq(sz, got.arenas.count, 3));
	cr_assert(eq(u64, got.arenas.at[0].top, 9));
	cr_assert(eq(sz, got.arenas.at[0].tid_count, 2));
	cr_assert(eq(int, got.arenas.at[0].tids[1], 34));
	cr_assert(got.arenas.at[1].main && got.arenas.at[1].tids && !got.arenas.at[1].tid_count);
	cr_assert(got.arenas.at[2].tids == NULL); // not known, which is not the same as none
	cr_assert(eq(u64, got.sizes.at[0].free_bytes, 64));
	arena_drop(&mem);
}

Test(chunks_text, what_makes_no_sense_is_refused)
{
	static const char *const BAD[] = {
		"",
		"bytes 1 2 3 4 5 6 7\n", // how sure it is stands nowhere
		"look 3 1 0 0 0\n",
		"look 0 1 0 0\n",
		"look 0 1 0 0 0 9\n",
		"look 0 1 0 0 0\nbytes 1 2 3\n",
		"look 0 1 0 0 0\nsize 32 1 32 0 281474976710656\n",
		"look 0 1 0 0 0\narena 1 2 3\n",
		"look 0 1 0 0 0\narena 1 2 3 4 5 6 7 8 9 10 0 1 1 0 99\n", // tids that nobody knew
		"look 0 1 0 0 0\nnonsense\n",
		"look 0 1 0 0 0\n\n",
	};
	struct malloc_facts got;

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++)
		cr_assert(not(parse(BAD[i], &got)), "%zu", i);
	arena_drop(&mem);
}
