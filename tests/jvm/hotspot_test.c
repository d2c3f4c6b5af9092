// SPDX-License-Identifier: Apache-2.0
#include "jvm/hotspot.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "fakevm.h"
#include "jvm/flags.h"

static struct fakevm *fake;
static struct hotspot vm;
static struct fail why;

static void setup(void)
{
	fake = fakevm_create();
}

static void teardown(void)
{
	fakevm_free(fake);
}

TestSuite(hotspot, .init = setup, .fini = teardown);

// A heap object of the given range; the collector is chosen by its flag.
static uint64_t add_heap(const char *flag, uint64_t start, uint64_t words)
{
	uint64_t heap = fakevm_object(fake, 64);

	fakevm_set(fake, heap, fake->vtable);
	fakevm_set(fake, heap + 16, start);
	fakevm_set(fake, heap + 24, words);
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", heap);
	fakevm_flag(fake, flag, 0, 1, 5);
	return heap;
}

Test(hotspot, opens_a_vm_and_knows_its_version_collector_and_heap)
{
	uint64_t heap = add_heap("UseParallelGC", FAKEVM_HEAP, FAKEVM_HEAP_SIZE / 8);

	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert_eq(vm.jdk, 17);
	cr_assert_str_eq(vm.release, "17.0.15+6");
	cr_assert_str_eq(vm.name, "OpenJDK 64-Bit Server VM");
	cr_assert_eq(vm.gc, GC_PARALLEL);
	cr_assert_eq(vm.heap_at, heap);
	cr_assert_eq(vm.heap_start, FAKEVM_HEAP);
	cr_assert_eq(vm.heap_end, FAKEVM_HEAP + FAKEVM_HEAP_SIZE);
	cr_assert_eq(vm.library_start, FAKEVM_LIBRARY);
	cr_assert_eq(vm.library_end, FAKEVM_LIBRARY + FAKEVM_LIBRARY_SIZE);
	cr_assert(vm.compressed_klasses, "absent means yes");
	cr_assert_not(vm.compressed_oops);
}

Test(hotspot, opens_a_vm_that_has_no_heap_yet)
{
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert_eq(vm.heap_at, 0);
	cr_assert_eq(vm.gc, GC_UNKNOWN);
}

Test(hotspot, knows_serial_by_its_heap_where_no_flag_is_set)
{
	for (int is_other = 0; is_other < 2; is_other++) {
		uint64_t heap;

		teardown();
		setup();
		heap = add_heap("UseSomethingElse", FAKEVM_HEAP, FAKEVM_HEAP_SIZE / 8);
		fakevm_type(fake, "GenCollectedHeap", 64);
		fakevm_member(fake, "GenCollectedHeap", "_gens", "", 48);
		fakevm_field(fake, "GenCollectedHeap", "_gch", "GenCollectedHeap*",
			     heap + 64 * (uint64_t)is_other);
		cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
		cr_assert_eq(vm.gc, is_other ? GC_UNKNOWN : GC_SERIAL);
	}
}

Test(hotspot, refuses_a_heap_without_a_vtable_in_the_library)
{
	uint64_t heap = add_heap("UseSerialGC", FAKEVM_HEAP, FAKEVM_HEAP_SIZE / 8);

	fakevm_set(fake, heap, heap);
	cr_assert_not(fakevm_open(fake, &vm, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(hotspot, refuses_heap_ranges_that_are_not_mapped_or_wrap_around)
{
	static const uint64_t BAD[][2] = {
		{ FAKEVM_HEAP + 4096, FAKEVM_HEAP_SIZE / 8 },
		{ FAKEVM_HEAP, UINT64_MAX / 8 },
		{ FAKEVM_HEAP, ((uint64_t)1 << 61) + 512 },
		{ FAKEVM_HEAP + 1, 512 },
		{ 0, 512 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		add_heap("UseSerialGC", BAD[i][0], BAD[i][1]);
		cr_assert_not(fakevm_open(fake, &vm, &why), "row %zu", i);
		cr_assert_eq(why.kind, FAIL_CORRUPT);
	}
}

Test(hotspot, says_absent_when_no_libjvm_is_mapped)
{
	fake->maps.count = 0;
	cr_assert_not(fakevm_open(fake, &vm, &why));
	cr_assert_eq(why.kind, FAIL_ABSENT);
}

Test(hotspot, does_not_export_statics_outside_of_the_library)
{
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	fakevm_field(fake, "PerfMemory", "_start", "char*", 0);
	fake->tables[0][fake->rows[0] - 1][5] = FAKEVM_OBJECTS;
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert_not(hotspot_has(&vm, FIELD_PERF_START));
}

Test(hotspot, believes_neither_of_two_members_in_one_place)
{
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	fakevm_type(fake, "OSThread", 32);
	fakevm_member(fake, "OSThread", "_thread_id", "int", 16);
	fakevm_member(fake, "OSThread", "_pthread_id", "int", 16);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert_not(hotspot_has(&vm, FIELD_OSTHREAD_TID));
	cr_assert_not(hotspot_has(&vm, FIELD_OSTHREAD_PTHREAD));
}

Test(hotspot, reads_a_member_in_the_width_of_its_type)
{
	uint64_t thread = fakevm_object(fake, 32), value;

	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	fakevm_type(fake, "OSThread", 32);
	fakevm_member(fake, "OSThread", "_thread_id", "int", 16);
	fakevm_set(fake, thread + 16, 0x1122334455667788);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert(hotspot_read_u64(&vm, FIELD_OSTHREAD_TID, thread, &value, &why));
	cr_assert_eq(value, 0x55667788);
	cr_assert_not(hotspot_read_pointer(&vm, FIELD_OSTHREAD_TID, thread + 4, &value, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	cr_assert_not(hotspot_read_u64(&vm, FIELD_CLD_HEAD, 0, &value, &why));
	cr_assert_eq(why.kind, FAIL_ABSENT);
}

Test(hotspot, decodes_narrow_oops_and_klasses_but_nothing_unaligned)
{
	uint64_t slot = fakevm_object(fake, 32), object = fakevm_object(fake, 16);

	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	fakevm_flag(fake, "UseCompressedOops", 0, 1, 5);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	vm.narrow_oop_base = FAKEVM_OBJECTS;
	vm.narrow_klass_base = FAKEVM_LIBRARY;
	fakevm_set(fake, slot, (object - FAKEVM_OBJECTS) >> 3);
	cr_assert_eq(hotspot_oop_at(&vm, slot), object);
	fakevm_set(fake, object + 8, 0x1000);
	cr_assert_eq(hotspot_klass_of(&vm, object), FAKEVM_LIBRARY + 0x1000);
	fakevm_set(fake, object + 8, 0x1001);
	cr_assert_eq(hotspot_klass_of(&vm, object), 0);
	cr_assert_eq(hotspot_klass_of(&vm, 0x1000), 0, "not mapped");
	vm.compact_headers = true;
	fakevm_set(fake, object, (uint64_t)0x1000 << 42 | 1);
	cr_assert_eq(hotspot_klass_of(&vm, object), FAKEVM_LIBRARY + 0x1000);
}

Test(hotspot, has_no_version_when_number_and_release_contradict_each_other)
{
	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	fakevm_finish(fake);
	for (size_t i = 0; i < fake->rows[0]; i++)
		if (!strcmp((char *)fakevm_at(fake, fake->tables[0][i][1]), "_vm_major_version"))
			fakevm_set(fake, fake->tables[0][i][5], 21);
	cr_assert(hotspot_open(&fake->memory, &fake->maps, NULL, 1, &fake->mem, &vm, &why));
	cr_assert_eq(vm.jdk, 0);
}

Test(hotspot, refuses_narrow_pointers_that_can_not_reach_the_heap)
{
	add_heap("UseSerialGC", FAKEVM_HEAP, FAKEVM_HEAP_SIZE / 8);
	fakevm_flag(fake, "UseCompressedOops", 0, 1, 5);
	for (size_t i = 0; i < fake->rows[0]; i++)
		if (!strcmp((char *)fakevm_at(fake, fake->tables[0][i][1]), "_narrow_oop._base"))
			fakevm_set(fake, fake->tables[0][i][5], FAKEVM_HEAP + 4096);
	cr_assert_not(fakevm_open(fake, &vm, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(hotspot, takes_the_colour_of_a_generational_pointer_off)
{
	uint64_t handle = fakevm_object(fake, 8);

	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	vm.coloured_oops = true;
	for (unsigned bit = 0; bit < 4; bit++) {
		fakevm_set(fake, handle, (uint64_t)0x40001000 << (13 + bit) | 1u << (12 + bit));
		cr_assert_eq(hotspot_handle(&vm, handle), 0x40001000);
	}
	fakevm_set(fake, handle, 0x40000000);
	cr_assert_eq(hotspot_handle(&vm, handle), 0, "no remap bit");
}

Test(hotspot, follows_an_object_that_shenandoah_has_moved)
{
	static uint64_t heap[16];
	uint64_t handle = fakevm_object(fake, 8);

	add_heap("UseShenandoahGC", FAKEVM_HEAP, FAKEVM_HEAP_SIZE / 8);
	fakevm_area(fake, FAKEVM_HEAP, (unsigned char *)heap, sizeof(heap));
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	fakevm_set(fake, handle, FAKEVM_HEAP);
	heap[0] = (FAKEVM_HEAP + 64) | 3;
	cr_assert_eq(hotspot_handle(&vm, handle), FAKEVM_HEAP + 64);
	heap[0] = (FAKEVM_HEAP + 64) | 1;
	cr_assert_eq(hotspot_handle(&vm, handle), FAKEVM_HEAP, "a mark word with a hash");
	heap[0] = (FAKEVM_HEAP + FAKEVM_HEAP_SIZE) | 3;
	cr_assert_eq(hotspot_handle(&vm, handle), FAKEVM_HEAP, "moved out of the heap");
	vm.gc = GC_SERIAL;
	heap[0] = (FAKEVM_HEAP + 64) | 3;
	cr_assert_eq(hotspot_handle(&vm, handle), FAKEVM_HEAP,
		     "a marked object of another collector");
}

Test(hotspot, reads_flags_with_type_value_and_origin)
{
	const struct flags_entry *f;
	struct flags_value v;
	uint64_t number;

	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	fakevm_flag(fake, "MaxHeapSize", 6, 1 << 20, 1);
	fakevm_flag(fake, "ErrorFile", 8, fakevm_text(fake, "hs_err.log"), 2);
	fakevm_flag(fake, "Signed", 1, (uint32_t)-3, 5);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	f = flags_find(vm.flags, "MaxHeapSize");
	cr_assert(f && !strcmp(f->type, "size_t") && !strcmp(f->origin, "command line"));
	cr_assert(hotspot_flag(&vm, "MaxHeapSize", &number) && number == 1 << 20);
	f = flags_find(vm.flags, "ErrorFile");
	cr_assert(f && flags_read(&vm, f, &fake->mem, &v, &why));
	cr_assert_str_eq(v.text, "hs_err.log");
	cr_assert_str_eq(f->origin, "environment");
	cr_assert(hotspot_flag(&vm, "Signed", &number) && (int64_t)number == -3);
	cr_assert_not(hotspot_flag(&vm, "ErrorFile", &number), "a text is no number");
	cr_assert_not(hotspot_flag(&vm, "NoSuchFlag", &number));
}

Test(hotspot, refuses_a_bool_flag_that_is_neither_true_nor_false)
{
	uint64_t at, number;

	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	at = fakevm_flag(fake, "Odd", 0, 2, 0);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert_not(hotspot_flag(&vm, "Odd", &number));
	fakevm_set(fake, at, 1);
	cr_assert(hotspot_flag(&vm, "Odd", &number));
}

Test(hotspot, drops_two_flags_that_claim_the_same_variable)
{
	uint64_t number;

	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	fakevm_flag(fake, "First", 4, 1, 0);
	fakevm_flag(fake, "Second", 4, 2, 0);
	fake->flags[fake->flag_count - 1][0] = fake->flags[fake->flag_count - 2][0];
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert_not(hotspot_flag(&vm, "First", &number));
	cr_assert_not(hotspot_flag(&vm, "Second", &number));
	cr_assert(hotspot_flag(&vm, "Filler3", &number) && number == 3);
}

Test(hotspot, drops_a_flag_whose_type_is_too_wide_with_the_one_it_runs_into)
{
	uint64_t number;

	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	fakevm_flag(fake, "Wide", 4, 1, 0);
	fakevm_flag(fake, "Narrow", 0, 1, 0);
	fake->flags[fake->flag_count - 1][0] = fake->flags[fake->flag_count - 2][0] + 4;
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert_not(hotspot_flag(&vm, "Wide", &number));
	cr_assert_not(hotspot_flag(&vm, "Narrow", &number));
}

Test(hotspot, refuses_a_flag_table_whose_count_is_wrong)
{
	uint64_t count_at;

	fakevm_field(fake, "Universe", "_collectedHeap", "CollectedHeap*", 0);
	fakevm_finish(fake);
	count_at = fake->tables[0][fake->rows[0] - 1][5];
	fakevm_set(fake, count_at, fakevm_get(fake, count_at) - 1);
	cr_assert_not(hotspot_open(&fake->memory, &fake->maps, NULL, 1, &fake->mem, &vm, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}
