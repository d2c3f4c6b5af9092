// SPDX-License-Identifier: Apache-2.0
#include "jvm/nmtregions.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "nmt_image.h"

static struct nmt_image im;
static struct nmtsummary summary;
static struct nmtregions got;
static struct fail why;

static bool read_regions(void)
{
	cr_assert(nmt_read_summary(&im, &summary, &why), "%s", why.text);
	return nmtregions_read(&im.vm, &im.statics, &summary, &im.mem, &got, &why);
}

static void expect_all(bool stacks)
{
	cr_assert(read_regions(), "%s", why.text);
	cr_assert(eq(sz, got.list.count, im.range_count));
	for (size_t i = 0; i < im.range_count; i++) {
		const struct nmtregion *r = &got.list.at[i], *e = &im.ranges[i];

		cr_assert(eq(u64, r->start, e->start));
		cr_assert(eq(u64, r->end, e->end));
		cr_assert(eq(u64, r->committed, e->committed));
		cr_assert(eq(u32, r->category, e->category));
		cr_assert(eq(u64, r->stack[0], stacks ? e->stack[0] : 0));
	}
}

Test(nmtregions, a_list_is_walked_to_its_end)
{
	nmt_init(&im, false);
	nmt_put_list(&im);
	expect_all(true);
	nmt_drop(&im);
}

Test(nmtregions, an_older_list_has_a_hash_behind_its_stacks)
{
	nmt_init(&im, true);
	nmt_put_list(&im);
	expect_all(true);
	nmt_drop(&im);
}

Test(nmtregions, a_tree_of_changes_becomes_ranges)
{
	nmt_init(&im, false);
	nmt_put_tree(&im);
	expect_all(true);
	nmt_drop(&im);
}

Test(nmtregions, a_tree_without_stacks_has_its_ranges_all_the_same)
{
	uint64_t tracker;

	nmt_init(&im, false);
	tracker = nmt_put_tree(&im);
	nmt_put(&im, nmt_get(&im, tracker + 32) - 16, 8); // a block of another size
	expect_all(false);
	nmt_drop(&im);
}

Test(nmtregions, a_range_that_is_all_committed_has_no_parts_on_old_vms)
{
	uint64_t node;

	nmt_init(&im, true);
	node = nmt_get(&im, nmt_put_list(&im) + 8);
	nmt_put(&im, node + 24, 0);
	nmt_put(&im, node + 32, 1);
	im.ranges[0].committed = im.ranges[0].end - im.ranges[0].start;
	expect_all(true);
	nmt_drop(&im);
}

static void mend(struct nmt_image *i)
{
	uint64_t at = nmt_mapping_at(i, 5);

	if (i->forgets < 3)
		return;
	nmt_put(i, at, MIB(2));
}

Test(nmtregions, what_moves_is_read_again_until_it_agrees_with_the_counters)
{
	nmt_init(&im, false);
	nmt_put_list(&im);
	nmt_put(&im, nmt_mapping_at(&im, 5), MIB(3)); // one more mapping that the list has not yet
	im.on_forget = mend;
	expect_all(true);
	cr_assert(eq(uint, im.forgets, 3));
	nmt_drop(&im);
}

// A word of the list or the tree is changed: nothing may be believed then.
struct breakage {
	bool tree;
	size_t node; // of the list: which; of the tree: 0 the tracker, else the root
	uint64_t offset, value;
	const char *what;
};
static const struct breakage BREAKAGES[] = {
	{ false, 0, 0, NMT_MAPPED + 1, "an odd start" },
	{ false, 1, 8, MIB(1), "a size that the counters do not have" },
	{ false, 1, 16, NMT_OBJECTS, "no virtual table" },
	{ false, 1, 72, 200, "no such category" },
	{ false, 2, 80, NMT_OBJECTS + 4, "no pointer to the next" },
	{ false, 2, 80, 0, "an end before all are there" },
	{ true, 0, 0, 2, "fewer nodes than there are" },
	{ true, 0, 0, 1000, "more nodes than there are" },
	{ true, 0, 8, NMT_OBJECTS + 8, "another root" },
	{ true, 1, 0, NMT_OBJECTS, "a root with a parent" },
	{ true, 1, 8, 0, "half of it is missing" },
	{ true, 1, 24, 8, "addresses that fall" },
	{ true, 1, 32, 0xffffffffffffff02, "a state that there is not" },
	{ true, 1, 44, 0xffffffffffffff01, "states that do not follow each other" },
};

static uint64_t broken_place(const struct breakage *b)
{
	uint64_t at;

	if (b->tree) {
		at = nmt_put_tree(&im);
		return b->node ? nmt_get(&im, at + 8) : at;
	}
	at = nmt_get(&im, nmt_put_list(&im) + 8);
	for (size_t i = 0; i < b->node; i++)
		at = nmt_get(&im, at + 80);
	return at;
}

Test(nmtregions, a_damaged_word_makes_them_unknown)
{
	for (size_t i = 0; i < sizeof(BREAKAGES) / sizeof(BREAKAGES[0]); i++) {
		const struct breakage *b = &BREAKAGES[i];

		nmt_init(&im, false);
		nmt_put(&im, broken_place(b) + b->offset, b->value);
		cr_assert(not(read_regions()), "%s", b->what);
		cr_assert(eq(int, why.kind, FAIL_CORRUPT), "%s", b->what);
		nmt_drop(&im);
	}
}

Test(nmtregions, a_circle_has_an_end)
{
	uint64_t first, second;

	nmt_init(&im, false);
	first = nmt_get(&im, nmt_put_list(&im) + 8);
	second = nmt_get(&im, first + 80);
	nmt_put(&im, second + 80, first);
	cr_assert(not(read_regions()));
	nmt_drop(&im);
}

Test(nmtregions, without_counters_there_is_nothing_to_believe_them_by)
{
	nmt_init(&im, false);
	nmt_put_list(&im);
	im.known = (struct nmtsummary_known){ 0 };
	cr_assert(not(read_regions()));
	cr_assert(eq(int, why.kind, FAIL_ABSENT));
	nmt_drop(&im);
}
