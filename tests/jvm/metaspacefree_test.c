// SPDX-License-Identifier: Apache-2.0
#include "jvm/metaspacefree.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "metaspacefree_image.h"

static struct metaspacefree_image fi;
static struct metaspace_free found;
static struct metaspace_blocks nonclass, class_space;
static struct fail why;

static void teardown(void)
{
	image_drop(&fi.im);
}

TestSuite(metaspacefree, .fini = teardown);

static bool read_free(void)
{
	return metaspacefree_read(&fi.im.vm, &fi.space, fi.im.boot, &fi.im.mem, &found, &why);
}

static bool read_blocks(void)
{
	return metaspacefree_blocks(&fi.im.vm, &fi.space, &fi.im.boot, 1, &nonclass, &class_space,
				    &why);
}

static void expect_unknown(uint64_t at, uint64_t value, bool (*read)(void), const char *what)
{
	uint64_t before = image_peek(&fi.im, at);

	image_put(&fi.im, at, value);
	cr_expect_not(read(), "%s", what);
	cr_expect_eq(why.kind, FAIL_CORRUPT, "%s: %s", what, why.text);
	image_put(&fi.im, at, before);
}

Test(metaspacefree, free_chunks_stand_in_the_lists_of_their_level)
{
	cr_assert(metaspacefree_image_init(&fi, 16));
	cr_assert(read_free(), "%s", why.text);
	cr_assert_eq(found.chunks.count, 2);
	cr_expect_eq(found.chunks.at[0].size, 0x8000);
	cr_expect_eq(found.chunks.at[0].committed, 4096);
	cr_expect_eq(found.chunks.at[1].start, image_node_start(&fi.im, fi.node) + 0x8000);
}

Test(metaspacefree, a_list_that_is_not_what_it_counts_is_refused)
{
	cr_assert(metaspacefree_image_init(&fi, 16));
	expect_unknown(fi.list + 16, 3, read_free, "one more");
	expect_unknown(fi.list + 16, 1, read_free, "one less");
	expect_unknown(fi.list + 8, fi.chunks[0], read_free, "another last one");
	expect_unknown(fi.chunks[0] + CHUNK_LEVEL, 0x0101, read_free, "one in use");
	expect_unknown(fi.chunks[0] + CHUNK_LEVEL, 0x0002, read_free, "another level");
	expect_unknown(fi.chunks[1] + CHUNK_NEXT, fi.chunks[0], read_free, "a circle");
	expect_unknown(fi.chunks[0], 0x1000, read_free, "outside of all nodes");
	cr_assert(read_free(), "%s", why.text);
}

Test(metaspacefree, blocks_given_back_stand_in_bins_and_in_a_tree)
{
	cr_assert(metaspacefree_image_init(&fi, 16));
	cr_assert(read_blocks(), "%s", why.text);
	cr_expect_eq(nonclass.count, 2 + 3, "two small ones, and three in the tree");
	cr_expect_eq(nonclass.bytes, (2 + 2 + 64 + 64 + 40) * 8);
	cr_expect_eq(class_space.count, 0);
}

Test(metaspacefree, blocks_that_are_not_what_they_count_are_refused)
{
	cr_assert(metaspacefree_image_init(&fi, 16));
	expect_unknown(fi.blocks + 32 * 8, 3, read_blocks, "a small one more");
	expect_unknown(fi.blocks + 36 * 8, 65, read_blocks, "other words in the tree");
	expect_unknown(fi.tree, 7, read_blocks, "no canary");
	expect_unknown(fi.tree + 2 * 8, fi.tree, read_blocks, "a circle");
	cr_assert(read_blocks(), "%s", why.text);
}

Test(metaspacefree, free_chunks_of_old_vms_are_what_no_loader_has_of_a_node)
{
	cr_assert(metaspacefree_image_init(&fi, 11));
	cr_assert(read_free(), "%s", why.text);
	cr_assert_eq(found.chunks.count, 1);
	cr_expect_eq(found.chunks.at[0].size, 1024);
	cr_expect_eq(found.chunks.at[0].start, fi.chunks[0]);
	expect_unknown(fi.chunks[0], 4096, read_free, "a chunk beyond the top");
	expect_unknown(fi.chunks[0], 0, read_free, "a chunk of nothing");
	expect_unknown(fi.chunks[0] + OLD_CHUNK_NODE, fi.chunks[0], read_free, "another node's");
}

Test(metaspacefree, blocks_of_old_vms_are_counted_by_their_dictionary)
{
	cr_assert(metaspacefree_image_init(&fi, 11));
	cr_assert(read_blocks(), "%s", why.text);
	cr_expect_eq(nonclass.count, 2 + 1, "two in the dictionary, one of four words");
	cr_expect_eq(nonclass.bytes, (95 + 4) * 8);
	expect_unknown(fi.tree, 1, read_blocks, "fewer words than blocks");
	expect_unknown(fi.blocks + 32 + 24, 2, read_blocks, "a small one that is not there");
}

Test(metaspacefree, blocks_of_jdk_8_are_counted_by_their_dictionary)
{
	cr_assert(metaspacefree_image_init(&fi, 8));
	cr_assert(read_blocks(), "%s", why.text);
	cr_expect_eq(nonclass.count, 12);
	cr_expect_eq(nonclass.bytes, 618 * 8);
	expect_unknown(fi.tree, fi.tree, read_blocks, "no virtual table");
}
