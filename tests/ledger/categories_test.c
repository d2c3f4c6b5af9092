// SPDX-License-Identifier: Apache-2.0
#include "ledger/categories.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "facts/snapshot.h"
#include "ledger/checks.h"
#include "ledger/ledger.h"

static struct arena mem;
static struct nmt_facts first, now;

static void add(struct nmt_facts *n, const char *category, uint64_t committed)
{
	vec_push(&mem, &n->rows, (struct nmt_row){ .category = category, .committed = committed });
	n->known = true;
	n->committed += committed;
}

static void add_site(struct nmt_facts *n, const char *outer, uint64_t committed)
{
	vec_push(&mem, &n->sites,
		 (struct nmt_site_row){ .category = "Class",
					.committed = committed,
					.frame = { "os::malloc+0x1", outer },
					.frames = 2 });
	n->sites_known = true;
}

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(categories, .fini = end);

Test(categories, growth_is_by_name_and_a_new_category_held_nothing)
{
	int64_t growth;

	add(&first, "GC", MIB(3));
	add(&first, "Class", MIB(9));
	add(&now, "Class", MIB(7));
	add(&now, "Symbol", MIB(1));
	cr_assert(categories_growth(&now.rows.at[0], &first, &growth));
	cr_assert(eq(i64, growth, -(int64_t)MIB(2)));
	cr_assert(categories_growth(&now.rows.at[1], &first, &growth));
	cr_assert(eq(i64, growth, MIB(1)));
	cr_assert(categories_growth_of_all(&now, &first, &growth));
	cr_assert(eq(i64, growth, -(int64_t)MIB(4)));
}

Test(categories, without_a_first_number_there_is_no_growth)
{
	int64_t growth;

	add(&now, "Class", MIB(7));
	cr_assert(not(categories_growth(&now.rows.at[0], &first, &growth)));
	cr_assert(not(categories_growth_of_all(&now, &first, &growth)));
	add(&first, "Class", MIB(7));
	first.rows.at[0].committed = UNKNOWN_BYTES;
	cr_assert(not(categories_growth(&now.rows.at[0], &first, &growth)));
}

Test(categories, resident_is_known_when_both_parts_are)
{
	struct nmt_row r = { .mmap_resident = 5, .block_resident = 7 };

	cr_assert(eq(u64, categories_resident(&r), 12));
	r.block_resident = UNKNOWN_BYTES;
	cr_assert(eq(u64, categories_resident(&r), UNKNOWN_BYTES));
}

Test(categories, sites_are_compared_by_what_their_frames_are_called)
{
	struct categories_sites index;
	int64_t growth;

	add_site(&first, "a+0x1", 10);
	add_site(&first, "compiled code", 3);
	add_site(&first, "compiled code", 4);
	add_site(&now, "a+0x1", 15);
	add_site(&now, "a+0x2", 6);
	add_site(&now, "compiled code", 9);
	categories_index_sites(&first, &mem, &index);
	cr_assert(categories_site_growth(&index, &now.sites.at[0], &growth));
	cr_assert(eq(i64, growth, 5));
	cr_assert(categories_site_growth(&index, &now.sites.at[1], &growth));
	cr_assert(eq(i64, growth, 6), "it was not there");
	cr_assert(categories_site_growth(&index, &now.sites.at[2], &growth));
	cr_assert(eq(i64, growth, 2), "two of one name count together");
	first.sites_known = false;
	cr_assert(not(categories_site_growth(&index, &now.sites.at[0], &growth)));
}

// ---- checks by NMT

static struct snapshot s;
static struct ledger l;

static const char *reason_of(const char *account, const char *what, uint64_t theirs)
{
	struct check_row c = {
		.account = account, .what = what, .source = "nmt", .theirs = theirs
	};

	return checks_reason(&l, &c);
}

static void build(const char *collector)
{
	struct provenance from = { .collector = "vm", .source = "vmstructs" };
	struct fail why;

	snapshot_init(&s, &mem);
	snapshot_set(&s, F_HEAP_COMMITTED, MIB(64), from);
	snapshot_set(&s, F_METASPACE_COMMITTED, MIB(5), from);
	snapshot_set(&s, F_CLASS_SPACE_COMMITTED, MIB(1), from);
	snapshot_set_text(&s, F_COLLECTOR, collector, from);
	cr_assert(ledger_build(&s, &mem, &l, &why), "%s", why.text);
}

Test(categories, a_known_reason_is_told_where_the_two_differ_and_only_there)
{
	build("Z");
	cr_assert(reason_of("java-heap", "committed", 0) != NULL);
	cr_assert(reason_of("java-heap", "committed", MIB(64)) == NULL);
	build("G1");
	cr_assert(reason_of("java-heap", "committed", 0) == NULL, "nobody knows why");
}

Test(categories, one_category_for_classes_and_metaspace_is_compared_with_both)
{
	struct check_row c = { .account = "class-space",
			       .what = "committed with metaspace",
			       .source = "nmt",
			       .theirs = MIB(9) };

	build("G1");
	cr_assert(eq(u64, checks_ours(&l, &c), MIB(6)));
	cr_assert(checks_differ(&l, &c));
	c.theirs = MIB(6);
	cr_assert(not(checks_differ(&l, &c)));
}
