// SPDX-License-Identifier: Apache-2.0
#include "facts/classstats.h"

#include <string.h>

#include "base/fail.h"
#include "facts/snapshot.h"

const struct class_column_info CLASS_COLUMNS[CLASS_COLUMN_COUNT] = {
#define CLASS_COLUMN(name, shown, meaning)                                                         \
	[CLASS_COLUMN_##name] = { #name, meaning, CLASS_COLUMN_##shown },
#include "facts/class_columns.def"
#undef CLASS_COLUMN
};

class_columns classstats_columns(bool all)
{
	class_columns chosen = 0;

	for (int i = 0; i < CLASS_COLUMN_COUNT; i++)
		if (CLASS_COLUMNS[i].shown == CLASS_COLUMN_BY_DEFAULT ||
		    (all && CLASS_COLUMNS[i].shown == CLASS_COLUMN_IN_ALL))
			chosen |= (class_columns)1 << i;
	return chosen;
}

static int find_column(const char *name, size_t len)
{
	for (int i = 0; i < CLASS_COLUMN_COUNT; i++)
		if (strlen(CLASS_COLUMNS[i].name) == len &&
		    !strncmp(CLASS_COLUMNS[i].name, name, len))
			return i;
	return -1;
}

bool classstats_parse_columns(const char *text, class_columns *out, struct fail *why)
{
	class_columns chosen = 0;

	for (;;) {
		size_t len = strcspn(text, ",");
		int column = find_column(text, len);

		if (column < 0)
			return fail(why, FAIL_CORRUPT, "--stats has no column '%.*s'",
				    len > 64 ? 64 : (int)len, text);
		chosen |= (class_columns)1 << column;
		text += len;
		if (!*text++)
			break;
	}
	*out = chosen;
	return true;
}

double classstats_percent(const struct class_stats_facts *s, enum class_column column)
{
	uint64_t all = s->total[CLASS_COLUMN_Total], part = s->total[column];

	if (column == CLASS_COLUMN_InstSize || column == CLASS_COLUMN_InstCount ||
	    column == CLASS_COLUMN_MethodCount || part == UNKNOWN_BYTES || all == UNKNOWN_BYTES ||
	    !all)
		return -1;
	return (double)part * 100 / (double)all;
}
