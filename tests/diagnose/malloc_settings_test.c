// SPDX-License-Identifier: Apache-2.0
#include "diagnose/malloc_settings.h"

#include <criterion/criterion.h>
#include <string.h>

#include "facts/snapshot.h"

static struct arena mem;
static struct snapshot s;
static struct malloc_judgement judged;

static void setup(void)
{
	snapshot_init(&s, &mem);
}

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(malloc_settings, .init = setup, .fini = drop);

static void allocator(const char *name)
{
	struct provenance from = { .collector = "test" };

	snapshot_set_text(&s, F_ALLOCATOR, name, from);
}

static void give(const char *name, const char *value, bool whole, uint64_t number)
{
	vec_push(&mem, &s.settings,
		 (struct setting_row){ .name = name,
				       .value = value,
				       .where = strncmp(name, "glibc.", 6) ? "environment"
									   : "GLIBC_TUNABLES",
				       .has_number = *value >= '0' && *value <= '9',
				       .whole = whole,
				       .number = number,
				       .malformed = strchr(value, '=') != NULL });
}

static void expect(size_t index, const char *why) // NULL: in force
{
	malloc_settings_judge(&s, &mem, &judged);
	cr_assert_gt(judged.settings.count, index);
	cr_expect_eq(judged.settings.at[index].in_force, !why, "%s",
		     judged.settings.at[index].why ? judged.settings.at[index].why : "in force");
	if (why && judged.settings.at[index].why)
		cr_expect_not_null(strstr(judged.settings.at[index].why, why), "%s",
				   judged.settings.at[index].why);
}

Test(malloc_settings, what_malloc_holds_decides)
{
	allocator("glibc 2.36");
	s.malloc_limits = (struct malloc_limits){ true, 2, 128, 128 << 10, 128 << 10 };
	give("MALLOC_ARENA_MAX", "2", true, 2);
	give("MALLOC_TRIM_THRESHOLD_", "128K", false, 128);
	give("MALLOC_TOP_PAD_", "64K", false, 64);
	expect(0, NULL);
	expect(1, "in force is 128");
	expect(2, "in force is 131072: glibc reads no letters");
}

Test(malloc_settings, tunables_win_over_variables_and_the_last_of_them)
{
	allocator("glibc 2.36");
	give("glibc.malloc.arena_max", "3", true, 3);
	give("glibc.malloc.arena_max", "5", true, 5);
	give("MALLOC_ARENA_MAX", "2", true, 2);
	expect(0, "a later one wins");
	expect(1, NULL);
	expect(2, "GLIBC_TUNABLES sets it too");
}

Test(malloc_settings, a_malformed_text_costs_a_new_glibc_all_of_it)
{
	give("glibc.malloc.arena_max", "3", true, 3);
	give("glibc.malloc.top_pad", "4096=1", false, 4096);
	give("MALLOC_ARENA_MAX", "2", true, 2);
	allocator("glibc 2.43");
	expect(0, "ignores all of it");
	expect(1, "ignores all of it");
	expect(2, NULL);
	allocator("glibc 2.36");
	expect(0, NULL);
	expect(1, "not of the form");
}

Test(malloc_settings, names_that_no_glibc_has_are_said)
{
	allocator("glibc 2.36");
	give("MALLOC_TRIM_THRESHOLD", "131072", true, 131072);
	give("MALLOC_NONSENSE", "1", true, 1);
	give("MALLOC_ARENA_MAX", "0", true, 0);
	give("MALLOC_CHECK_", "3", true, 3);
	expect(0, "MALLOC_TRIM_THRESHOLD_");
	expect(1, "no such setting");
	expect(2, "glibc takes 1");
	expect(3, "libc_malloc_debug");
}

Test(malloc_settings, tunables_came_with_2_26)
{
	allocator("glibc 2.17");
	give("glibc.malloc.arena_max", "3", true, 3);
	give("MALLOC_ARENA_MAX", "2", true, 2);
	expect(0, "since 2.26");
}

Test(malloc_settings, another_allocator_does_not_look_at_glibc_s)
{
	allocator("jemalloc");
	give("MALLOC_ARENA_MAX", "2", true, 2);
	give("MALLOC_CONF", "dirty_decay_ms:0", false, 0);
	give("TCMALLOC_RELEASE_RATE", "10", true, 10);
	expect(0, "malloc is jemalloc's");
	expect(1, NULL);
	expect(2, "malloc is jemalloc's");
}

Test(malloc_settings, a_library_that_was_not_loaded_is_said)
{
	allocator("glibc 2.36");
	give("LD_PRELOAD", "/opt/libjemalloc.so", false, 0);
	give("LD_PRELOAD", "libwhatever.so", false, 0);
	expect(0, "did not load it");
	cr_expect_eq(judged.settings.count, 1, "only allocators are of interest");
	s.settings.at[0].mapped = true;
	expect(0, NULL);
}
