// SPDX-License-Identifier: Apache-2.0
#include "ledger/malloc_split.h"

#include <criterion/criterion.h>
#include <string.h>

#include "given.h"

static struct arena mem;
static struct snapshot s;
static struct ledger l;
static struct malloc_split split;

static void begin(void)
{
	mem = (struct arena){ 0 };
	snapshot_init(&s, &mem);
	given_mapping(&s, 0x10000, 0x20000, "");
	given_run(&s, 0x10000, 0x20000);
	given_claim(&s, "malloc", 0x10000, 0x20000);
	given_claim(&s, "direct-buffers", 0x12000, 0x14000);
	s.malloc.known = true;
	s.malloc.resident_returnable = 0x3000;
	s.malloc.resident_pinned = 0x800;
}

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(malloc_split, .init = begin, .fini = end);

static void build(void)
{
	struct fail why;

	cr_assert(ledger_build(&s, &mem, &l, &why), "%s", why.text);
}

Test(malloc_split, the_shares_sum_to_the_account)
{
	build();
	cr_assert(malloc_split(&l, NULL, &split));
	cr_assert_eq(split.row[MALLOC_IN_USE].resident, 0xe000 - 0x3800);
	cr_assert_eq(split.row[MALLOC_RETURNABLE].resident, 0x3000);
	cr_assert_eq(split.row[MALLOC_PINNED].resident, 0x800);
	cr_assert_eq(split.freed.resident, 0x3800);
	cr_assert_eq(split.row[MALLOC_IN_USE].certain + split.freed.certain, 0xe000);
	cr_assert_eq(ledger_row(&l, "malloc")->resident, 0xe000);
}

Test(malloc_split, a_share_is_no_surer_than_the_walk)
{
	s.malloc.certainty = MALLOC_UNSURE;
	build();
	cr_assert(malloc_split(&l, NULL, &split));
	cr_assert_eq(split.row[MALLOC_PINNED].certainty, CERTAINTY_ESTIMATED);
}

Test(malloc_split, without_a_walk_or_with_more_free_than_there_is_it_is_one_account)
{
	s.malloc.known = false;
	build();
	cr_assert(!malloc_split(&l, NULL, &split));
	s.malloc.known = true;
	s.malloc.resident_pinned = 0x10000;
	cr_assert(!malloc_split(&l, NULL, &split));
	snapshot_doubt(&s, "malloc", "malloc", false);
	s.malloc.resident_pinned = 0;
	build();
	cr_assert(!malloc_split(&l, NULL, &split));
}

Test(malloc_split, each_share_grows_by_itself)
{
	struct snapshot later = s;
	struct fail why;
	struct ledger now;

	build();
	later.malloc.resident_returnable = 0x1000;
	cr_assert(ledger_build(&later, &mem, &now, &why));
	ledger_grow(&now, &l);
	cr_assert(malloc_split(&now, &l, &split));
	cr_assert_eq(split.row[MALLOC_RETURNABLE].growth, -0x2000);
	cr_assert_eq(split.row[MALLOC_IN_USE].growth, 0x2000);
	cr_assert_eq(split.freed.growth, -0x2000);
	s.malloc.known = false; // the first look told nothing
	cr_assert(malloc_split(&now, &l, &split));
	cr_assert(!split.freed.has_growth);
}
