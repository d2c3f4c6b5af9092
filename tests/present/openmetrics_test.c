// SPDX-License-Identifier: Apache-2.0
#include "present/openmetrics.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "facts/watched.h"

static const char *print(struct watched_row *rows, size_t count)
{
	struct watched_rows all = { .at = rows, .count = count, .ticks = 7 };
	static char text[8192];
	FILE *to = fmemopen(text, sizeof(text), "w");

	openmetrics_print(&all, to);
	fclose(to);
	return text;
}

static struct sample unknown(void)
{
	struct sample s = { 0 };

	for (int i = 0; i < SAMPLE_COUNT; i++)
		s.value[i] = UNKNOWN_BYTES;
	return s;
}

Test(openmetrics, a_name_has_one_head_and_a_line_for_each_jvm_that_knows_it)
{
	struct sample a = unknown(), b = unknown();
	struct watched_row rows[] = {
		{ .pid = 1,
		  .main = "a.Main",
		  .sample = &a,
		  .heap_max = UNKNOWN_BYTES,
		  .looked_s = -1 },
		{ .pid = 2, .main = "b.Main", .sample = &b, .heap_max = 64, .looked_s = -1 },
	};
	const char *text, *head;

	a.value[SAMPLE_RSS] = 5;
	b.value[SAMPLE_RSS] = 6;
	b.value[SAMPLE_GC_TIME] = 1500000000;
	text = print(rows, 2);
	head = strstr(text, "# TYPE jledger_process_resident_bytes gauge\n");
	cr_assert(head, "%s", text);
	cr_assert_null(strstr(head + 1, "# TYPE jledger_process_resident_bytes gauge\n"));
	cr_assert(strstr(
		text,
		"jledger_process_resident_bytes{pid=\"1\",main=\"a.Main\",container=\"\"} 5\n"));
	cr_assert(strstr(
		text,
		"jledger_process_resident_bytes{pid=\"2\",main=\"b.Main\",container=\"\"} 6\n"));
	cr_assert(strstr(
		text, "jledger_gc_seconds_total{pid=\"2\",main=\"b.Main\",container=\"\"} 1.5\n"));
	cr_assert(strstr(text, "jvm_memory_max_bytes{pid=\"2\",main=\"b.Main\",container=\"\",area="
			       "\"heap\"} 64\n"));
	cr_assert_null(strstr(text, "jledger_process_swap_bytes"), "what nobody knows has no head");
	cr_assert(strstr(text, "jledger_recorder_ticks_total 7\n"));
}

Test(openmetrics, names_of_others_can_not_break_out_of_their_label)
{
	struct sample a = unknown();
	struct watched_account account = { "malloc", 9, UNKNOWN_BYTES, UNKNOWN_BYTES };
	struct watched_row row = { .pid = 1,
				   .main = "x\"} 1\n\\y",
				   .sample = &a,
				   .heap_max = UNKNOWN_BYTES,
				   .looked_s = 2,
				   .account = &account,
				   .accounts = 1 };
	const char *text = print(&row, 1);

	cr_assert(
		strstr(text,
		       "{pid=\"1\",main=\"x\\\"} 1?\\\\y\",container=\"\",account=\"malloc\"} 9\n"),
		"%s", text);
	cr_assert_null(strstr(text, "jledger_account_committed_bytes"));
}
