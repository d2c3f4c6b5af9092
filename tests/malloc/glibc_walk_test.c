// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc_walk.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "chunk_image.h"

static struct chunk_image c;
static struct glibc g;
static struct glibc_walk w;

// The main arena's numbers; the others are the same in all tests.
static const struct walk_arena *walk(const struct threadcache_marks *marks)
{
	struct fail why = { 0 };

	cr_assert(glibc_read(&c.im.view, &c.im.mem, &g, &why), "%s", why.text);
	cr_assert(glibc_walk(&c.im.view, &g, marks, &c.im.mem, &w, &why), "%s", why.text);
	return &w.arenas.at[0];
}

static uint64_t all_bytes(const struct walk_arena *a)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < WALK_USES; i++)
		sum += a->use[i].bytes;
	return sum;
}

Test(glibc_walk, every_byte_of_an_arena_is_something)
{
	const struct walk_arena *a;

	chunk_init(&c, &GLIBC_2_36);
	chunk_put(&c, 0x50, true);
	chunk_put(&c, 0x400, false);
	chunk_put(&c, 0x30, true);
	chunk_put_top(&c);
	a = walk(NULL);
	cr_assert(eq(u64, a->use[WALK_IN_USE].bytes, 0x80));
	cr_assert(eq(u64, a->use[WALK_IN_USE].count, 2));
	cr_assert(eq(u64, a->use[WALK_BIN].bytes, 0x400));
	cr_assert(eq(u64, a->use[WALK_TOP].bytes, HEAP_PAGES * 4096 - 0x480));
	for (size_t i = 0; i < w.arenas.count; i++) {
		cr_assert(eq(u64, all_bytes(&w.arenas.at[i]), w.arenas.at[i].system), "%zu", i);
		cr_assert(w.arenas.at[i].whole, "%zu", i);
	}
	cr_assert(w.still);
	cr_assert(eq(u64, w.mmapped_count, 4));
	image_drop(&c.im);
}

Test(glibc_walk, heaps_of_other_arenas_have_their_own_headers_and_ends)
{
	chunk_init(&c, &GLIBC_2_31);
	chunk_put_top(&c);
	walk(NULL);
	cr_assert(eq(sz, w.arenas.count, 3));
	cr_assert(eq(u64, w.arenas.at[1].use[WALK_IN_USE].count, 1));
	cr_assert(eq(u64, w.arenas.at[2].use[WALK_IN_USE].count, 2));
	cr_assert(eq(u64, w.arenas.at[2].use[WALK_TOP].bytes, THIRD_HEAP_PAGES * 4096 - 0x2000));
	// heap_info and malloc_state of the first heap, heap_info of the second, 32 bytes at the first's end
	cr_assert(eq(u64, w.arenas.at[2].use[WALK_OWN].bytes,
		     chunk_first_of(&c.im, SECOND_AT) - SECOND_AT + 32 + 32));
	image_drop(&c.im);
}

Test(glibc_walk, sizes_are_counted_up_to_their_class)
{
	chunk_init(&c, &GLIBC_2_36);
	chunk_put(&c, 0x20, true);
	chunk_put(&c, 0x50, true);
	chunk_put(&c, 0x50, true);
	chunk_put(&c, 0x1000, false);
	chunk_put(&c, 0x30, true);
	chunk_put_top(&c);
	walk(NULL);
	for (size_t i = 0; i < WALK_SIZES; i++) {
		uint64_t up_to = glibc_walk_up_to(i);

		if (up_to == 32)
			cr_assert(eq(u64, w.sizes[i].count, 1));
		if (up_to == 80) {
			cr_assert(eq(u64, w.sizes[i].count, 2));
			cr_assert(eq(u64, w.sizes[i].bytes, 0xa0));
		}
		if (up_to == 4096)
			cr_assert(eq(u64, w.sizes[i].free_bytes, 0x1000));
	}
	image_drop(&c.im);
}

// ---- thread caches

// A cache with two chunks of 0x40 and one of 0x60 in it.
static void put_cache(uint64_t size, uint64_t entries, unsigned full, bool mangled, uint64_t mark)
{
	uint64_t cache = chunk_put(&c, size, true) + 16, at[3];

	at[0] = chunk_put(&c, 0x40, true) + 16;
	chunk_put(&c, 0x40, true);
	at[1] = chunk_put(&c, 0x40, true) + 16;
	at[2] = chunk_put(&c, 0x60, true) + 16;
	if (full) // free places
		for (unsigned i = 0; i < 76; i++) {
			unsigned n = i == 2 ? full - 2 : i == 4 ? full - 1 : full;
			uint64_t word = cache + i * 2 / 8 * 8, old;

			memcpy(&old, image_page(&c.im, word, true) + word % 4096, 8);
			image_put(&c.im, word, old | (uint64_t)n << i * 2 % 8 * 8);
		}
	else
		image_put(&c.im, cache, UINT64_C(2) << 32);
	if (!full)
		image_put(&c.im, cache + 8, 1);
	image_put(&c.im, cache + entries + 2 * 8, at[0]);
	image_put(&c.im, cache + entries + 4 * 8, at[2]);
	image_put(&c.im, at[0], mangled ? chunk_mangle(at[1], at[0]) : at[1]);
	image_put(&c.im, at[1], mangled ? chunk_mangle(0, at[1]) : 0);
	image_put(&c.im, at[2], mangled ? chunk_mangle(0, at[2]) : 0);
	for (size_t i = 0; i < 3; i++)
		image_put(&c.im, at[i] + 8, mark ? mark : cache);
}

static void check_cache(void)
{
	struct threadcache_marks marks;
	uint64_t cached = 0x40 + 0x40 + 0x60;
	const struct walk_arena *a;

	chunk_put_top(&c);
	a = walk(NULL);
	cr_assert(eq(u64, a->use[WALK_CACHED].bytes, cached));
	cr_assert(eq(u64, a->use[WALK_CACHED].count, 3));
	cr_assert(eq(sz, w.caches.caches.count, 1));
	cr_assert(w.still);
	cr_assert(w.marks.known);
	// And as the walk passes them, by the mark.
	marks = w.marks;
	a = walk(&marks);
	cr_assert(w.marked);
	cr_assert(eq(u64, a->use[WALK_CACHED].bytes, cached));
	image_drop(&c.im);
}

Test(glibc_walk, cached_chunks_are_free_glibc_2_31)
{
	chunk_init(&c, &GLIBC_2_31);
	put_cache(0x290, 128, 0, false, 0);
	check_cache();
}

Test(glibc_walk, cached_chunks_are_free_glibc_2_36)
{
	chunk_init(&c, &GLIBC_2_36);
	put_cache(0x290, 128, 0, true, 0x123456789abcdef1);
	check_cache();
}

Test(glibc_walk, cached_chunks_are_free_glibc_2_43)
{
	chunk_init(&c, &GLIBC_2_43);
	put_cache(0x300, 152, 16, true, 0x123456789abcdef1);
	check_cache();
}

Test(glibc_walk, a_block_of_the_size_of_a_cache_is_none)
{
	uint64_t at, chunk;

	chunk_init(&c, &GLIBC_2_36);
	at = chunk_put(&c, 0x290, true) + 16;
	chunk = chunk_put(&c, 0x50, true); // not the size of the list
	image_put(&c.im, at, 1);
	image_put(&c.im, at + 128, chunk + 16);
	chunk_put_top(&c);
	cr_assert(eq(u64, walk(NULL)->use[WALK_CACHED].bytes, 0));
	cr_assert(eq(u64, w.caches.broken, 1));
	cr_assert(not(w.still));
	image_drop(&c.im);
}

// ---- fast bins

static void put_fast(bool mangled)
{
	uint64_t at[3];

	for (size_t i = 0; i < 3; i++) {
		at[i] = chunk_put(&c, 0x30, true);
		chunk_put(&c, 0x30, true);
	}
	image_put(&c.im, chunk_main_at() + 16 + 8, at[2]); // the second bin's head
	image_put(&c.im, at[2] + 16, mangled ? chunk_mangle(at[0], at[2] + 16) : at[0]);
	image_put(&c.im, at[0] + 16, mangled ? chunk_mangle(0, at[0] + 16) : 0);
	// Given out again: its link is still there.
	image_put(&c.im, at[1] + 16, mangled ? chunk_mangle(at[0], at[1] + 16) : at[0]);
	chunk_put_top(&c);
}

Test(glibc_walk, fast_bins_hold_what_their_lists_lead_to)
{
	for (int mangled = 0; mangled < 2; mangled++) {
		const struct walk_arena *a;

		chunk_init(&c, mangled ? &GLIBC_2_36 : &GLIBC_2_31);
		put_fast(mangled);
		a = walk(NULL);
		cr_assert(eq(u64, a->use[WALK_FAST].count, 2), "%d", mangled);
		cr_assert(eq(u64, a->use[WALK_FAST].bytes, 0x60));
		cr_assert(eq(u64, a->use[WALK_IN_USE].bytes, 4 * 0x30));
		cr_assert(w.still);
		image_drop(&c.im);
	}
}

Test(glibc_walk, a_fast_bin_that_breaks_is_said_to_move)
{
	uint64_t head;

	chunk_init(&c, &GLIBC_2_36);
	put_fast(true);
	memcpy(&head, image_page(&c.im, chunk_main_at() + 24, true) + (chunk_main_at() + 24) % 4096,
	       8);
	image_put(&c.im, head + 16, chunk_mangle(head + 0x30, head + 16)); // to one that is in use
	walk(NULL);
	cr_assert(not(w.still));
	image_drop(&c.im);
}

// ---- what a trim returns

Test(glibc_walk, a_trim_returns_whole_pages_of_free_chunks_and_of_the_main_arenas_end)
{
	const struct walk_arena *a;

	chunk_init(&c, &GLIBC_2_36);
	chunk_put(&c, 0x800, true);
	chunk_put(&c, 0x3800, false); // 0x800 to 0x4000: pages 1, 2, 3
	chunk_put(&c, 0x1000, true);
	chunk_put(&c, 0x1000, false); // 0x5000 to 0x6000: its head is in its only page
	chunk_put(&c, 0x1000, true);
	chunk_put_top(&c); // 0x7000 to 40 pages: all but the first page
	a = walk(NULL);
	cr_assert(eq(u64, a->returnable, (3 + HEAP_PAGES - 7 - 1) * 4096));
	cr_assert(eq(u64, w.arenas.at[1].returnable, 0)); // the ends of others stay
	image_drop(&c.im);
}

Test(glibc_walk, a_trim_joins_what_is_in_fast_bins_with_its_free_neighbours)
{
	uint64_t before = 0;
	const struct walk_arena *a;

	chunk_init(&c, &GLIBC_2_36);
	chunk_put(&c, 0x20, true);
	// 400 chunks of 48 bytes, all in one list: 4 whole pages and parts of two.
	for (unsigned i = 0; i < 400; i++) {
		uint64_t at = chunk_put(&c, 0x30, true);

		image_put(&c.im, at + 16, chunk_mangle(before, at + 16));
		before = at;
	}
	image_put(&c.im, chunk_main_at() + 16 + 8, before);
	chunk_put(&c, 0x100, true);
	chunk_put_top(&c);
	a = walk(NULL);
	cr_assert(eq(u64, a->use[WALK_FAST].count, 400));
	// 0x20 + 48 is in page 0; 0x20 + 400 * 48 = 0x4b20: pages 1, 2, 3; the top begins at 0x4c20, pages 5 to 39
	cr_assert(eq(u64, a->returnable, (3 + HEAP_PAGES - 5) * 4096));
	image_drop(&c.im);
}

Test(glibc_walk, pages_that_are_not_there_are_in_no_sum_of_resident_ones)
{
	const struct walk_arena *a;

	chunk_init(&c, &GLIBC_2_36);
	chunk_put(&c, 0x800, true);
	chunk_put(&c, 0x8800, false); // pages 1 to 8
	chunk_put(&c, 0x1000, true);
	chunk_put_top(&c);
	c.runs[0].end = BRK_AT + 3 * PAGE_SIZE_BYTES;
	memmove(&c.runs[2], &c.runs[1], 6 * sizeof(c.runs[0]));
	c.runs[1] = (struct page_run){ BRK_AT + 0x9000, BRK_AT + 0xb000, PAGE_PRESENT };
	c.pages.count = 8;
	a = walk(NULL);
	cr_assert(eq(u64, a->use[WALK_BIN].bytes, 0x8800));
	cr_assert(eq(u64, a->use[WALK_BIN].resident, 0x2800));
	cr_assert(eq(u64, a->returnable, 2 * 4096));
	cr_assert(eq(u64, a->resident, 5 * 4096));
	image_drop(&c.im);
}

// ---- what is broken

Test(glibc_walk, behind_a_broken_header_the_walk_finds_its_way)
{
	const struct walk_arena *a;
	uint64_t bad;

	chunk_init(&c, &GLIBC_2_36);
	for (unsigned i = 0; i < 40; i++)
		chunk_put(&c, 0x50, true);
	bad = chunk_put(&c, 0x50, true);
	for (unsigned i = 0; i < 60; i++)
		chunk_put(&c, 0x50, true);
	chunk_put_top(&c);
	image_put(&c.im, bad + 8, 0x4141414141414141);
	a = walk(NULL);
	// The one before has a successor that makes no sense, and is in doubt with it.
	cr_assert(le(u64, a->use[WALK_UNPARSED].bytes, 0xa0));
	cr_assert(ge(u64, a->use[WALK_UNPARSED].bytes, 0x50));
	cr_assert(ge(u64, a->use[WALK_IN_USE].count, 99));
	cr_assert(eq(u64, all_bytes(a), a->system));
	cr_assert(not(a->whole));
	cr_assert(not(w.still));
	image_drop(&c.im);
}

Test(glibc_walk, a_gap_that_somebody_elses_sbrk_left_is_no_damage)
{
	const struct walk_arena *a;

	chunk_init(&c, &GLIBC_2_36);
	chunk_put(&c, 0xfe0, true);
	chunk_put(&c, 16, true);
	chunk_put(&c, 16, true);
	c.at += 0x2000; // not malloc's
	c.before_in_use = true;
	for (unsigned i = 0; i < 40; i++)
		chunk_put(&c, 0x50, true);
	chunk_put_top(&c);
	a = walk(NULL);
	cr_assert(eq(u64, a->use[WALK_IN_USE].bytes, 0xfe0 + 40 * 0x50));
	cr_assert(eq(u64, a->use[WALK_OWN].bytes, 0x2020));
	cr_assert(eq(u64, a->use[WALK_UNPARSED].bytes, 0));
	cr_assert(a->whole);
	image_drop(&c.im);
}

Test(glibc_walk, without_knowing_which_pages_are_there_nothing_is_read)
{
	struct fail why = { 0 };

	chunk_init(&c, &GLIBC_2_36);
	chunk_put_top(&c);
	cr_assert(glibc_read(&c.im.view, &c.im.mem, &g, &why));
	c.im.view.pages = NULL;
	cr_assert(not(glibc_walk(&c.im.view, &g, NULL, &c.im.mem, &w, &why)));
	cr_assert(eq(int, why.kind, FAIL_ABSENT));
	image_drop(&c.im);
}

// A malloc_state of another build: the same fields in another order.
Test(glibc_walk, a_malloc_state_of_another_order_is_refused)
{
	for (unsigned how = 0; how < 3; how++) {
		struct fail why = { 0 };
		uint64_t bins;

		chunk_init(&c, &GLIBC_2_36);
		chunk_put_top(&c);
		bins = chunk_main_at() + 112;
		if (how == 0) { // next and attached_threads change places
			image_put(&c.im, bins + 2048, 1);
			image_put(&c.im, bins + 2064, ARENA_AT + 48);
		} else if (how == 1) { // system_mem and max_system_mem, both behind the ring
			image_put(&c.im, bins + 2072, UINT64_C(1) << 40);
			image_put(&c.im, bins + 2080, HEAP_PAGES * 4096);
		} else { // top stands behind the bins' first head
			image_put(&c.im, bins - 16, bins - 16);
			image_put(&c.im, bins, BRK_AT + 0x1000);
			image_put(&c.im, bins + 8, BRK_AT + 0x1000);
		}
		if (glibc_read(&c.im.view, &c.im.mem, &g, &why)) {
			// Whatever was taken for it, no sum is called right.
			cr_assert(glibc_walk(&c.im.view, &g, NULL, &c.im.mem, &w, &why));
			cr_assert(not(w.arenas.at[0].whole), "%u", how);
		} else {
			cr_assert(ne(int, why.kind, FAIL_NONE));
		}
		image_drop(&c.im);
	}
}
