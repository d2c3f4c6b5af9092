// SPDX-License-Identifier: Apache-2.0
#include "malloc/glibc_threads.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "chunk_image.h"

static struct chunk_image c;
static struct glibc g;

// A control block at the end of the image's memory that is no malloc's, and its thread_arena.
static uint64_t put_block(unsigned page, uint32_t tid, uint64_t before, uint64_t arena)
{
	uint64_t at = MIXED_AT + page * (uint64_t)PAGE_SIZE_BYTES + 0x6c0;

	image_put(&c.im, at, at);
	image_put(&c.im, at + 16, at);
	image_put32(&c.im, at + 720, tid);
	image_put(&c.im, at - before, arena);
	return at;
}

static void open_image(const struct image_layout *layout)
{
	struct fail why = { 0 };

	chunk_init(&c, layout);
	chunk_put_top(&c);
	cr_assert(glibc_read(&c.im.view, &c.im.mem, &g, &why), "%s", why.text);
}

static const struct range EVERYWHERE[] = {
	{ MIXED_AT, MIXED_AT + MIXED_PAGES *(uint64_t)PAGE_SIZE_BYTES },
	{ MIXED_AT, MIXED_AT + PAGE_SIZE_BYTES }, // once more
};

Test(glibc_threads, each_thread_has_the_arena_that_its_own_memory_names)
{
	struct glibc_threads found;

	open_image(&GLIBC_2_36);
	put_block(0, 11, 56, chunk_main_at());
	put_block(1, 12, 56, SECOND_AT + 48);
	put_block(2, 13, 56, ARENA_AT + 48);
	cr_assert(glibc_threads_find(&c.im.view, &g, EVERYWHERE, 2, &c.im.mem, &found));
	cr_assert(eq(sz, found.list.count, 3));
	cr_assert(eq(u32, found.list.at[0].tid, 11));
	cr_assert(eq(u32, found.list.at[0].arena, 0));
	cr_assert(eq(u32, found.list.at[1].arena, 2));
	cr_assert(eq(u32, found.list.at[2].arena, 1));
	image_drop(&c.im);
}

Test(glibc_threads, one_that_never_allocated_has_none)
{
	struct glibc_threads found;

	open_image(&GLIBC_2_43);
	put_block(0, 11, 48, chunk_main_at());
	put_block(1, 12, 48, 0);
	cr_assert(glibc_threads_find(&c.im.view, &g, EVERYWHERE, 2, &c.im.mem, &found));
	cr_assert(eq(u32, found.list.at[1].arena, UINT32_MAX));
	image_drop(&c.im);
}

Test(glibc_threads, more_threads_than_an_arena_counts_prove_nothing)
{
	struct glibc_threads found;

	open_image(&GLIBC_2_36);
	put_block(0, 11, 56, ARENA_AT + 48);
	put_block(1, 12, 56, ARENA_AT + 48); // it says that it has one
	cr_assert(not(glibc_threads_find(&c.im.view, &g, EVERYWHERE, 2, &c.im.mem, &found)));
	image_drop(&c.im);
}
