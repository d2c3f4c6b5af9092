// SPDX-License-Identifier: Apache-2.0
// One column table feeds text, JSON and help.
//
// A column is named once: its JSON key, its heading and width in text, its type and its meaning.
// A row is an array of cells in the order of the columns.

#ifndef PRESENT_TABLE_H
#define PRESENT_TABLE_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum column_type {
	COLUMN_TEXT,   // left-aligned, cut at the end
	COLUMN_NAME,   // left-aligned, cut at the front: paths and class names
	COLUMN_BYTES,  // JSON: bytes; text: MB
	COLUMN_CHANGE, // signed bytes; text: MB with a sign
	COLUMN_COUNT,
	COLUMN_DELTA,   // signed count; text: with its sign
	COLUMN_ADDRESS, // JSON: hex string
	COLUMN_FLAG,
};

struct column {
	const char *key;     // of JSON; NULL: text only
	const char *heading; // of text; NULL: JSON only
	unsigned width;      // of text, the gap before it included
	enum column_type type;
	const char *help;
};

struct cell {
	bool known; // else null, and blank in text
	union {
		uint64_t number; // BYTES, COUNT, ADDRESS
		int64_t change;  // CHANGE, DELTA
		const char *text;
		bool flag;
	};
};

struct table {
	const struct column *columns;
	size_t count;
	FILE *to;
	bool colour;
	const char *changed; // heading of CHANGE columns: "28 s"; NULL leaves these columns out
	uint64_t hidden;     // bit n: column n is left out of text
};

struct cell cell_text(const char *text); // NULL: unknown
struct cell cell_bytes(uint64_t bytes);  // UNKNOWN_BYTES: unknown
struct cell cell_change(int64_t bytes, bool known);
struct cell cell_count(uint64_t count);
struct cell cell_address(uint64_t at); // 0: unknown
struct cell cell_flag(bool flag);

// The headings of the columns that text shows.
void table_print_head(const struct table *t);
// One line, cut and padded to the widths, made harmless for a terminal.
void table_print_row(const struct table *t, const struct cell *row);
// An object with the columns that have a key.
json_t *table_row_json(const struct table *t, const struct cell *row);

#endif
