// SPDX-License-Identifier: Apache-2.0
#include "jvm/zheap.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>

#include "base/fail.h"
#include "base/units.h"
#include "fakevm_z.h"
#include "jvm/gcside.h"
#include "jvm/spaces.h"

enum {
	OBJECT = FAKEVM_Z_PAGE + 64, // an object in the page
	TARGET = 8 << 20,            // where objects go
	OLD_TARGET = 10 << 20,
	REMEMBERED = 3 << 4,
};

static struct fakevm *fake;
static struct fakevm_z z;
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

TestSuite(zheap, .init = setup, .fini = teardown);

static void open_vm(void)
{
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert(vm.z != NULL);
}

static void start(enum fakevm_z_kind kind)
{
	z = fakevm_add_z(fake, kind);
	open_vm();
}

static void follow(uint64_t raw, uint64_t offset)
{
	cr_assert(eq(u64, zheap_address(&vm, raw), FAKEVM_Z_BASE | offset));
}

// --- generations ---

Test(zheap, a_reference_of_todays_colour_is_taken_as_it_stands)
{
	start(FAKEVM_Z_COLOURED);
	fakevm_z_move(fake, &z, fakevm_z_forward(fake, &z, 0), 64, TARGET);
	follow(fakevm_z_reference(2, OBJECT), OBJECT);
	cr_assert(eq(u64, zheap_address(&vm, 0), 0));
	cr_assert(eq(u64, zheap_address(&vm, REMEMBERED), 0), "null with colours");
}

// Good is colour 2: binary 10, the old generation's bit and the young one's.
Test(zheap, the_generation_whose_colour_is_out_of_date_knows_where_the_object_went)
{
	start(FAKEVM_Z_COLOURED);
	fakevm_z_move(fake, &z, fakevm_z_forward(fake, &z, 0), 64, TARGET);
	fakevm_z_move(fake, &z, fakevm_z_forward(fake, &z, 1), 64, OLD_TARGET);
	follow(fakevm_z_reference(3, OBJECT), TARGET);
	follow(fakevm_z_reference(0, OBJECT), OLD_TARGET);
	fakevm_set(fake, z.forward[0] + (FAKEVM_Z_PAGE >> 21) * 8, 0);
	follow(fakevm_z_reference(3, OBJECT), OBJECT);
}

Test(zheap, with_both_colours_out_of_date_it_is_the_one_that_has_the_place)
{
	start(FAKEVM_Z_COLOURED);
	fakevm_z_move(fake, &z, fakevm_z_forward(fake, &z, 1), 64, OLD_TARGET);
	follow(fakevm_z_reference(1, OBJECT), OLD_TARGET);
	fakevm_z_move(fake, &z, fakevm_z_forward(fake, &z, 0), 64, TARGET);
	follow(fakevm_z_reference(1, OBJECT), TARGET);
	follow(fakevm_z_reference(1, OBJECT) | REMEMBERED, OLD_TARGET);
}

Test(zheap, an_object_that_has_not_moved_yet_is_where_it_was)
{
	uint64_t entries;

	start(FAKEVM_Z_COLOURED);
	follow(fakevm_z_reference(3, OBJECT), OBJECT);
	entries = fakevm_z_forward(fake, &z, 0);
	follow(fakevm_z_reference(3, OBJECT), OBJECT);
	fakevm_z_move(fake, &z, entries, 128, TARGET);
	follow(fakevm_z_reference(3, OBJECT), OBJECT);
	follow(fakevm_z_reference(3, OBJECT + 64), TARGET);
}

Test(zheap, a_forwarding_table_that_makes_no_sense_moves_nothing)
{
	static const struct {
		const char *what;
		uint64_t offset, value; // in the forwarding
	} BAD[] = {
		{ "no power of two", 24, FAKEVM_Z_ENTRIES - 1 },
		{ "without end", 24, UINT64_C(1) << 40 },
		{ "of another place", 0, FAKEVM_Z_PAGE + MIB(2) },
		{ "of no bytes", 8, 0 },
		{ "a shift beyond a page", 16, 21 },
		{ "a shift of bytes", 16, 0 },
	};

	start(FAKEVM_Z_COLOURED);
	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		uint64_t entries = fakevm_z_forward(fake, &z, 0);

		fakevm_z_move(fake, &z, entries, 64, TARGET);
		follow(fakevm_z_reference(3, OBJECT), TARGET);
		fakevm_set(fake, entries - 64 + BAD[i].offset, BAD[i].value);
		cr_assert(eq(u64, zheap_address(&vm, fakevm_z_reference(3, OBJECT)),
			     FAKEVM_Z_BASE | OBJECT),
			  "%s", BAD[i].what);
	}
}

Test(zheap, generations_without_redundant_fields_are_none)
{
	z = fakevm_add_z(fake, FAKEVM_Z_COLOURED);
	fakevm_z_move(fake, &z, fakevm_z_forward(fake, &z, 0), 64, TARGET);
	fakevm_set(fake, z.generation[1] + 24, z.heap);
	open_vm();
	cr_assert(eq(u64, vm.z->forwardings[0].count, 0));
	follow(fakevm_z_reference(3, OBJECT), OBJECT);
}

// --- views ---

static unsigned char seen[4096];

static void show(uint64_t view)
{
	fakevm_area(fake, view | (TARGET & ~4095), seen, sizeof(seen));
	fakevm_area(fake, view | (OBJECT & ~4095), seen, sizeof(seen));
}

Test(zheap, a_reference_into_a_view_of_the_past_is_looked_up)
{
	start(FAKEVM_Z_VIEWS);
	show(FAKEVM_Z_BASE << 2);
	fakevm_z_move(fake, &z, fakevm_z_forward(fake, &z, 0), 64, TARGET);
	cr_assert(eq(u64, zheap_address(&vm, FAKEVM_Z_BASE | OBJECT), FAKEVM_Z_BASE << 2 | TARGET));
	cr_assert(eq(u64, zheap_address(&vm, FAKEVM_Z_BASE << 2 | OBJECT),
		     FAKEVM_Z_BASE << 2 | OBJECT));
}

Test(zheap, a_remapped_reference_is_not_looked_up_while_the_next_cycle_marks)
{
	start(FAKEVM_Z_VIEWS);
	show(FAKEVM_Z_BASE);
	fakevm_z_move(fake, &z, fakevm_z_forward(fake, &z, 0), 64, TARGET);
	fakevm_set(fake, z.good, FAKEVM_Z_BASE);
	fakevm_set(fake, z.weak_bad, FAKEVM_Z_BASE << 1);
	cr_assert(eq(u64, zheap_address(&vm, FAKEVM_Z_BASE << 2 | OBJECT), FAKEVM_Z_BASE | OBJECT));
	cr_assert(eq(u64, zheap_address(&vm, FAKEVM_Z_BASE << 1 | OBJECT), FAKEVM_Z_BASE | TARGET));
}

Test(zheap, an_object_is_read_in_the_view_that_has_its_page)
{
	start(FAKEVM_Z_VIEWS);
	show(FAKEVM_Z_BASE << 1);
	cr_assert(eq(u64, zheap_address(&vm, FAKEVM_Z_BASE << 2 | OBJECT),
		     FAKEVM_Z_BASE << 1 | OBJECT));
}

Test(zheap, what_is_in_no_view_is_taken_as_it_stands)
{
	start(FAKEVM_Z_VIEWS);
	cr_assert(eq(u64, zheap_address(&vm, 0), 0));
	cr_assert(eq(u64, zheap_address(&vm, 0x1008), 0x1008));
	fakevm_set(fake, z.good, 0);
	cr_assert(eq(u64, zheap_address(&vm, FAKEVM_Z_BASE | OBJECT), FAKEVM_Z_BASE | OBJECT));
}

Test(zheap, a_page_of_jdk_11_has_its_own_forwarding_table)
{
	start(FAKEVM_Z_EARLY);
	show(FAKEVM_Z_BASE << 2);
	fakevm_z_move(fake, &z, fakevm_z_forward(fake, &z, 0), 64, TARGET);
	fakevm_set(fake, z.pages + (FAKEVM_Z_PAGE >> 21) * 8, z.page | 1); // is relocating
	cr_assert(eq(u64, zheap_address(&vm, FAKEVM_Z_BASE | OBJECT), FAKEVM_Z_BASE << 2 | TARGET));
}

// --- pages and tables ---

Test(zheap, a_page_is_found_by_any_offset_in_it)
{
	struct zheap_page p;

	for (int kind = FAKEVM_Z_EARLY; kind <= FAKEVM_Z_COLOURED; kind++) {
		teardown();
		setup();
		start(kind);
		cr_assert(zheap_page(&vm, OBJECT, &p));
		cr_assert(eq(u64, p.start, FAKEVM_Z_PAGE));
		cr_assert(eq(u64, p.end, FAKEVM_Z_PAGE + MIB(2)));
		cr_assert(eq(int, p.type, ZHEAP_SMALL));
		cr_assert(not(zheap_page(&vm, FAKEVM_Z_PAGE - 1, &p)));
		cr_assert(not(zheap_page(&vm, UINT64_MAX, &p)));
		fakevm_set(fake, z.page + 8, FAKEVM_Z_PAGE + MIB(2));
		cr_assert(not(zheap_page(&vm, OBJECT, &p)), "a page that is elsewhere");
	}
}

Test(zheap, memory_is_what_a_page_is_mapped_from_whatever_its_name)
{
	struct mapping *m = NULL;
	struct mapping other = { .inode = 10, .path = "/memfd:java_heap" };

	z = fakevm_add_z(fake, FAKEVM_Z_COLOURED);
	for (size_t i = 0; i < fake->maps.count; i++)
		if (fake->maps.at[i].shared)
			m = &fake->maps.at[i];
	m->path = "/mnt/heap (gone)";
	open_vm();
	cr_assert(zheap_is_memory(&vm, m));
	cr_assert(not(zheap_is_memory(&vm, &other)));
	fakevm_set(fake, z.pages + (FAKEVM_Z_PAGE >> 21) * 8, 0);
	cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
	cr_assert(not(zheap_is_memory(&vm, m)), "no page tells");
	cr_assert(zheap_is_memory(&vm, &other), "the name does");
}

Test(zheap, is_told_by_kind_of_page)
{
	struct spaces s;

	for (int kind = FAKEVM_Z_EARLY; kind <= FAKEVM_Z_VIEWS; kind++) {
		teardown();
		setup();
		z = fakevm_add_z(fake, kind);
		open_vm();
		cr_assert(spaces_read(&vm, &fake->mem, &s, &why), "%s", why.text);
		cr_assert(eq(u64, s.committed, MIB(4)));
		cr_assert(eq(u64, s.used, MIB(2)));
		cr_assert(eq(sz, s.count, 2));
		cr_assert(eq(str, (char *)s.at[0].name, "small pages"));
		cr_assert(eq(u32, s.at[0].regions, 1));
		cr_assert(eq(u64, s.at[0].used, MIB(2)));
		cr_assert(eq(str, (char *)s.at[1].name, "free"));
		cr_assert(eq(u64, s.at[1].committed, MIB(2)));
		fakevm_set(fake, z.used_at, MIB(4)); // a page came meanwhile
		cr_assert(spaces_read(&vm, &fake->mem, &s, &why), "%s", why.text);
		cr_assert(eq(sz, s.count, 0));
		fakevm_set(fake, z.used_at, MIB(6));
		cr_assert(not(spaces_read(&vm, &fake->mem, &s, &why)));
	}
}

static void read_side(struct gcside *g, size_t ranges)
{
	cr_assert(gcside_read(&vm, &fake->mem, g, &why), "%s", why.text);
	cr_assert(eq(sz, g->refused.count, 0), "%s", g->refused.count ? g->refused.at[0] : "");
	cr_assert(eq(sz, g->ranges.count, ranges));
}

static void expect(const struct gcside *g, uint64_t at, uint64_t size, const char *part)
{
	for (size_t i = 0; i < g->ranges.count; i++)
		if (g->ranges.at[i].start == at) {
			cr_assert(eq(u64, g->ranges.at[i].end - at, size), "%s", part);
			cr_assert(eq(str, (char *)g->ranges.at[i].part, (char *)part));
			return;
		}
	cr_assert(false, "%s is missing", part);
}

Test(zheap, all_that_a_generational_collector_keeps_beside_the_heap_is_found)
{
	struct gcside g;

	start(FAKEVM_Z_COLOURED);
	read_side(&g, 6);
	expect(&g, z.pages, FAKEVM_Z_GRANULES * 8, "page table");
	expect(&g, z.forward[0], FAKEVM_Z_GRANULES * 8, "forwarding table");
	expect(&g, z.forward[1], FAKEVM_Z_GRANULES * 8, "forwarding table");
	expect(&g, z.backing, FAKEVM_Z_GRANULES * 4, "table of backing memory");
	expect(&g, FAKEVM_Z_STACKS, FAKEVM_Z_STACK_LIMIT, "mark stacks");
	expect(&g, FAKEVM_Z_STACKS + FAKEVM_Z_STACK_LIMIT, FAKEVM_Z_STACK_LIMIT, "mark stacks");
}

Test(zheap, all_that_a_collector_with_views_keeps_beside_the_heap_is_found)
{
	struct gcside g;

	start(FAKEVM_Z_VIEWS);
	read_side(&g, 3);
	expect(&g, z.pages, FAKEVM_Z_GRANULES * 8, "page table");
	expect(&g, z.forward[0], FAKEVM_Z_GRANULES * 8, "forwarding table");
	expect(&g, FAKEVM_Z_STACKS, FAKEVM_Z_STACK_LIMIT, "mark stacks");
}

Test(zheap, mark_stacks_may_have_grown_or_gone_since_the_mappings_were_listed)
{
	struct gcside g;

	start(FAKEVM_Z_VIEWS);
	fakevm_set(fake, z.stacks[0] + 16, FAKEVM_Z_STACKS + MIB(64));
	read_side(&g, 3);
	fakevm_set(fake, z.stacks[0] + 8, FAKEVM_Z_STACKS);
	fakevm_set(fake, z.stacks[0] + 16, FAKEVM_Z_STACKS);
	read_side(&g, 3);
	expect(&g, FAKEVM_Z_STACKS, FAKEVM_Z_STACK_LIMIT, "mark stacks");
}

Test(zheap, mark_stacks_whose_memory_ends_anywhere_are_none)
{
	struct gcside g;

	start(FAKEVM_Z_VIEWS);
	for (size_t i = 0; i < fake->maps.count; i++) {
		if (fake->maps.at[i].end == FAKEVM_Z_STACKS + MIB(32))
			fake->maps.at[i].end -= MIB(1);
		if (fake->maps.at[i].start == FAKEVM_Z_STACKS + MIB(32))
			fake->maps.at[i].start -= MIB(1);
	}
	cr_assert(gcside_read(&vm, &fake->mem, &g, &why), "%s", why.text);
	cr_assert(eq(sz, g.refused.count, 1));
}

Test(zheap, mark_stacks_of_jdk_11_start_where_their_memory_does)
{
	struct gcside g;

	start(FAKEVM_Z_EARLY);
	read_side(&g, 2);
	expect(&g, z.pages, FAKEVM_Z_GRANULES * 8, "page table");
	expect(&g, FAKEVM_Z_STACKS, MIB(32), "mark stacks");
}

Test(zheap, a_table_that_contradicts_is_refused_and_said_so)
{
	static const struct {
		const char *what;
		enum fakevm_z_kind kind;
		uint64_t *object, offset, value;
	} BAD[] = {
		{ "stacks with an odd start", FAKEVM_Z_VIEWS, &z.stacks[0], 0,
		  FAKEVM_Z_STACKS + 8 },
		{ "stacks above their end", FAKEVM_Z_VIEWS, &z.stacks[0], 8,
		  FAKEVM_Z_STACKS + MIB(33) },
		{ "stacks of another size", FAKEVM_Z_VIEWS, &z.stacks[0], 16,
		  FAKEVM_Z_STACKS + MIB(16) },
		{ "stacks beyond their limit", FAKEVM_Z_VIEWS, &z.stacks[0], 16,
		  FAKEVM_Z_STACKS + MIB(96) },
		{ "stacks that end elsewhere", FAKEVM_Z_EARLY, &z.stacks[0], 8,
		  FAKEVM_Z_STACKS + MIB(16) },
		{ "one space for two generations", FAKEVM_Z_COLOURED, &z.stacks[1], 0, 0 },
		{ "a table of another length", FAKEVM_Z_COLOURED, &z.heap, 48,
		  FAKEVM_Z_GRANULES / 2 },
		{ "a table at an odd address", FAKEVM_Z_COLOURED, &z.heap, 56, 0x7f2000000008 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		struct gcside g;

		teardown();
		setup();
		start(BAD[i].kind);
		fakevm_set(fake, *BAD[i].object + BAD[i].offset, BAD[i].value);
		cr_assert(gcside_read(&vm, &fake->mem, &g, &why), "%s", why.text);
		cr_assert(gt(sz, g.refused.count, 0), "%s", BAD[i].what);
	}
}

Test(zheap, masks_and_maps_that_make_no_sense_are_no_heap)
{
	static const struct {
		const char *what;
		uint64_t offset, value; // in ZHeap
	} BAD[] = {
		{ "no map", 256 + 8, 0 },
		{ "a map at an odd address", 256 + 8, 0x7f2000000008 },
		{ "a map beyond its memory", 256 + 8, 0x7f2000000000 + FAKEVM_OBJECTS_SIZE - 4096 },
		{ "a map longer than the heap", 256, FAKEVM_Z_GRANULES * 2 },
		{ "a map of nothing", 256, 0 },
	};

	for (size_t i = 0; i < sizeof(BAD) / sizeof(BAD[0]); i++) {
		teardown();
		setup();
		z = fakevm_add_z(fake, FAKEVM_Z_VIEWS);
		fakevm_set(fake, z.heap + BAD[i].offset, BAD[i].value);
		cr_assert(fakevm_open(fake, &vm, &why), "%s", why.text);
		cr_assert(vm.z == NULL, "%s", BAD[i].what);
	}
}
