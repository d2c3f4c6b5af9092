// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <string.h>

#include "../jvm/fakevm.h"
#include "base/fail.h"
#include "collect/collector.h"

// A VM made by hand as a target: its library's last page is .bss, its heap is 64 MB.
static struct fakevm *fake;
static struct target target;
static struct snapshot snapshot;
static struct look look;
static struct fail why;

static bool read_none(void *self, const char *path, struct arena *mem, struct span *out,
		      struct fail *reason)
{
	return fail(reason, FAIL_ABSENT, "no file %s", path);
}

static bool make_none(void *self, const char *name, tree_maker *make, void *arg, struct arena *mem,
		      struct span *out, struct fail *reason)
{
	return fail(reason, FAIL_ABSENT, "nothing was recorded of %s", name);
}

static const struct tree_ops NOTHING = { .read = read_none, .made = make_none };
static const struct tree FILES = { &NOTHING, NULL };

static void setup(void)
{
	uint64_t heap, bss = FAKEVM_LIBRARY + FAKEVM_LIBRARY_SIZE - 4096;

	fake = fakevm_create();
	heap = fakevm_object(fake, 64);
	fakevm_set(fake, heap, fake->vtable);
	fakevm_set(fake, heap + 16, FAKEVM_HEAP);
	fakevm_set(fake, heap + 24, FAKEVM_HEAP_SIZE / 8);
	fakevm_set(fake, heap + 32, 7);
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", heap);
	fakevm_field(fake, "PerfMemory", "_start", "char*", FAKEVM_OBJECTS + 4096);
	fakevm_field(fake, "PerfMemory", "_end", "char*", FAKEVM_OBJECTS + 3 * 4096);
	fakevm_flag(fake, "UseSerialGC", 0, 1, 1);
	fakevm_flag(fake, "MaxHeapSize", 6, FAKEVM_HEAP_SIZE, 1);
	fakevm_flag(fake, "InitialHeapSize", 6, 1 << 20, 5);
	fakevm_flag(fake, "MaxMetaspaceSize", 6, UINT64_MAX - 4095, 0);
	fakevm_finish(fake);
	for (size_t i = 0; i < fake->maps.count; i++)
		if (fake->mappings[i].start == FAKEVM_LIBRARY)
			fake->mappings[i].end = bss;
	fakevm_map(fake, bss, bss + 4096, "");
	target = (struct target){
		.pid = 4711, .files = &FILES, .memory = &fake->memory, .tier = TIER_A
	};
	snapshot_init(&snapshot, &fake->mem);
	look = (struct look){
		.target = &target, .out = &snapshot, .mem = &fake->mem, .maps = fake->maps
	};
}

static void teardown(void)
{
	fakevm_free(fake);
}

TestSuite(vm, .init = setup, .fini = teardown);

static const struct claim *find_claim(uint64_t at, const char *account)
{
	for (size_t i = 0; i < snapshot.claims.count; i++) {
		const struct claim *c = &snapshot.claims.at[i];

		if (at >= c->start && at < c->end && !strcmp(c->account, account))
			return c;
	}
	return NULL;
}

Test(vm, brings_version_collector_flags_and_their_facts)
{
	const struct flag_row *flag;

	cr_assert(collector_vm.run(&look, &why), "%s", why.text);
	cr_assert_not_null(look.vm);
	cr_assert_eq(snapshot_get(&snapshot, F_JDK, 0), 17);
	cr_assert_str_eq(snapshot.fact[F_JDK_VERSION].text, "17.0.15");
	cr_assert_str_eq(snapshot.fact[F_COLLECTOR].text, "Serial");
	cr_assert_eq(snapshot_get(&snapshot, F_HEAP_MAX, 0), FAKEVM_HEAP_SIZE);
	cr_assert_eq(snapshot_get(&snapshot, F_HEAP_INITIAL, 0), 1 << 20);
	cr_assert_eq(snapshot_get(&snapshot, F_GC_COUNT, 0), 7);
	flag = snapshot_find_flag(&snapshot, "UseSerialGC");
	cr_assert(flag && flag->type == FLAG_BOOL && flag->number == 1);
	cr_assert_str_eq(flag->origin, "command line");
}

Test(vm, calls_an_unlimited_metaspace_unlimited_and_no_number)
{
	cr_assert(collector_vm.run(&look, &why), "%s", why.text);
	cr_assert_not(snapshot.fact[F_METASPACE_MAX].known);
	cr_assert_str_eq(snapshot.fact[F_METASPACE_MAX].why_not, "unlimited");
}

Test(vm, does_not_print_a_heap_limit_that_the_reserved_heap_contradicts)
{
	for (size_t i = 0; i < fake->flag_count; i++)
		if (!strcmp((char *)fakevm_at(fake, fake->flags[i][1]), "MaxHeapSize"))
			fakevm_set(fake, fake->flags[i][0], (uint64_t)1 << 40);
	cr_assert(collector_vm.run(&look, &why), "%s", why.text);
	cr_assert_not(snapshot.fact[F_HEAP_MAX].known);
}

Test(vm, claims_the_jvmstat_buffer_only_where_it_is_mapped)
{
	const struct claim *c;

	cr_assert(collector_vm.run(&look, &why), "%s", why.text);
	c = find_claim(FAKEVM_OBJECTS + 4096, "jvm-other");
	cr_assert(c && c->end == FAKEVM_OBJECTS + 3 * 4096);
	snapshot.claims.count = 0;
	for (size_t i = 0; i < fake->rows[0]; i++)
		if (!strcmp((char *)fakevm_at(fake, fake->tables[0][i][1]), "_end"))
			fakevm_set(fake, fake->tables[0][i][5], FAKEVM_OBJECTS + (1 << 30));
	cr_assert(collector_vm.run(&look, &why), "%s", why.text);
	cr_assert_eq(snapshot.claims.count, 0);
}

Test(vm, is_refused_with_the_reason_where_memory_may_not_be_read)
{
	target.memory_denied = "ptrace_scope is 1";
	cr_assert_not(collector_vm.run(&look, &why));
	cr_assert_eq(why.kind, FAIL_DENIED);
	cr_assert_null(look.vm);
}

Test(vm, that_does_not_validate_leaves_no_vm_behind)
{
	memset(fake->library, 0, 4);
	cr_assert_not(collector_vm.run(&look, &why));
	cr_assert_null(look.vm);
}

Test(vm, heap_claims_its_reserved_range_even_when_its_spaces_are_unknown)
{
	const struct claim *c;

	cr_assert(collector_vm.run(&look, &why), "%s", why.text);
	cr_assert_not(collector_heap.run(&look, &why), "no spaces are exported here");
	c = find_claim(FAKEVM_HEAP, "java-heap");
	cr_assert(c && c->start == FAKEVM_HEAP && c->end == FAKEVM_HEAP + FAKEVM_HEAP_SIZE);
	cr_assert_eq(snapshot_get(&snapshot, F_HEAP_RESERVED, 0), FAKEVM_HEAP_SIZE);
	cr_assert_not(snapshot.fact[F_HEAP_USED].known);
	cr_assert_not_null(snapshot.fact[F_HEAP_USED].why_not);
}

Test(vm, libraries_claim_an_elf_file_and_the_bss_behind_it)
{
	const struct claim *file, *bss;

	cr_assert(collector_libraries.run(&look, &why), "%s", why.text);
	file = find_claim(FAKEVM_LIBRARY, "libraries");
	bss = find_claim(FAKEVM_LIBRARY + FAKEVM_LIBRARY_SIZE - 4096, "libraries");
	cr_assert(file && bss && file != bss);
	cr_assert_str_eq(bss->part, "libjvm.so");
	cr_assert_eq(bss->certainty, CERTAINTY_EXACT);
	cr_assert_null(find_claim(FAKEVM_OBJECTS, "libraries"));
}

Test(vm, libraries_claim_no_anonymous_memory_behind_a_gap)
{
	for (size_t i = 0; i < fake->maps.count; i++)
		if (fake->mappings[i].start == FAKEVM_LIBRARY)
			fake->mappings[i].end -= 4096;
	cr_assert(collector_libraries.run(&look, &why), "%s", why.text);
	cr_assert_null(find_claim(FAKEVM_LIBRARY + FAKEVM_LIBRARY_SIZE - 4096, "libraries"));
}

Test(vm, libraries_are_known_by_their_content_and_not_by_their_name)
{
	for (size_t i = 0; i < fake->maps.count; i++)
		if (fake->mappings[i].start == FAKEVM_LIBRARY)
			fake->mappings[i].path = "/data/no.extension";
	cr_assert(collector_libraries.run(&look, &why), "%s", why.text);
	cr_assert_not_null(find_claim(FAKEVM_LIBRARY, "libraries"));
	snapshot.claims.count = 0;
	memset(fake->library, 0, 4);
	cr_assert(collector_libraries.run(&look, &why), "%s", why.text);
	cr_assert_eq(snapshot.claims.count, 0);
}

Test(vm, libraries_without_a_readable_header_are_estimated_by_an_executable_mapping)
{
	const struct claim *c;

	target.memory_denied = "ptrace_scope is 1";
	cr_assert(collector_libraries.run(&look, &why), "%s", why.text);
	cr_assert_eq(snapshot.claims.count, 0, "nothing of it is executable");
	for (size_t i = 0; i < fake->maps.count; i++)
		fake->mappings[i].executable = fake->mappings[i].start == FAKEVM_LIBRARY;
	cr_assert(collector_libraries.run(&look, &why), "%s", why.text);
	c = find_claim(FAKEVM_LIBRARY, "libraries");
	cr_assert(c && c->certainty == CERTAINTY_ESTIMATED);
}
