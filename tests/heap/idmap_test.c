// SPDX-License-Identifier: Apache-2.0
#include "heap/idmap.h"

#include <criterion/criterion.h>
#include <stdlib.h>

#include "base/fail.h"

static struct bigs bigs = { .limit = UINT64_MAX };

static void check_all(const struct idmap *m, const uint64_t *ids, unsigned count)
{
	uint8_t *taken = calloc(count, 1);

	cr_assert_eq(m->count, count);
	for (unsigned i = 0; i < count; i++) {
		uint32_t n = idmap_find(m, ids[i]);

		cr_assert_lt(n, count);
		cr_expect_not(taken[n], "numbers are different");
		taken[n] = 1;
		if (i)
			cr_expect_eq(idmap_find(m, ids[i] - 1), IDMAP_NONE);
	}
	free(taken);
}

Test(idmap, addresses_in_many_pieces_have_numbers)
{
	struct idmap m;
	uint64_t ids[5000];

	cr_assert(idmap_init(&m, &bigs, 3, 0, NULL));
	for (unsigned i = 0; i < 5000; i++)
		ids[i] = UINT64_C(0x7f0000000000) + (uint64_t)i * i * 8 * 17 + (uint64_t)i * 16;
	for (unsigned round = 0; round < 2; round++)
		for (unsigned i = 5000; i--;)
			cr_assert(idmap_add(&m, ids[i], 1000000));
	cr_assert(idmap_seal(&m, NULL));
	check_all(&m, ids, 5000);
	cr_expect_eq(idmap_next(&m, ids[1]), ids[2]);
	cr_expect_eq(idmap_find(&m, 0x10), IDMAP_NONE);
	idmap_drop(&m);
}

Test(idmap, serial_numbers_are_refused_by_a_granule_of_8_and_taken_by_1)
{
	struct idmap m;
	uint64_t ids[3000];

	for (unsigned i = 0; i < 3000; i++)
		ids[i] = 0x50000001 + (uint64_t)i * 2;
	cr_assert(idmap_init(&m, &bigs, 3, 0, NULL));
	cr_expect_not(idmap_add(&m, ids[0], 1));
	idmap_drop(&m);
	cr_assert(idmap_init(&m, &bigs, 0, 0, NULL));
	for (unsigned i = 0; i < 3000; i++)
		cr_assert(idmap_add(&m, ids[i], 1));
	cr_assert(idmap_seal(&m, NULL));
	check_all(&m, ids, 3000);
	idmap_drop(&m);
}

Test(idmap, ids_that_lie_far_apart_are_refused_before_memory_is_gone_and_sorted)
{
	struct idmap m;
	uint64_t ids[9000], state = 1;
	bool held = true;

	for (unsigned i = 0; i < 9000; i++) {
		state = state * UINT64_C(6364136223846793005) + 1442695040888963407u;
		ids[i] = (state >> 1) | 2;
	}
	cr_assert(idmap_init(&m, &bigs, 0, 0, NULL));
	for (unsigned i = 0; i < 9000 && held; i++)
		held = idmap_add(&m, ids[i], i);
	cr_expect_not(held);
	idmap_drop(&m);
	cr_assert(idmap_init(&m, &bigs, 0, 9000, NULL));
	for (unsigned i = 0; i < 9000; i++)
		cr_assert(idmap_add(&m, ids[i], i));
	cr_assert(idmap_seal(&m, NULL));
	check_all(&m, ids, 9000);
	idmap_drop(&m);
}
