// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "facts/snapshot.h"
#include "present/json.h"
#include "present/rows.h"
#include "present/table.h"

static const struct column COLUMNS[] = {
	{ "name", "name", 8, COLUMN_TEXT, "" },   { "bytes", "MB", 6, COLUMN_BYTES, "" },
	{ "growth", "", 6, COLUMN_CHANGE, "" },   { NULL, "", 1, COLUMN_TEXT, "" },
	{ "at", "where", 6, COLUMN_ADDRESS, "" }, { "secret", NULL, 0, COLUMN_FLAG, "" },
};
enum { COUNT = sizeof(COLUMNS) / sizeof(COLUMNS[0]) };

static char *print(const struct cell *row, const char *changed)
{
	char *text;
	size_t size;
	struct table t = { COLUMNS, COUNT, open_memstream(&text, &size), false, changed, 0 };

	table_print_head(&t);
	table_print_row(&t, row);
	fclose(t.to);
	return text;
}

Test(table, numbers_stand_right_and_text_stands_left)
{
	struct cell row[COUNT] = { cell_text("abc"), cell_bytes(MIB(2)),
				   cell_change(MIB(1), true) };
	char *text;

	row[4] = cell_address(0xff0);
	text = print(row, "3 s");
	cr_assert_str_eq(text, "name        MB   3 s where\nabc        2.0  +1.0 ff0\n");
	free(text);
}

Test(table, without_a_window_the_growth_column_is_gone_and_lines_do_not_end_in_blanks)
{
	struct cell row[COUNT] = { cell_text("abc"), cell_bytes(UNKNOWN_BYTES) };
	char *text = print(row, NULL);

	cr_assert_str_eq(text, "name        MB where\nabc\n");
	free(text);
}

Test(table, an_unknown_cell_is_null_in_json_and_never_zero)
{
	struct table t = { COLUMNS, COUNT, NULL, false, NULL, 0 };
	struct cell row[COUNT] = { cell_text(NULL), cell_bytes(UNKNOWN_BYTES) };
	json_t *o;
	char *text;

	row[4] = cell_address(0x7f0010);
	row[5] = cell_flag(true);
	o = table_row_json(&t, row);
	text = json_dumps(o, JSON_COMPACT);
	cr_assert_str_eq(text, "{\"name\":null,\"bytes\":null,\"growth\":null,\"at\":\"0x7f0010\","
			       "\"secret\":true}");
	free(text);
	json_decref(o);
}

Test(table, bytes_that_are_no_utf8_still_give_json)
{
	json_t *value = json_of_text("thread \xff");

	cr_assert_str_eq(json_string_value(value), "thread \xef\xbf\xbd");
	json_decref(value);
}

Test(table, every_table_fits_eighty_columns)
{
	static const struct {
		const struct column *columns;
		size_t count;
		size_t leave_out; // a column that text never shows together with the others
	} TABLES[] = {
		{ ACCOUNT_COLUMNS, AC_COUNT, AC_SWAP }, { MAPPING_COLUMNS, MC_COUNT, MC_COUNT },
		{ THREAD_COLUMNS, TC_COUNT, TC_COUNT }, { LOADER_COLUMNS, LC_COUNT, LC_COUNT },
		{ ARENA_COLUMNS, RC_COUNT, RC_COUNT },  { JVM_COLUMNS, JC_COUNT, JC_COUNT },
	};

	for (size_t i = 0; i < sizeof(TABLES) / sizeof(TABLES[0]); i++) {
		size_t width = 0;

		for (size_t c = 0; c < TABLES[i].count; c++)
			if (TABLES[i].columns[c].heading && c != TABLES[i].leave_out)
				width += TABLES[i].columns[c].width;
		// The last column may be padded by one.
		cr_assert(width <= 81, "table %zu: %zu columns", i, width);
	}
}
