// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "../jvm/nmt_image.h"
#include "base/fail.h"
#include "collect/collector.h"
#include "jvm/flags.h"
#include "recorded.h"

static const char ANSWER[] =
	"4711:\n\nNative Memory Tracking:\n\n"
	"Total: reserved=300KB, committed=200KB\n"
	"-                 Java Heap (reserved=300KB, committed=200KB)\n"
	"                            (mmap: reserved=300KB, committed=200KB) \n";
static const struct recorded_file FILES[] = {
	{ .path = "attach/VM.native_memory_summary", .text = ANSWER },
	{ .path = "/proc/4711/status", .text = "State:\tS (sleeping)\n" },
};

static struct nmt_image im;
static struct recorded recorded;
static struct tree files;
static struct target target;
static struct snapshot snapshot;
static struct look look;
static struct fail why;
static struct flags no_flags;

static void set_level(const char *level)
{
	snapshot.flags.count = 0;
	vec_push(&im.mem, &snapshot.flags,
		 (struct flag_row){
			 .name = "NativeMemoryTracking", .type = FLAG_STRING, .text = level });
}

static void setup(void)
{
	nmt_init(&im, false);
	nmt_put_list(&im);
	files = recorded_tree(&recorded, FILES, 2);
	im.vm.flags = &no_flags;
	target = (struct target){
		.pid = 4711, .ns_pid = 4711, .files = &files, .memory = &im.memory, .tier = TIER_A
	};
	snapshot_init(&snapshot, &im.mem);
	look = (struct look){
		.target = &target, .out = &snapshot, .mem = &im.mem, .maps = im.maps, .vm = &im.vm
	};
	snapshot_set(&snapshot, F_HEAP_RESERVED, NMT_HEAP_BYTES, (struct provenance){ 0 });
	snapshot_set(&snapshot, F_CODE_RESERVED, NMT_CODE_BYTES, (struct provenance){ 0 });
	set_level("summary");
}

static void teardown(void)
{
	nmt_drop(&im);
}

TestSuite(nmt_collector, .init = setup, .fini = teardown);

static const struct nmt_row *row_of(const char *category)
{
	for (size_t i = 0; i < snapshot.nmt.rows.count; i++)
		if (!strcmp(snapshot.nmt.rows.at[i].category, category))
			return &snapshot.nmt.rows.at[i];
	return NULL;
}

static const struct check_row *check_of(const char *account, const char *what)
{
	for (size_t i = 0; i < snapshot.checks.count; i++)
		if (!strcmp(snapshot.checks.at[i].account, account) &&
		    !strcmp(snapshot.checks.at[i].what, what))
			return &snapshot.checks.at[i];
	return NULL;
}

static bool run(void)
{
	return collector_nmt.run(&look, &why);
}

static void lose_names(void)
{
	nmt_put(&im, NMT_LIBRARY + NMT_NAMES + 16 * NMT_NAME_COUNT - 8, 0);
}

Test(nmt_collector, a_vm_without_tracking_costs_no_read)
{
	set_level("off");
	memory_init(&im.memory, &im.mem); // whatever is read now is absent
	cr_assert(run());
	cr_assert(eq(str, (char *)snapshot.nmt.level, "off"));
	cr_assert(not(snapshot.nmt.known));
	cr_assert(eq(sz, snapshot.misses.count, 0));
}

Test(nmt_collector, rows_are_as_the_vm_reports_them)
{
	const struct nmt_row *chunks, *tracking;

	cr_assert(run(), "%s", why.text);
	cr_assert(snapshot.nmt.known);
	cr_assert(row_of("Thread Stack") == NULL, "it is with Thread");
	chunks = row_of("Arena Chunk");
	cr_assert(eq(u64, chunks->malloc, 127 * 40 - 200), "less what arenas hold");
	tracking = row_of("Native Memory Tracking");
	cr_assert(eq(u64, tracking->overhead, nmt_get(&im, nmt_malloc_at(&im, im.names)) * 18));
	cr_assert(eq(u64, tracking->committed, tracking->malloc + tracking->overhead));
	cr_assert(eq(u64, row_of("GC")->committed, MIB(1) + 57 * 40));
	cr_assert(eq(u64, row_of("GC")->block_count, UNKNOWN_BYTES), "nobody asked for them");
	cr_assert(eq(u64, check_of("gc", "reserved")->theirs, MIB(2)));
	cr_assert(eq(u64, check_of("java-heap", "committed")->theirs, MIB(40)));
	cr_assert(eq(sz, snapshot.nmt.regions.count, im.range_count));
	cr_assert(eq(sz, snapshot.misses.count, 0));
}

Test(nmt_collector, what_memory_does_not_tell_is_a_miss_unless_the_vm_may_be_asked)
{
	lose_names();
	cr_assert(run());
	cr_assert(not(snapshot.nmt.known));
	cr_assert(eq(sz, snapshot.misses.count, 1));
	cr_assert(eq(uint, recorded_asked(&recorded, "attach/VM.native_memory_summary"), 0));
}

Test(nmt_collector, the_vm_is_asked_when_the_user_asked_for_it)
{
	lose_names();
	target.ask_nmt = target.may_attach = true;
	cr_assert(run());
	cr_assert(snapshot.nmt.known);
	cr_assert(eq(str, (char *)snapshot.nmt.source, "attach"));
	cr_assert(eq(u64, row_of("Java Heap")->committed, KIB(200)));
	cr_assert(eq(u64, check_of("java-heap", "committed")->theirs, KIB(200)));
	cr_assert(eq(sz, snapshot.misses.count, 0));
	cr_assert(eq(uint, recorded_asked(&recorded, "attach/VM.native_memory_summary"), 1));
}

Test(nmt_collector, the_vm_is_not_asked_where_attaching_is_forbidden)
{
	lose_names();
	target.ask_nmt = true;
	cr_assert(run());
	cr_assert(not(snapshot.nmt.known));
	cr_assert(eq(uint, recorded_asked(&recorded, "attach/VM.native_memory_summary"), 0));
	cr_assert(eq(int, snapshot.misses.at[0].kind, FAIL_DENIED));
}

Test(nmt_collector, one_half_is_shown_without_the_other)
{
	snapshot.fact[F_CODE_RESERVED].known = false;
	cr_assert(run());
	cr_assert(snapshot.nmt.known);
	cr_assert(eq(u64, row_of("GC")->malloc, 57 * 40));
	cr_assert(eq(u64, row_of("GC")->committed, UNKNOWN_BYTES));
	cr_assert(eq(u64, snapshot.nmt.committed, UNKNOWN_BYTES));
	cr_assert(eq(sz, snapshot.misses.count, 1));
}

Test(nmt_collector, call_sites_come_at_level_detail_alone)
{
	nmt_put_sites(&im, false);
	target.want_sites = true;
	cr_assert(run());
	cr_assert(not(snapshot.nmt.sites_known));
	snapshot_init(&snapshot, &im.mem);
	snapshot_set(&snapshot, F_HEAP_RESERVED, NMT_HEAP_BYTES, (struct provenance){ 0 });
	snapshot_set(&snapshot, F_CODE_RESERVED, NMT_CODE_BYTES, (struct provenance){ 0 });
	set_level("detail");
	cr_assert(run(), "%s", why.text);
	cr_assert(snapshot.nmt.sites_known);
	cr_assert(gt(sz, snapshot.nmt.sites.count, NMT_SITE_COUNT), "mappings have sites too");
	cr_assert(snapshot.nmt.sites.at[0].mapped);
	cr_assert(eq(str, (char *)snapshot.nmt.sites.at[0].frame[0], "libjvm.so+0x1000"));
	for (size_t i = 1; i < snapshot.nmt.sites.count; i++)
		cr_assert(ge(u64, snapshot.nmt.sites.at[i - 1].bytes,
			     snapshot.nmt.sites.at[i].bytes));
}
