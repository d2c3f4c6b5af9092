// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>

static struct arena mem;

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(arena, .fini = drop);

Test(arena, pieces_are_zeroed_aligned_and_apart)
{
	char *before = NULL;

	for (size_t size = 1; size < 300000; size = size * 3 + 1) {
		char *piece = arena_get(&mem, size);

		cr_assert_eq((uintptr_t)piece % 16, 0);
		for (size_t i = 0; i < size; i++)
			cr_assert_eq(piece[i], 0);
		memset(piece, 0x55, size);
		cr_assert(!before || *before == 0x55);
		before = piece;
	}
}

Test(arena, a_large_piece_leaves_the_open_block_open)
{
	char *small = arena_get(&mem, 16), *next;

	arena_get(&mem, 1 << 20);
	next = arena_get(&mem, 16);
	cr_assert_eq(next, small + 16);
}

Test(arena, a_dropped_arena_is_empty_and_usable)
{
	arena_text(&mem, "once");
	arena_drop(&mem);
	cr_assert_null(mem.last);
	cr_assert_str_eq(arena_text(&mem, "again"), "again");
}

Test(arena, bytes_are_copied_with_a_nul_behind_them)
{
	cr_assert_str_eq(arena_copy(&mem, "abcdef", 3), "abc");
	cr_assert_str_eq(arena_copy(&mem, NULL, 0), "");
}

Test(arena, text_is_formatted_at_any_length)
{
	const char *long_text = arena_format(&mem, "%0*d", 100000, 7);

	cr_assert_eq(strlen(long_text), 100000);
	cr_assert_eq(long_text[99999], '7');
	cr_assert_str_eq(arena_format(&mem, "%s", ""), "");
}

Test(arena, an_array_grows_and_keeps_what_was_pushed)
{
	VEC(uint32_t) v = { 0 };

	for (uint32_t i = 0; i < 1000; i++)
		vec_push(&mem, &v, i * i);
	cr_assert_eq(v.count, 1000);
	for (uint32_t i = 0; i < 1000; i++)
		cr_assert_eq(v.at[i], i * i);
}

Test(arena, an_array_whose_size_overflows_ends_the_program, .exit_code = 3)
{
	arena_get_array(&mem, SIZE_MAX / 2, 16);
}
