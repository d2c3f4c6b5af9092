// SPDX-License-Identifier: Apache-2.0
// What each class takes, column by column, as GC.class_stats had it: rows of `classes --stats`.

#ifndef FACTS_CLASSSTATS_H
#define FACTS_CLASSSTATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

struct fail;

enum class_column {
#define CLASS_COLUMN(name, shown, meaning) CLASS_COLUMN_##name,
#include "facts/class_columns.def"
#undef CLASS_COLUMN
	CLASS_COLUMN_COUNT
};

extern const struct class_column_info {
	const char *name, *meaning;
	enum { CLASS_COLUMN_BY_NAME, CLASS_COLUMN_IN_ALL, CLASS_COLUMN_BY_DEFAULT } shown;
} CLASS_COLUMNS[CLASS_COLUMN_COUNT];

enum { CLASS_STATS_NONE = -1 };
#define CLASS_STATS_UNKNOWN UINT32_MAX // no part of a class is nearly as large

struct class_stats_row {
	const char *name; // dotted
	int32_t super; // place in the order of its super class's row; CLASS_STATS_NONE: none, or an array
	uint64_t at;                        // Klass*
	uint64_t loader_at;                 // ClassLoaderData*
	uint32_t value[CLASS_COLUMN_COUNT]; // CLASS_STATS_UNKNOWN: not known
};

struct class_stats_facts {
	bool asked, known;
	const char *why_not; // asked, and not known
	VEC(struct class_stats_row) rows;
	uint32_t *order; // of the rows: the largest Total first
	uint64_t total[CLASS_COLUMN_COUNT];
	const char *column_why_not[CLASS_COLUMN_COUNT]; // NULL: the column is known
	uint64_t loaders_used; // what the loaders of these say they use; UNKNOWN_BYTES
	size_t unreadable;     // classes that changed or went while they were read: in no row
};

// Which columns are chosen: bit n is column n.
typedef uint64_t class_columns;
class_columns classstats_columns(bool all);
// "KlassBytes,Total"; FAIL_CORRUPT names the word that is no column.
bool classstats_parse_columns(const char *text, class_columns *out, struct fail *why);
// Percent of Total's total, of the columns that are bytes in it; negative: no such percentage.
double classstats_percent(const struct class_stats_facts *s, enum class_column column);

#endif
