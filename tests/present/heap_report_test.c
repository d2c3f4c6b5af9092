// SPDX-License-Identifier: Apache-2.0
#include "present/heap_report.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "present/heap_html.h"

static struct arena mem;
static char *printed;
static size_t printed_len;

static void drop(void)
{
	free(printed);
	arena_drop(&mem);
}

TestSuite(heap_report, .fini = drop);

static const struct column OUTER[] = {
	{ "bytes", "bytes", 8, COLUMN_COUNT, NULL },
	{ NULL, "", 2, COLUMN_TEXT, NULL },
	{ "class", "class", 20, COLUMN_NAME, NULL },
	{ "change", "change", 8, COLUMN_DELTA, NULL },
};
static const struct column INNER[] = { { "field", "field", 20, COLUMN_TEXT, NULL } };

static void make(struct heap_report *r)
{
	struct heap_table *outer, *inner;
	struct heap_row *row;
	struct cell *c;

	heap_report_init(r, &mem);
	heap_report_note(r, "%d objects", 3);
	outer = heap_report_table(r, NULL, "things", "Things", OUTER, 4);
	row = heap_report_row(r, outer, &c);
	c[0] = cell_count(7);
	c[2] = cell_text("a<script>&\"");
	c[3] = cell_change(-5, true);
	inner = heap_report_table(r, row, "steps", NULL, INNER, 1);
	heap_report_row(r, inner, &c);
	c[0] = cell_text(".next");
	heap_report_row(r, outer, &c);
	outer->left_out = 2;
}

Test(heap_report, tables_nest_in_json)
{
	struct heap_report r;
	FILE *to = open_memstream(&printed, &printed_len);

	make(&r);
	heap_report_json(&r, to);
	fclose(to);
	cr_expect_str_eq(printed,
			 "{\"schema\":1,\"source\":\"dump\",\"things\":[{\"bytes\":7,\"class\":"
			 "\"a<script>&\\\"\",\"change\":-5,\"steps\":[{\"field\":\".next\"}]},"
			 "{\"bytes\":null,\"class\":null,\"change\":null}]}\n");
}

Test(heap_report, text_says_how_many_rows_were_left_out)
{
	struct heap_report r;
	FILE *to = open_memstream(&printed, &printed_len);

	make(&r);
	heap_report_text(&r, false, to);
	fclose(to);
	cr_expect_neq(strstr(printed, "3 objects\n"), NULL);
	cr_expect_neq(strstr(printed, "\n.next\n"), NULL);
	cr_expect_neq(strstr(printed, "-5"), NULL);
	cr_expect_neq(strstr(printed, "... and 2 more (--top 0)"), NULL);
}

Test(heap_report, html_escapes_names_and_puts_tiles_inside_tiles)
{
	struct heap_tile small = { .name = "x<y", .bytes = 40 };
	struct heap_tile inside[] = { { .name = "left", .bytes = 60, .tiles = &small, .count = 1 },
				      { .name = "right", .bytes = 30 } };
	struct heap_tile all = { .name = "all", .bytes = 100, .tiles = inside, .count = 2 };
	struct heap_report r;
	FILE *to = open_memstream(&printed, &printed_len);

	make(&r);
	heap_report_html(&r, &all, to);
	fclose(to);
	cr_expect_neq(strstr(printed, "a&lt;script&gt;&amp;&quot;"), NULL);
	cr_expect_eq(strstr(printed, "<script"), NULL);
	cr_expect_neq(strstr(printed, "title=\"x&lt;y: 40 B\""), NULL);
	cr_expect_neq(strstr(printed, "title=\"right: 30 B\""), NULL);
	cr_expect_neq(strstr(printed, "class=\"t d2\""), NULL, "a tile two levels down");
}
