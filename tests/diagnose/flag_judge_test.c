// SPDX-License-Identifier: Apache-2.0
#include "diagnose/flag_judge.h"

#include <criterion/criterion.h>
#include <string.h>

#include "facts/snapshot.h"

static struct arena mem;
static struct snapshot s;
static struct flag_judgement judged;

static void setup(void)
{
	snapshot_init(&s, &mem);
	judged = (struct flag_judgement){ 0 };
}

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(flag_judge, .init = setup, .fini = drop);

static struct option_row *add(struct option_row row)
{
	row.where = row.where ? row.where : "command line";
	vec_push(&mem, &s.options, row);
	return &s.options.at[s.options.count - 1];
}

static void give_switch(const char *flag, bool on)
{
	add((struct option_row){ .text = arena_format(&mem, "-XX:%c%s", on ? '+' : '-', flag),
				 .flag = flag,
				 .form = on ? GIVEN_ON : GIVEN_OFF });
}

static void give_number(const char *flag, uint64_t number)
{
	add((struct option_row){ .text = arena_format(&mem, "-XX:%s=%lu", flag, number),
				 .flag = flag,
				 .form = GIVEN_VALUE,
				 .value = arena_format(&mem, "%lu", number),
				 .has_number = true,
				 .number = number,
				 .has_real = true,
				 .real = (double)number });
}

static void give_other(const char *text)
{
	add((struct option_row){ .text = text, .form = GIVEN_OTHER });
}

// A running VM's table.
static void has_flag(const char *name, enum flag_type type, uint64_t number, const char *origin)
{
	vec_push(&mem, &s.flags,
		 (struct flag_row){ .name = name,
				    .type_name = type == FLAG_BOOL ? "bool" : "size_t",
				    .type = type,
				    .number = number,
				    .origin = origin });
}

static void runs(uint64_t jdk, const char *collector)
{
	struct provenance from = { .collector = "test" };

	snapshot_set(&s, F_JDK, jdk, from);
	snapshot_set_text(&s, F_COLLECTOR, collector, from);
	has_flag("IgnoreUnrecognizedVMOptions", FLAG_BOOL, 0, "default");
}

static void expect(size_t index, const char *flag, enum flag_state state, const char *why)
{
	cr_assert_gt(judged.ineffective.count, index);
	cr_expect_str_eq(judged.ineffective.at[index].flag, flag);
	cr_expect_eq(judged.ineffective.at[index].state, state, "%s",
		     flag_state_name(judged.ineffective.at[index].state));
	cr_expect_not_null(strstr(judged.ineffective.at[index].why, why), "%s",
			   judged.ineffective.at[index].why);
}

static void expect_fine(unsigned jdk)
{
	flag_judge(&s, jdk, &mem, &judged);
	cr_expect_eq(judged.ineffective.count, 0, "%s",
		     judged.ineffective.count ? judged.ineffective.at[0].why : "");
}

Test(flag_judge, the_same_option_is_obsolete_in_one_jdk_and_refused_by_another)
{
	give_number("MaxPermSize", 64 << 20);
	flag_judge(&s, 8, &mem, &judged);
	flag_judge(&s, 17, &mem, &judged);
	cr_assert_eq(judged.ineffective.count, 2);
	expect(0, "MaxPermSize", FLAG_OBSOLETE, "since JDK 8");
	cr_expect_not(judged.ineffective.at[0].refused);
	expect(1, "MaxPermSize", FLAG_EXPIRED, "does not start");
	cr_expect(judged.ineffective.at[1].refused);
	cr_expect_eq(judged.ineffective.at[1].jdk, 17);
}

Test(flag_judge, what_is_ignored_is_not_refused)
{
	give_switch("IgnoreUnrecognizedVMOptions", true);
	give_switch("UseConcMarkSweepGC", true);
	give_switch("NoSuchFlag", true);
	flag_judge(&s, 17, &mem, &judged);
	expect(0, "UseConcMarkSweepGC", FLAG_EXPIRED, "JDK 11 still had it");
	expect(1, "NoSuchFlag", FLAG_UNKNOWN, "no JDK");
	cr_expect_not(judged.ineffective.at[0].refused || judged.ineffective.at[1].refused);
}

Test(flag_judge, a_flag_that_came_later_says_when)
{
	give_number("TrimNativeHeapInterval", 5000);
	flag_judge(&s, 11, &mem, &judged);
	expect(0, "TrimNativeHeapInterval", FLAG_UNKNOWN, "JDK 17 has it");
}

Test(flag_judge, deprecated_flags_have_their_effect)
{
	give_switch("UseConcMarkSweepGC", true);
	expect_fine(11);
	cr_assert_eq(judged.deprecated.count, 1);
	cr_expect_str_eq(judged.deprecated.at[0].flag, "UseConcMarkSweepGC");
	cr_expect_str_eq(judged.deprecated.at[0].given, "true");
}

Test(flag_judge, the_last_option_of_a_flag_wins)
{
	give_number("MaxHeapSize", 1 << 30);
	give_number("MaxHeapSize", 1 << 29);
	s.options.at[1].where = "_JAVA_OPTIONS";
	flag_judge(&s, 17, &mem, &judged);
	cr_assert_eq(judged.ineffective.count, 1);
	expect(0, "MaxHeapSize", FLAG_WITHOUT_EFFECT, "of _JAVA_OPTIONS");
}

Test(flag_judge, the_same_value_twice_is_no_fault)
{
	give_number("MaxHeapSize", 1 << 30);
	give_number("MaxHeapSize", 1 << 30);
	expect_fine(17);
}

Test(flag_judge, lists_add_up)
{
	add((struct option_row){
		.text = "-XX:OnError=a", .flag = "OnError", .form = GIVEN_VALUE, .value = "a" });
	add((struct option_row){
		.text = "-XX:OnError=b", .flag = "OnError", .form = GIVEN_VALUE, .value = "b" });
	expect_fine(17);
}

Test(flag_judge, another_collectors_flag_has_no_effect)
{
	give_switch("UseZGC", true);
	give_number("MaxNewSize", 1 << 20);
	give_number("G1HeapRegionSize", 1 << 20);
	give_number("ZUncommitDelay", 300);
	flag_judge(&s, 21, &mem, &judged);
	cr_assert_eq(judged.ineffective.count, 2);
	expect(0, "MaxNewSize", FLAG_WITHOUT_EFFECT, "Z does not use it");
	expect(1, "G1HeapRegionSize", FLAG_WITHOUT_EFFECT, "Z does not use it");
}

Test(flag_judge, without_a_collector_the_default_one_is_meant_and_said)
{
	give_number("CMSInitiatingOccupancyFraction", 70);
	flag_judge(&s, 8, &mem, &judged);
	expect(0, "CMSInitiatingOccupancyFraction", FLAG_WITHOUT_EFFECT,
	       "Parallel does not use it, the");
}

Test(flag_judge, locked_flags_need_their_key_before_them)
{
	give_number("GuaranteedSafepointInterval", 1000);
	give_switch("UnlockDiagnosticVMOptions", true);
	flag_judge(&s, 17, &mem, &judged);
	expect(0, "GuaranteedSafepointInterval", FLAG_UNKNOWN, "UnlockDiagnosticVMOptions");
	setup();
	give_switch("UnlockDiagnosticVMOptions", true);
	give_number("GuaranteedSafepointInterval", 1000);
	expect_fine(17);
}

Test(flag_judge, values_that_the_vm_refuses_are_said)
{
	give_number("UseG1GC", 1);
	give_switch("MaxHeapSize", true);
	add((struct option_row){
		.text = "-XX:NewSize=x", .flag = "NewSize", .form = GIVEN_VALUE, .value = "x" });
	give_number("MaxRAMPercentage", 50);
	flag_judge(&s, 8, &mem, &judged);
	cr_assert_eq(judged.ineffective.count, 4);
	expect(0, "UseG1GC", FLAG_UNKNOWN, "it is a switch");
	expect(1, "MaxHeapSize", FLAG_UNKNOWN, "it takes a value");
	expect(2, "NewSize", FLAG_UNKNOWN, "no number");
	expect(3, "MaxRAMPercentage", FLAG_UNKNOWN, "point");
}

Test(flag_judge, a_share_of_memory_counts_for_nothing_beside_a_size)
{
	give_number("MaxHeapSize", 1 << 30);
	give_number("MaxRAMPercentage", 50);
	give_number("InitialRAMPercentage", 50);
	flag_judge(&s, 17, &mem, &judged);
	cr_assert_eq(judged.ineffective.count, 1);
	expect(0, "MaxRAMPercentage", FLAG_WITHOUT_EFFECT, "maximum is given itself");
}

Test(flag_judge, a_flag_that_needs_a_switch_has_none_without_it)
{
	give_number("StringDeduplicationAgeThreshold", 3);
	flag_judge(&s, 21, &mem, &judged);
	expect(0, "StringDeduplicationAgeThreshold", FLAG_WITHOUT_EFFECT,
	       "UseStringDeduplication is off");
	setup();
	give_switch("UseStringDeduplication", true);
	give_number("StringDeduplicationAgeThreshold", 3);
	expect_fine(21);
}

Test(flag_judge, compressed_oops_reach_32_gb_and_more_with_wider_objects)
{
	give_switch("UseCompressedOops", true);
	give_number("MaxHeapSize", UINT64_C(40) << 30);
	flag_judge(&s, 17, &mem, &judged);
	expect(0, "UseCompressedOops", FLAG_WITHOUT_EFFECT, "more than compressed");
	setup();
	give_switch("UseCompressedOops", true);
	give_number("ObjectAlignmentInBytes", 16);
	give_number("MaxHeapSize", UINT64_C(40) << 30);
	expect_fine(17);
}

Test(flag_judge, a_running_vm_s_own_table_decides)
{
	runs(17, "G1");
	has_flag("MaxHeapSize", FLAG_UINT, 64 << 20, "command line");
	has_flag("NewSize", FLAG_UINT, 20 << 20, "ergonomic");
	has_flag("HeapDumpOnOutOfMemoryError", FLAG_BOOL, 0, "management");
	give_number("MaxHeapSize", (64 << 20) - 4000);
	give_number("NewSize", 100 << 20);
	give_switch("HeapDumpOnOutOfMemoryError", true);
	flag_judge(&s, 0, &mem, &judged);
	cr_assert_eq(judged.ineffective.count, 2, "rounding to pages is as told");
	expect(0, "NewSize", FLAG_WITHOUT_EFFECT, "in force is 20.0 MB: the VM made it so");
	expect(1, "HeapDumpOnOutOfMemoryError", FLAG_WITHOUT_EFFECT, "changed while it runs");
}

Test(flag_judge, a_running_vm_that_has_not_the_flag_ignores_it)
{
	runs(8, "Parallel");
	give_number("PermSize", 64 << 20);
	flag_judge(&s, 0, &mem, &judged);
	expect(0, "PermSize", FLAG_OBSOLETE, "since JDK 8");
}

Test(flag_judge, what_no_vm_reads_says_why)
{
	runs(17, "G1");
	give_number("MaxHeapSize", 1 << 30);
	s.options.at[0].unread = "no JVM reads it";
	flag_judge(&s, 0, &mem, &judged);
	expect(0, "MaxHeapSize", FLAG_WITHOUT_EFFECT, "no JVM reads it");
}

Test(flag_judge, options_that_set_no_flag_have_lives_too)
{
	give_other("-Xprof");
	give_other("-Xincgc");
	give_other("-Xlog:gc");
	give_other("-Xint");
	flag_judge(&s, 17, &mem, &judged);
	cr_assert_eq(judged.ineffective.count, 2);
	expect(0, "-Xprof", FLAG_OBSOLETE, "JDK 10");
	expect(1, "-Xincgc", FLAG_EXPIRED, "JDK 8 still had it");
	setup();
	give_other("-Xlog:gc");
	flag_judge(&s, 8, &mem, &judged);
	expect(0, "-Xlog", FLAG_UNKNOWN, "JDK 9");
	cr_expect_str_eq(judged.ineffective.at[0].given, "gc");
}
