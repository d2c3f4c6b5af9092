// SPDX-License-Identifier: Apache-2.0
#include "collect/jstat.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "parse/hsperf.h"

enum { ENTRY = 80, NAME_AT = 20, VALUE_AT = 72, HEAD = 32 };

static char bytes[2048];
static size_t used;
static struct hsperf h;
static struct arena mem;

static void put_u32(size_t at, uint32_t value)
{
	memcpy(bytes + at, &value, sizeof(value));
}

static void add(const char *name, uint64_t value)
{
	put_u32(used, ENTRY);
	put_u32(used + 4, NAME_AT);
	bytes[used + 12] = 'J';
	put_u32(used + 16, VALUE_AT);
	strcpy(bytes + used + NAME_AT, name);
	memcpy(bytes + used + VALUE_AT, &value, sizeof(value));
	used += ENTRY;
}

static void build(void)
{
	static const char PROLOGUE[] = { '\xca', '\xfe', '\xc0', '\xc0', 1, 2, 0, 1 };
	struct fail why;

	memcpy(bytes, PROLOGUE, sizeof(PROLOGUE));
	put_u32(24, HEAD);
	put_u32(28, 7);
	used = HEAD;
	add("sun.os.hrt.frequency", 1000);
	add("sun.gc.collector.0.time", 1500);
	add("sun.gc.collector.2.time", 250);
	add("sun.gc.generation.1.space.0.capacity", 4096);
	add("sun.gc.generation.1.space.0.used", 1024);
	add("sun.gc.compressedclassspace.capacity", 0);
	add("sun.gc.compressedclassspace.used", 0);
	cr_assert(hsperf_parse((struct span){ bytes, used }, &h, &why), "%s", why.text);
}

static struct jstat_cell cell(enum jstat_view view, unsigned jdk, const char *name)
{
	struct jstat_line line;

	jstat_read(&h, view, jdk, &mem, &line);
	for (size_t i = 0; i < line.count; i++)
		if (!strcmp(line.at[i].name, name))
			return line.at[i];
	return (struct jstat_cell){ 0 };
}

TestSuite(jstat, .init = build);

Test(jstat, a_concurrent_collector_counts_since_jdk_11)
{
	cr_expect_null(cell(JSTAT_GC, 8, "CGCT").name);
	cr_expect_eq(cell(JSTAT_GC, 8, "GCT").value, 1.5);
	cr_expect_eq(cell(JSTAT_GC, 11, "CGCT").value, 0.25);
	cr_expect_eq(cell(JSTAT_GC, 11, "GCT").value, 1.75);
}

Test(jstat, a_share_is_of_the_capacity_and_unknown_of_nothing)
{
	cr_expect_eq(cell(JSTAT_GCUTIL, 17, "O").value, 25);
	cr_expect_eq(cell(JSTAT_GCCAUSE, 17, "O").value, 25);
	cr_expect_not(cell(JSTAT_GCUTIL, 17, "CCS").known);
	cr_expect_not(cell(JSTAT_GCUTIL, 17, "M").known, "the VM has no such counter");
}

Test(jstat, widths_are_those_of_the_jdk)
{
	cr_expect_eq(cell(JSTAT_GC, 11, "OC").width, 10);
	cr_expect(cell(JSTAT_GC, 11, "OC").centred);
	cr_expect_eq(cell(JSTAT_GC, 17, "OC").width, 12);
	cr_expect_not(cell(JSTAT_GC, 17, "OC").centred);
}
