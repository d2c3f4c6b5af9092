// SPDX-License-Identifier: Apache-2.0
#include "diagnose/lifetimes.h"

#include <criterion/criterion.h>
#include <string.h>

static enum lifetime_state at(const char *name, unsigned jdk)
{
	return lifetime_at(lifetime_find(name), jdk);
}

Test(lifetimes, a_flag_goes_from_taken_to_obsolete_to_expired)
{
	cr_expect_eq(at("MaxPermSize", 8), LIFETIME_OBSOLETE);
	cr_expect_eq(at("MaxPermSize", 11), LIFETIME_OBSOLETE);
	cr_expect_eq(at("MaxPermSize", 17), LIFETIME_EXPIRED);
	cr_expect_eq(at("UseConcMarkSweepGC", 11), LIFETIME_TAKEN);
	cr_expect_eq(at("UseConcMarkSweepGC", 25), LIFETIME_EXPIRED);
	cr_expect_eq(at("ZGenerational", 21), LIFETIME_TAKEN);
	cr_expect_eq(at("ZGenerational", 25), LIFETIME_OBSOLETE);
}

Test(lifetimes, a_flag_of_later_jdks_is_not_there_yet)
{
	cr_expect_eq(at("UseZGC", 8), LIFETIME_LATER);
	cr_expect_eq(at("UseZGC", 11), LIFETIME_EXPERIMENTAL);
	cr_expect_eq(at("UseZGC", 17), LIFETIME_TAKEN);
	cr_expect_eq(lifetime_first(lifetime_find("UseZGC")), 11);
	cr_expect_eq(at("NoSuchFlag", 17), LIFETIME_NONE);
}

Test(lifetimes, between_two_releases_the_named_one_decides_or_nothing_does)
{
	cr_expect_eq(at("MaxHeapSize", 14), LIFETIME_TAKEN);
	cr_expect_eq(at("MaxPermSize", 9), LIFETIME_OBSOLETE);
	cr_expect_eq(at("ZGenerational", 23), LIFETIME_TAKEN, "obsolete since 24");
	cr_expect_eq(at("ZGenerational", 24), LIFETIME_OBSOLETE);
	cr_expect_eq(at("UseConcMarkSweepGC", 14), LIFETIME_UNSURE);
	cr_expect_eq(at("MaxHeapSize", 99), LIFETIME_TAKEN, "as the last one asked");
}

Test(lifetimes, what_is_deprecated_warns)
{
	cr_expect(lifetime_is_deprecated(lifetime_find("UseConcMarkSweepGC"), 11));
	cr_expect_not(lifetime_is_deprecated(lifetime_find("UseConcMarkSweepGC"), 8));
	cr_expect(lifetime_is_deprecated(lifetime_find("UseBiasedLocking"), 16));
	cr_expect_not(lifetime_is_deprecated(lifetime_find("MaxHeapSize"), 17));
	cr_expect_eq(at("CreateMinidumpOnCrash", 17), LIFETIME_ALIAS);
}

Test(lifetimes, the_table_is_sorted_and_has_a_letter_for_each_release)
{
	static const char *const NAMES[] = {
#define RELEASES(...)
#define FLAG(name, ...) name,
#include "diagnose/lifetimes.def"
	};
	size_t count = sizeof(NAMES) / sizeof(NAMES[0]);

	cr_assert_gt(count, 1000);
	for (size_t i = 0; i < count; i++) {
		const struct lifetime *l = lifetime_find(NAMES[i]);

		cr_assert_not_null(l, "%s", NAMES[i]);
		cr_assert_eq(strlen(l->states), LIFETIME_RELEASE_COUNT, "%s", NAMES[i]);
		cr_assert_eq(strlen(l->deprecated), LIFETIME_RELEASE_COUNT, "%s", NAMES[i]);
	}
}
