// SPDX-License-Identifier: Apache-2.0
#include "diagnose/trial.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/units.h"

static struct arena mem;
static struct snapshot was, is;
static struct ledger was_ledger, is_ledger;
static struct trial trial;
static const struct provenance TEST = { "test", "test", TIER_A, CERTAINTY_EXACT };

static void begin(void)
{
	mem = (struct arena){ 0 };
	snapshot_init(&was, &mem);
	snapshot_init(&is, &mem);
}

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(trial, .init = begin, .fini = end);

static void give(enum fact_id id, uint64_t before, uint64_t after)
{
	snapshot_set(&was, id, before, TEST);
	snapshot_set(&is, id, after, TEST);
}

static void give_family(struct snapshot *s, const char *name, uint32_t classes)
{
	vec_push(&mem, &s->families,
		 (struct family_row){ .name = name,
				      .example = name,
				      .loader_type = "rt.Loader",
				      .class_count = classes,
				      .loader_count = classes,
				      .distinct_names = 1,
				      .max_per_loader = 1,
				      .bytes = classes * KIB(10) });
}

static void give_malloc(struct snapshot *s, uint64_t bytes)
{
	vec_push(&mem, &s->mappings,
		 (struct mapping_row){
			 .start = GIB(1), .end = GIB(2), .writable = true, .path = "" });
	vec_push(&mem, &s->runs, (struct run_row){ .start = GIB(1), .end = GIB(1) + bytes });
	snapshot_claim(s, (struct claim){ .start = GIB(1),
					  .end = GIB(1) + bytes,
					  .account = "malloc",
					  .source = "test",
					  .certainty = CERTAINTY_EXACT });
}

static void judge(enum trial_kind kind, const char *said)
{
	const struct trial_moment before = { &was, &was_ledger }, after = { &is, &is_ledger };
	struct fail why;

	cr_assert(ledger_build(&was, &mem, &was_ledger, &why), "%s", why.text);
	cr_assert(ledger_build(&is, &mem, &is_ledger, &why), "%s", why.text);
	trial_judge(kind, &before, &after, said, &mem, &trial);
}

Test(trial, what_a_collection_unloads_is_listed_with_the_most_first)
{
	give(F_GC_FULL_COUNT, 2, 3);
	give(F_CLASSES_UNLOADED, 10, 530);
	give_family(&was, "rt.Few", 30);
	give_family(&was, "rt.Many", 500);
	give_family(&was, "rt.Held", 700);
	give_family(&is, "rt.Few", 10);
	give_family(&is, "rt.Held", 700);
	judge(TRIAL_GC, "Command executed successfully");
	cr_assert(trial.effect);
	cr_assert_eq(trial.unloaded_total, 520);
	cr_assert_eq(trial.unloaded.count, 2);
	cr_assert_str_eq(trial.unloaded.at[0].family->name, "rt.Many");
	cr_assert_eq(trial.unloaded.at[0].count, 500);
	cr_assert_eq(trial.unloaded.at[1].count, 20);
	cr_assert_eq(trial.trim_returned, UNKNOWN_BYTES);
}

Test(trial, a_family_that_is_made_on_and_on_hides_what_went)
{
	give(F_GC_FULL_COUNT, 0, 1);
	give(F_CLASSES_UNLOADED, 0, 900);
	give_family(&was, "rt.Many", 1000);
	give_family(&is, "rt.Many", 700); // 600 new ones
	judge(TRIAL_GC, "");
	cr_assert_eq(trial.unloaded.at[0].count, 900);
}

Test(trial, copies_prove_whether_they_are_held)
{
	give(F_GC_FULL_COUNT, 0, 1);
	give(F_CLASSES_UNLOADED, 0, 6000);
	give_family(&was, "rt.Many", 6000);
	judge(TRIAL_GC, "");
	cr_assert_eq(trial.proofs.count, 1);
	cr_assert_str_eq(trial.proofs.at[0].cause->id, "class-generation");
	cr_assert_eq(trial.proofs.at[0].collectable, COLLECTABLE_CONFIRMED);
	cr_assert_eq(trial.proofs.at[0].gone, 6000);

	give(F_CLASSES_UNLOADED, 0, 0);
	give_family(&is, "rt.Many", 6000);
	judge(TRIAL_GC, "");
	cr_assert_eq(trial.proofs.at[0].collectable, COLLECTABLE_NO);
}

Test(trial, a_young_collection_is_no_effect)
{
	give(F_GC_FULL_COUNT, 2, 2);
	give(F_GC_COUNT, 7, 9);
	judge(TRIAL_GC, "Command executed successfully");
	cr_assert_not(trial.effect);
	cr_assert_not_null(trial.why_not);
}

Test(trial, a_vm_that_says_it_did_nothing_is_believed)
{
	give(F_GC_FULL_COUNT, 2, 3); // by somebody else meanwhile
	judge(TRIAL_GC, "Explicit GC is disabled, no GC has been performed.");
	cr_assert_not(trial.effect);
	cr_assert_str_eq(trial.why_not, "Explicit GC is disabled, no GC has been performed.");
}

Test(trial, cycles_of_a_concurrent_collector_count)
{
	give(F_GC_CYCLES, 4, 6);
	judge(TRIAL_GC, "");
	cr_assert(trial.effect);
}

Test(trial, trim_returns_what_malloc_lost)
{
	give_malloc(&was, MIB(40));
	give_malloc(&is, MIB(16));
	judge(TRIAL_TRIM, "");
	cr_assert(trial.effect);
	cr_assert_eq(trial.trim_returned, MIB(24));
}

Test(trial, trim_without_effect_says_why)
{
	give_malloc(&was, MIB(40));
	give_malloc(&is, MIB(40) + KIB(64));
	judge(TRIAL_TRIM, "");
	cr_assert_not(trial.effect);
	cr_assert_eq(trial.trim_returned, 0);
	cr_assert_not_null(trial.why_not);
}

Test(trial, trim_says_nothing_where_malloc_is_unknown)
{
	snapshot_doubt(&was, "malloc", "malloc", false);
	judge(TRIAL_TRIM, "");
	cr_assert_not(trial.effect);
	cr_assert_eq(trial.trim_returned, UNKNOWN_BYTES);
}
