// SPDX-License-Identifier: Apache-2.0
#include "jvm/metaspace.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "image_old.h"

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

Test(metaspace, an_unreadable_node_behind_a_known_one_costs_only_itself)
{
	image_put(&im, node, UINT64_C(0x7f0000000000));
	cr_assert(read_boot(), "%s", why.text);
	cr_assert_eq(space.nodes.count, 2);
	cr_assert_eq(space.loaders[0].chunk_count, 3);
}

// Leaves out what lies from `start` to `end`, as maps do that were read before it was mapped.
static void age_maps(uint64_t start, uint64_t end)
{
	struct mapping *two = arena_array(&im.mem, struct mapping, 2);

	two[0] = two[1] = im.maps.at[0];
	two[0].end = start;
	two[1].start = end;
	im.maps = (struct maps){ .at = two, .count = 2 };
}

Test(metaspace, a_node_may_be_younger_than_the_maps_of_a_vm_that_runs)
{
	uint64_t start = image_node_start(&im, node);

	age_maps(start, start + (4 << 16));
	cr_assert(read_boot(), "%s", why.text);
	cr_assert_eq(space.loaders[0].chunk_count, 3);
	im.maps.at[0].end += 4096; // but not partly so
	expect_unknown("a node that is half mapped");
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

static uint64_t old_node, old_class_node, old[3];

// The boot loader with two chunks and one in class space.
static void make_old(bool jdk8)
{
	close_image();
	image_init(&im);
	old_node = image_old_node(&im);
	old_class_node = image_old_node(&im);
	old[0] = image_old_chunk(&im, old_node, 4096, 1000);       // the current one
	old[1] = image_old_chunk(&im, old_node, 8192, 8192 - 160); // retired: 160 wasted
	old[2] = image_old_chunk(&im, old_class_node, 2048, 512);
	image_old_metaspace(&im, im.boot, jdk8, old, 2, old + 2, 1);
}

static void expect_old(bool jdk8)
{
	cr_assert(read_boot(), "%s", why.text);
	cr_expect_eq(space.loaders[0].nonclass.capacity, 12288);
	cr_expect_eq(space.loaders[0].nonclass.used, 1000 + 8192 - 160 - 2 * (jdk8 ? 40 : 64));
	cr_expect_eq(space.loaders[0].nonclass.wasted, 160);
	cr_expect_eq(space.loaders[0].nonclass.chunks, 2);
	cr_expect_eq(space.loaders[0].class_space.capacity, 2048);
	cr_expect_eq(space.nonclass.committed, OLD_NODE_COMMITTED);
	cr_expect_eq(space.class_space.reserved, OLD_NODE_BYTES);
	cr_expect_not(space.contradicted);
}

// Changes a word that must not be believed then, and mends it.
static void expect_refused(uint64_t at, uint64_t value, const char *what)
{
	uint64_t before = image_peek(&im, at);

	image_put(&im, at, value);
	expect_unknown(what);
	image_put(&im, at, before);
}

Test(metaspace, the_layout_of_jdk_11_is_told_by_its_checks)
{
	uint64_t manager;

	make_old(false);
	manager = image_old_manager(&im, im.boot, false, false);
	expect_old(false);
	expect_refused(manager + 40, 12288 / 8 + 1, "the manager's own count disagrees");
	expect_refused(manager, im.vtable, "the manager has another lock");
	expect_refused(im.boot + CLD_LOCK, im.vtable, "the loader has another lock");
	expect_refused(image_old_manager(&im, im.boot, false, true) + 8 * 2, old[0],
		       "class space in the wrong node");
	expect_old(false);
}

Test(metaspace, the_layout_of_jdk_8_is_told_by_its_checks)
{
	make_old(true);
	expect_old(true);
	cr_expect_eq(space.nonclass.used, 1000 + 8192 - 160, "the VM's sum has the headers");
	expect_refused(image_old_manager(&im, im.boot, true, false) + 56, 1000 / 8,
		       "used is not what the tops say");
	expect_refused(old[0] + OLD_CHUNK_NEXT, old[0], "a circle of chunks");
	expect_refused(old[0] + OLD_CHUNK_TOP, old[0] + 4096 + 8, "a top outside of the chunk");
	expect_refused(image_old_manager(&im, im.boot, true, false), im.vtable,
		       "the manager has another lock");
	expect_old(true);
}

Test(metaspace, an_old_node_whose_words_disagree_is_refused)
{
	make_old(true);
	expect_refused(old_node + OLD_NODE_UPPER_END, old[0], "another upper end");
	expect_refused(old_node + OLD_NODE_TOP, image_peek(&im, old_node + OLD_NODE_HIGH) + 8,
		       "a top above the committed");
	expect_refused(old_node + OLD_NODE_HIGH, 8, "less than nothing committed");
	expect_old(true);
}

Test(metaspace, chunks_that_no_loader_has_contradict_their_old_nodes_count)
{
	make_old(false);
	image_old_chunk(&im, old_node, 1024, 512);
	cr_assert(read_boot(), "%s", why.text);
	cr_assert(space.contradicted);
	cr_expect_eq(space.chunks_counted, 4);
	cr_expect_eq(space.chunks.count, 3);
}

// A class is loaded while the arena is read: the counter is one allocation behind the chunk's top.
static void allocate_meanwhile(struct image *i)
{
	uint64_t manager = image_old_manager(i, i->boot, false, false);

	image_put(i, manager + 48, (1000 + 96 + 8192 - 160) / 8 - 2 * 8);
}

Test(metaspace, an_old_arena_that_is_allocated_from_meanwhile_is_looked_at_again)
{
	make_old(false);
	image_put(&im, old[0] + OLD_CHUNK_TOP, old[0] + 1096);
	im.on_anew = allocate_meanwhile;
	cr_assert(read_boot(), "%s", why.text);
	cr_expect_eq(space.loaders[0].nonclass.used, 1096 + 8192 - 160 - 2 * 64);
	cr_expect_eq(space.chunks.at[0].used, 1096);
}

Test(metaspace, an_old_chunk_in_two_loaders_lists_is_counted_once)
{
	uint64_t other, both[2];

	make_old(true);
	other = image_loader(&im, 0, true, NULL);
	image_old_metaspace(&im, other, true, old + 1, 1, NULL, 0);
	both[0] = other;
	both[1] = im.boot;
	cr_assert(metaspace_read(&im.vm, both, 2, &im.mem, &space, &why), "%s", why.text);
	cr_expect_not(space.contradicted);
	image_put(&im, old_node + OLD_NODE_CHUNKS, 3);
	cr_assert(metaspace_read(&im.vm, both, 2, &im.mem, &space, &why), "%s", why.text);
	cr_expect(space.contradicted, "a third is missing");
	cr_expect_eq(space.chunks_found, 3);
	cr_expect_eq(space.chunks_counted, 4);
}
