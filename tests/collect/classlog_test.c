// SPDX-License-Identifier: Apache-2.0
#include "collect/classlog.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "facts/classlog.h"

static char path[] = "/tmp/classlog-test-XXXXXX";
static FILE *file;
static struct arena mem;
static struct classlog_facts facts;
static struct fail why;

static void setup(void)
{
	file = fdopen(mkstemp(path), "w");
}

static void teardown(void)
{
	arena_drop(&mem);
	unlink(path);
}

TestSuite(classlog, .init = setup, .fini = teardown);

Test(classlog, families_sources_and_rates_are_summed_up)
{
	for (int i = 0; i < 10; i++)
		fprintf(file,
			"[%d.500s][info][class,load] shop.Gen_%d source: __JVM_DefineClass__\n", i,
			i % 5);
	fputs("[3.0s][debug][class,load]  klass: 0x1 super: 0x2 loader: [loader data: 0x3 for "
	      "instance a 'shop.Loader'{0x4}] bytes: 9\n",
	      file);
	fputs("[4.0s][info][class,unload] unloading class shop.Gen_1 0x0000000840063040\n", file);
	fputs("[4.0s][info][class,load] a.Main$$Lambda$1/0x0000000800c03000 source: a.Main\n",
	      file);
	fputs("noise\n", file);
	fclose(file);
	cr_assert(classlog_is_one(path));
	cr_assert(classlog_read(path, &mem, &facts, &why), "%s", why.text);
	cr_expect(facts.unified);
	cr_expect_eq(facts.loaded, 11);
	cr_expect_eq(facts.unloaded, 1);
	cr_expect_eq(facts.lines, 14);
	cr_expect_eq(facts.unknown, 1);
	cr_expect(facts.timed);
	cr_expect_float_eq(facts.span_s, 9, 1e-9);
	cr_assert_eq(facts.families.count, 2);
	cr_expect_str_eq(facts.families.at[0].name, "shop.Gen_#");
	cr_expect_eq(facts.families.at[0].loaded, 10);
	cr_expect_eq(facts.families.at[0].unloaded, 1);
	cr_expect_eq(facts.families.at[0].distinct_names, 5);
	cr_expect_str_eq(facts.families.at[0].loader_type, "shop.Loader");
	cr_expect_str_eq(facts.families.at[0].source, "__JVM_DefineClass__");
	cr_expect_str_eq(facts.families.at[1].generator, "lambda");
	cr_assert_eq(facts.again.count, 5);
	cr_expect_eq(facts.again.at[0].loaded, 2);
	cr_assert_eq(facts.sources.count, 2);
}

Test(classlog, lines_that_two_pieces_share_are_whole)
{
	size_t count = 60000; // some pieces of a MB

	for (size_t i = 0; i < count; i++)
		fprintf(file,
			"[Loaded some.package.with.a.name.Type%zu from file:/some/place.jar]\n", i);
	fclose(file);
	cr_assert(classlog_read(path, &mem, &facts, &why));
	cr_expect_eq(facts.loaded, count);
	cr_expect_eq(facts.unknown, 0);
	cr_assert_eq(facts.families.count, 1);
	cr_expect_eq(facts.families.at[0].distinct_names, count);
	cr_expect_not(facts.unified);
	cr_expect_not(facts.timed);
}

Test(classlog, other_files_are_none)
{
	fputs("Open source: yes\nThe data source: none\n", file);
	fclose(file);
	cr_expect_not(classlog_is_one(path));
	cr_expect_not(classlog_read(path, &mem, &facts, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_not(classlog_is_one("/"));
	cr_expect_not(classlog_is_one("/proc/self/mem"));
	cr_expect_not(classlog_read("/no/such/file", &mem, &facts, &why));
}
