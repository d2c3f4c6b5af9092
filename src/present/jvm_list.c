// SPDX-License-Identifier: Apache-2.0
#include "present/jvm_list.h"

#include "base/arena.h"
#include "base/mask.h"
#include "facts/jvms.h"
#include "present/json.h"
#include "present/rows.h"
#include "present/words.h"

enum { WIDTH = 79 };

// What runs there, in the column of the version: that of another VM says little.
static const char *const SHORT_KINDS[] = {
	[JVM_OPENJ9] = "OpenJ9",
	[JVM_NATIVE_IMAGE] = "native",
};

static const char *add_pid(const char *list, const struct jvm_row *j, struct arena *mem)
{
	return arena_format(mem, "%s%s%d", list, *list ? ", " : "", j->pid);
}

// Below the table: why some rows can't be a TARGET.
static void print_unsupported(const struct jvm_rows *rows, struct arena *mem, FILE *to)
{
	const char *nine = "", *native = "", *text = "";

	for (size_t i = 0; i < rows->count; i++) {
		if (rows->at[i].kind == JVM_OPENJ9)
			nine = add_pid(nine, &rows->at[i], mem);
		if (rows->at[i].kind == JVM_NATIVE_IMAGE)
			native = add_pid(native, &rows->at[i], mem);
	}
	if (*nine)
		text = arena_format(mem, "OpenJ9: %s. ", nine);
	if (*native)
		text = arena_format(mem, "%sGraalVM native image: %s. ", text, native);
	if (*text)
		words_wrap(arena_format(mem, "%sjledger reads HotSpot JVMs only.", text), 0, 0,
			   WIDTH, to);
}

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
		if (rows->at[i].kind == JVM_OPENJ9 || rows->at[i].kind == JVM_NATIVE_IMAGE)
			row[JC_JDK] = cell_text(SHORT_KINDS[rows->at[i].kind]);
		table_print_row(&t, row);
	}
	print_unsupported(rows, &mem, to);
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
