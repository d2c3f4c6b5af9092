// SPDX-License-Identifier: Apache-2.0
#include "present/jvm_list.h"

#include "base/arena.h"
#include "base/mask.h"
#include "facts/jvms.h"
#include "present/json.h"
#include "present/rows.h"

void report_ps_text(const struct jvm_rows *rows, bool colour, FILE *to)
{
	struct table t = { JVM_COLUMNS, JC_COUNT, to, colour, NULL, 0 };
	struct arena mem = { 0 };

	table_print_head(&t);
	for (size_t i = 0; i < rows->count; i++) {
		struct cell row[JC_COUNT];

		rows_jvm(&rows->at[i], row);
		if (rows->at[i].main)
			row[JC_MAIN] = cell_text(mask_copy(&mem, rows->at[i].main));
		table_print_row(&t, row);
	}
	arena_drop(&mem);
}

static json_t *jvm_json(const struct jvm_row *j, struct arena *mem)
{
	struct table t = { JVM_COLUMNS, JC_COUNT, NULL, false, NULL, 0 };
	struct cell row[JC_COUNT];
	json_t *o;

	rows_jvm(j, row);
	if (j->main)
		row[JC_MAIN] = cell_text(mask_copy(mem, j->main));
	o = table_row_json(&t, row);
	json_set(o, "ns_pid", json_integer(j->ns_pid));
	json_set(o, "heap",
		 json_pack("{s:o,s:o,s:o}", "used", json_of_bytes(j->heap_used), "committed",
			   json_of_bytes(j->heap_committed), "max", json_of_bytes(j->heap_max)));
	return o;
}

void report_ps_json(const struct jvm_rows *rows, const char *host, FILE *to)
{
	json_t *o = json_object(), *jvms = json_array();
	struct arena mem = { 0 };

	for (size_t i = 0; i < rows->count; i++)
		json_add(jvms, jvm_json(&rows->at[i], &mem));
	json_set(o, "schema", json_integer(1));
	json_set(o, "host", json_of_text(host));
	json_set(o, "jvms", jvms);
	json_print(o, to);
	arena_drop(&mem);
}
