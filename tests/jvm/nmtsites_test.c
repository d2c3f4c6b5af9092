// SPDX-License-Identifier: Apache-2.0
#include "jvm/nmtsites.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "nmt_image.h"

static struct nmt_image im;
static struct nmtsummary summary;
static struct nmtsites got;
static struct fail why;

static bool read_sites(void)
{
	cr_assert(nmt_read_summary(&im, &summary, &why), "%s", why.text);
	return nmtsites_read(&im.vm, &im.statics, &summary, &im.mem, &got, &why);
}

static void expect_all(void)
{
	uint64_t blocks = 0;

	cr_assert(read_sites(), "%s", why.text);
	cr_assert(eq(sz, got.list.count, NMT_SITE_COUNT));
	for (size_t i = 0; i < got.list.count; i++) {
		const struct nmtsite *s = &got.list.at[i];
		size_t which = (size_t)(s->stack[0] - NMT_LIBRARY - 0x1000) / 8;
		uint64_t stack[NMT_FRAMES];

		nmt_site_stack(which, stack);
		cr_assert(not(memcmp(s->stack, stack, sizeof(stack))));
		cr_assert(eq(u32, s->category, which % im.names));
		cr_assert(eq(u64, s->count, nmt_site_blocks(&im, which)));
		cr_assert(eq(u64, s->bytes, s->count * 40));
		blocks += s->count;
	}
	cr_assert(eq(u64, blocks, summary.block_count));
}

Test(nmtsites, a_malloced_table_tells_how_many_buckets_it_has)
{
	nmt_init(&im, false);
	nmt_put_sites(&im, false);
	expect_all();
	nmt_drop(&im);
}

Test(nmtsites, a_table_among_the_statics_is_found_by_its_entries)
{
	nmt_init(&im, false);
	nmt_put_sites(&im, true);
	expect_all();
	nmt_drop(&im);
}

Test(nmtsites, older_entries_have_the_hash_behind_their_stack)
{
	nmt_init(&im, true);
	nmt_put_sites(&im, true);
	expect_all();
	nmt_drop(&im);
}

Test(nmtsites, frames_may_lie_outside_of_the_library)
{
	uint64_t table, site;

	nmt_init(&im, false);
	table = nmt_put_sites(&im, false);
	site = nmt_get(&im, table + nmt_site_hash(NMT_SITE_COUNT - 1) % NMT_BUCKETS * 8);
	nmt_put(&im, site, 0x7f9900000000);
	cr_assert(read_sites(), "%s", why.text);
	cr_assert(eq(sz, got.list.count, NMT_SITE_COUNT));
	nmt_drop(&im);
}

Test(nmtsites, a_site_that_holds_nothing_now_is_left_out)
{
	uint64_t table, site;

	nmt_init(&im, false);
	table = nmt_put_sites(&im, false);
	site = nmt_get(&im, table + nmt_site_hash(NMT_SITE_COUNT - 2) % NMT_BUCKETS * 8);
	cr_assert(eq(u64, nmt_get(&im, site + 40), nmt_site_blocks(&im, 0)), "not the last one");
	nmt_put(&im, site + 40, 0);
	nmt_put(&im, site + 48, 0);
	cr_assert(read_sites(), "%s", why.text);
	cr_assert(eq(sz, got.list.count, NMT_SITE_COUNT - 1));
	nmt_drop(&im);
}

// One word of an entry or the table is changed: no site may be believed then.
static const struct {
	uint64_t offset, value;
	const char *what;
} BREAKAGES[] = {
	{ 72, 77, "a hash of another bucket" },
	{ 32, 200, "no such category" },
	{ 40, UINT64_C(1) << 50, "a count that can't be" },
	{ 40, 1000000, "more blocks than there are" },
	{ 80, NMT_OBJECTS + 4, "no pointer to the next" },
	{ 80, NMT_LIBRARY + NMT_LIBRARY_BYTES + 64, "a next that is not there" },
};

Test(nmtsites, a_damaged_word_makes_them_unknown)
{
	for (size_t i = 0; i < sizeof(BREAKAGES) / sizeof(BREAKAGES[0]); i++) {
		uint64_t table, site;

		nmt_init(&im, false);
		table = nmt_put_sites(&im, false);
		site = nmt_get(&im, table + nmt_site_hash(NMT_SITE_COUNT - 1) % NMT_BUCKETS * 8);
		nmt_put(&im, site + BREAKAGES[i].offset, BREAKAGES[i].value);
		cr_assert(not(read_sites()), "%s", BREAKAGES[i].what);
		cr_assert(eq(int, why.kind, FAIL_CORRUPT), "%s", BREAKAGES[i].what);
		nmt_drop(&im);
	}
}

Test(nmtsites, a_chain_that_bites_its_tail_has_an_end)
{
	uint64_t table, site;

	nmt_init(&im, false);
	table = nmt_put_sites(&im, false);
	site = nmt_get(&im, table + nmt_site_hash(NMT_SITE_COUNT - 1) % NMT_BUCKETS * 8);
	nmt_put(&im, site + 80, site);
	cr_assert(not(read_sites()));
	nmt_drop(&im);
}
