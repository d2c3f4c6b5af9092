// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "collect/collector.h"
#include "recorded.h"

// Laid out as JDK 17 does with -Xmx128m: heap, main heap, a Metaspace node, two arenas, class space
// (1 GB), code.
static const char MAPS[] =
	"f8000000-fc700000 rw-p 00000000 00:00 0 \n"
	"fc700000-100000000 ---p 00000000 00:00 0 \n"
	"556ec8bf7000-556ec8c3e000 rw-p 00000000 00:00 0 [heap]\n"
	"7f7300000000-7f7300021000 rw-p 00000000 00:00 0 \n"
	"7f7300021000-7f7304000000 ---p 00000000 00:00 0 \n"
	"7f7304000000-7f7304053000 rw-p 00000000 00:00 0 \n"
	"7f7304053000-7f7308000000 ---p 00000000 00:00 0 \n"
	"7f7310000000-7f7310040000 rw-p 00000000 00:00 0 \n"
	"7f7310040000-7f7310400000 ---p 00000000 00:00 0 \n"
	"7f7310400000-7f7310410000 rw-p 00000000 00:00 0 \n"
	"7f7310410000-7f7314000000 ---p 00000000 00:00 0 \n"
	"7f7314000000-7f7314bc7000 rw-p 00001000 fe:00 9 /jdk/lib/server/classes.jsa\n"
	"7f7314bc7000-7f7315000000 ---p 00000000 00:00 0 \n"
	"7f7315000000-7f7315010000 rw-p 00000000 00:00 0 \n"
	"7f7315010000-7f7355000000 ---p 00000000 00:00 0 \n"
	"7f7355400000-7f7355670000 rwxp 00000000 00:00 0 \n";

static struct arena mem;
static struct recorded recorded;
static struct tree files;
static struct target target;
static struct snapshot got;
static struct look look;

static void run(const char *maps, uint64_t heap_max, uint64_t class_space)
{
	static const struct recorded_file NONE[] = { { "/nothing", "", FAIL_NONE, 0 } };

	files = recorded_tree(&recorded, NONE, 1);
	target = (struct target){ .pid = 40, .files = &files, .tier = TIER_C };
	snapshot_init(&got, &mem);
	look = (struct look){ .target = &target, .out = &got, .mem = &mem };
	cr_assert(maps_parse(span_of(maps), &mem, &look.maps, NULL));
	if (heap_max)
		snapshot_set(&got, F_HEAP_MAX, heap_max, (struct provenance){ 0 });
	if (class_space)
		snapshot_set(&got, F_CLASS_SPACE_RESERVED, class_space, (struct provenance){ 0 });
	collector_shapes.run(&look, NULL); // the task list is not recorded
}

static const struct claim *claim_at(uint64_t at)
{
	for (size_t i = 0; i < got.claims.count; i++)
		if (got.claims.at[i].start <= at && at < got.claims.at[i].end)
			return &got.claims.at[i];
	return NULL;
}

#define EXPECT(at, id)                                                                             \
	do {                                                                                       \
		const struct claim *c = claim_at(at);                                              \
		cr_expect(c && !strcmp(c->account, id), "0x%lx is %s, not %s", (long)(at),         \
			  c ? c->account : "unclaimed", id);                                       \
	} while (0)

static void drop(void)
{
	arena_drop(&mem);
}

TestSuite(shapes, .fini = drop);

Test(shapes, each_shape_goes_to_its_account)
{
	run(MAPS, MIB(128), GIB(1));
	EXPECT(0xf8000000, "java-heap");
	EXPECT(0xfffff000, "java-heap");
	EXPECT(0x556ec8bf7000, "malloc");
	EXPECT(0x7f7300000000, "malloc");
	EXPECT(0x7f7304052000, "malloc");
	EXPECT(0x7f7310000000, "metaspace");
	EXPECT(0x7f7310400000, "metaspace");
	EXPECT(0x7f7314000000, "cds");
	EXPECT(0x7f7315000000, "class-space");
	EXPECT(0x7f7355400000, "code-cache");
}

Test(shapes, all_but_what_the_kernel_names_is_estimated)
{
	run(MAPS, MIB(128), GIB(1));
	for (size_t i = 0; i < got.claims.count; i++) {
		const struct claim *c = &got.claims.at[i];
		bool named =
			!strcmp(c->account, "cds") || (c->part && !strcmp(c->part, "main heap"));

		cr_expect_eq(c->certainty, named ? CERTAINTY_DERIVED : CERTAINTY_ESTIMATED, "%s",
			     c->account);
	}
}

Test(shapes, without_a_size_to_look_for_no_heap_is_guessed)
{
	run(MAPS, 0, 0);
	cr_expect_null(claim_at(0xf8000000));
	cr_expect_null(claim_at(0x7f7315000000));
}

Test(shapes, two_ranges_of_the_heap_s_size_are_none)
{
	run("80000000-88000000 rw-p 00000000 00:00 0 \n"
	    "f8000000-100000000 rw-p 00000000 00:00 0 \n",
	    MIB(128), 0);
	cr_expect_eq(got.claims.count, 0);
}

// JDK 8: class space (1 GB) lies right behind the heap, and the kernel joins what is committed of both.
static const char JOINED[] = "f8000000-100080000 rw-p 00000000 00:00 0 \n"
			     "100080000-140000000 ---p 00000000 00:00 0 \n"
			     "7f7310000000-7f7350000000 ---p 00000000 00:00 0 \n";

Test(shapes, a_heap_and_the_class_space_behind_it_are_told_apart_in_one_mapping)
{
	run(JOINED, MIB(128), GIB(1));
	EXPECT(0xf8000000, "java-heap");
	EXPECT(0xfffff000, "java-heap");
	EXPECT(0x100000000, "class-space");
	EXPECT(0x13ffff000, "class-space");
	cr_expect_null(claim_at(0x140000000));
}

Test(shapes, a_mapping_of_another_length_is_no_heap_with_class_space)
{
	run(JOINED, MIB(128), MIB(512));
	cr_expect_null(claim_at(0xf8000000));
	cr_expect_null(claim_at(0x100000000));
}
