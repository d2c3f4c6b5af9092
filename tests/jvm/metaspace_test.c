// SPDX-License-Identifier: Apache-2.0
#include "jvm/metaspace.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "image.h"

static struct image im;
static struct metaspace space;
static struct fail why;
static uint64_t node, class_node, chunks[3];

static void open_image(void)
{
	image_init(&im);
	node = image_node(&im);
	class_node = image_node(&im);
	image_commit(&im, node, 10);
	image_commit(&im, class_node, 3);
	chunks[0] = image_chunk(&im, node, 0x8000, 1, 512, 4096);    // the current one
	chunks[1] = image_chunk(&im, node, 0x4000, 2, 16000, 16384); // retired: 384 wasted
	chunks[2] = image_chunk(&im, class_node, 0, 0, 8192, 12288);
	image_metaspace(&im, im.boot, chunks, 2, chunks + 2, 1);
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(metaspace, .init = open_image, .fini = close_image);

static bool read_boot(void)
{
	return metaspace_read(&im.vm, &im.boot, 1, &im.mem, &space, &why);
}

static void expect_unknown(const char *what)
{
	cr_assert_not(read_boot(), "%s", what);
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	cr_assert(strstr(why.text, "layout unknown"), "%s: %s", what, why.text);
}

Test(metaspace, a_loaders_bytes_are_those_of_its_chunks)
{
	cr_assert(read_boot(), "%s", why.text);
	cr_assert(space.loaders[0].readable);
	cr_assert_eq(space.loaders[0].nonclass.capacity, 32768 + 16384);
	cr_assert_eq(space.loaders[0].nonclass.committed, 4096 + 16384);
	cr_assert_eq(space.loaders[0].nonclass.used, 512 + 16000);
	cr_assert_eq(space.loaders[0].nonclass.wasted, 384);
	cr_assert_eq(space.loaders[0].nonclass.chunks, 2);
	cr_assert_eq(space.loaders[0].class_space.used, 8192);
	cr_assert_eq(space.loaders[0].chunk_count, 3);
	cr_assert_eq(space.chunks.at[0].start, image_node_start(&im, node) + 0x8000);
}

Test(metaspace, a_nodes_committed_bytes_come_from_its_commit_mask)
{
	struct range *ranges;
	size_t count;

	cr_assert(read_boot(), "%s", why.text);
	cr_assert_eq(space.nodes.count, 2);
	cr_assert_eq(space.nonclass.committed, 10 * 4096);
	cr_assert_eq(space.nonclass.reserved, 4 << 16);
	cr_assert_eq(space.class_space.committed, 3 * 4096);
	image_put(&im, space.nodes.at[0].mask_at, 0x36); // granules 1, 2, 4, 5
	cr_assert(metaspace_node_committed(&im.vm, &space.nodes.at[0], &im.mem, &ranges, &count,
					   &why));
	cr_assert_eq(count, 2);
	cr_assert_eq(ranges[1].start, space.nodes.at[0].start + 4 * 4096);
	cr_assert_eq(ranges[1].end, space.nodes.at[0].start + 6 * 4096);
}

Test(metaspace, class_space_is_what_class_arenas_point_into)
{
	struct metaspace_node n;

	cr_assert(read_boot(), "%s", why.text);
	for (size_t i = 0; i < space.nodes.count; i++)
		cr_assert_eq(space.nodes.at[i].class_space, space.nodes.at[i].at == class_node);
	cr_assert(metaspace_class_space(&im.vm, im.boot, &n, &why), "%s", why.text);
	cr_assert_eq(n.start, image_node_start(&im, class_node));
}

Test(metaspace, nodes_behind_a_known_one_are_found)
{
	uint64_t older = image_node(&im);

	image_commit(&im, older, 64);
	image_put(&im, node, older);
	cr_assert(read_boot(), "%s", why.text);
	cr_assert_eq(space.nodes.count, 3);
	cr_assert_eq(space.nonclass.committed, (10 + 64) * 4096);
}

Test(metaspace, a_node_that_is_both_spaces_is_refused)
{
	image_put(&im, chunks[2] + CHUNK_NODE, node);
	image_put(&im, chunks[2], image_node_start(&im, node));
	expect_unknown("one node in two spaces");
}

Test(metaspace, a_chunk_that_breaks_a_rule_is_refused)
{
	static const struct {
		const char *what;
		uint64_t offset, value;
	} BROKEN[] = {
		{ "used above committed", CHUNK_USED, 513 },
		{ "committed above size", CHUNK_COMMITTED, 4097 },
		{ "a level that does not exist", CHUNK_LEVEL, 0x010f },
		{ "a chunk that is free", CHUNK_LEVEL, 0x0001 },
		{ "no node", CHUNK_NODE, 0 },
		{ "a wild node", CHUNK_NODE, 0xdeadbeef },
		{ "a base outside the node", 0, 0x1000 },
		{ "a circle", CHUNK_NEXT, 1 },
	};

	for (size_t i = 0; i < sizeof(BROKEN) / sizeof(*BROKEN); i++) {
		uint64_t before = image_peek(&im, chunks[0] + BROKEN[i].offset);
		uint64_t value = BROKEN[i].value == 1 ? chunks[0] : BROKEN[i].value;

		image_put(&im, chunks[0] + BROKEN[i].offset, value);
		expect_unknown(BROKEN[i].what);
		image_put(&im, chunks[0] + BROKEN[i].offset, before);
	}
	cr_assert(read_boot(), "all is mended: %s", why.text);
}

Test(metaspace, a_node_whose_mask_disagrees_is_refused)
{
	for (uint64_t word = 72; word <= 136; word += 8) {
		uint64_t before = image_peek(&im, node + word);

		if (word == 112) // the bitmap's own type word is not known to us
			continue;
		image_put(&im, node + word, before + 1);
		if (word == 88) // what is used may well be a word more
			cr_assert(read_boot(), "%s", why.text);
		else
			expect_unknown("a word of the node");
		image_put(&im, node + word, before);
	}
}

Test(metaspace, a_loader_with_another_lock_is_refused)
{
	image_put(&im, im.boot + CLD_LOCK, im.vtable);
	expect_unknown("the lock");
}

Test(metaspace, one_bad_loader_does_not_cost_the_others)
{
	uint64_t bad = image_loader(&im, 0, true, NULL);
	uint64_t chunk = image_chunk(&im, node, 0xc000, 2, 8, 4096);
	uint64_t both[2] = { bad, im.boot };

	image_metaspace(&im, bad, &chunk, 1, NULL, 0);
	image_put8(&im, chunk + CHUNK_STATE, 0);
	cr_assert(metaspace_read(&im.vm, both, 2, &im.mem, &space, &why), "%s", why.text);
	cr_assert_not(space.loaders[0].readable);
	cr_assert(space.loaders[1].readable);
	cr_assert_eq(space.unreadable, 1);
	cr_assert_eq(space.chunks.count, 3);
}

Test(metaspace, a_loader_without_metaspace_has_none)
{
	uint64_t fresh = image_loader(&im, 0, true, NULL);
	uint64_t both[2] = { fresh, im.boot };

	cr_assert(metaspace_read(&im.vm, both, 2, &im.mem, &space, &why), "%s", why.text);
	cr_assert(space.loaders[0].readable);
	cr_assert_eq(space.loaders[0].nonclass.chunks, 0);
}

// --- JDK 8 to 15: chunk headers stand inside of Metaspace ---

enum { OLD_NODE = 256 << 10, OLD_COMMITTED = 128 << 10, OLD_CHUNK = 4096 };

static uint64_t add_old_node(uint64_t *start)
{
	uint64_t at;

	im.used = (im.used + 4095) & ~UINT64_C(4095);
	*start = image_get(&im, OLD_NODE);
	at = image_get(&im, 200);
	image_put(&im, at + 64, *start);
	image_put(&im, at + 72, *start + OLD_NODE);
	image_put(&im, at + 80, *start);
	image_put(&im, at + 88, *start + OLD_COMMITTED);
	image_put(&im, at + 176, *start + 2 * OLD_CHUNK);
	return at;
}

static void put_old_chunk(uint64_t at, uint64_t next, uint64_t old_node, uint64_t used)
{
	image_put(&im, at, OLD_CHUNK / 8);
	image_put(&im, at + 8, next);
	image_put(&im, at + 24, old_node);
	image_put(&im, at + 32, at + used);
}

// Two chunks for the boot loader: in one list (11) or in two of the four (8).
static uint64_t make_old(bool jdk8)
{
	uint64_t start, old_node = add_old_node(&start), second = start + OLD_CHUNK;
	uint64_t arena = image_get(&im, 96), object = image_get(&im, 64);

	put_old_chunk(start, jdk8 ? 0 : second, old_node, 4000);
	put_old_chunk(second, 0, old_node, 1000);
	image_put(&im, arena + 16, start);
	if (jdk8)
		image_put(&im, arena + 32, second);
	image_put(&im, arena + (jdk8 ? 56 : 48), 4800 / 8);
	image_put(&im, arena + (jdk8 ? 64 : 40), 2 * OLD_CHUNK / 8);
	image_put(&im, object + (jdk8 ? 0 : 16), arena);
	if (!jdk8)
		image_put(&im, object, image_peek(&im, im.boot + CLD_LOCK));
	image_put(&im, im.boot + CLD_METASPACE, object);
	return arena;
}

static void expect_old(void)
{
	cr_assert(read_boot(), "%s", why.text);
	cr_assert_eq(space.loaders[0].nonclass.capacity, 2 * OLD_CHUNK);
	cr_assert_eq(space.loaders[0].nonclass.used, 4800);
	cr_assert_eq(space.loaders[0].nonclass.chunks, 2);
	cr_assert_eq(space.nonclass.committed, OLD_COMMITTED);
	cr_assert_eq(space.nonclass.reserved, OLD_NODE);
}

Test(metaspace, the_layout_of_jdk_11_is_told_by_its_checks)
{
	uint64_t arena = make_old(false);

	expect_old();
	image_put(&im, arena + 40, 2 * OLD_CHUNK / 8 + 1); // the manager's own count disagrees
	expect_unknown("a sum that is wrong");
}

Test(metaspace, the_layout_of_jdk_8_is_told_by_its_checks)
{
	uint64_t arena = make_old(true);
	uint64_t first = image_peek(&im, arena + 16);

	expect_old();
	image_put(&im, first + 8, first); // a circle
	expect_unknown("a circle of chunks");
	image_put(&im, first + 8, 0);
	image_put(&im, first + 32, first + OLD_CHUNK + 8);
	expect_unknown("a top outside of the chunk");
}
