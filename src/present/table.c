// SPDX-License-Identifier: Apache-2.0
#include "present/table.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "facts/snapshot.h"
#include "present/json.h"
#include "present/words.h"

struct cell cell_text(const char *text)
{
	return (struct cell){ .known = text, .text = text };
}

struct cell cell_bytes(uint64_t bytes)
{
	return (struct cell){ .known = bytes != UNKNOWN_BYTES, .number = bytes };
}

struct cell cell_change(int64_t bytes, bool known)
{
	return (struct cell){ .known = known, .change = bytes };
}

struct cell cell_count(uint64_t count)
{
	return (struct cell){ .known = true, .number = count };
}

struct cell cell_address(uint64_t at)
{
	return (struct cell){ .known = at, .number = at };
}

struct cell cell_flag(bool flag)
{
	return (struct cell){ .known = true, .flag = flag };
}

static bool is_left(const struct column *c)
{
	return c->type == COLUMN_TEXT || c->type == COLUMN_NAME || c->type == COLUMN_ADDRESS;
}

static bool is_shown(const struct table *t, size_t i)
{
	return t->columns[i].heading && !(t->hidden >> i & 1) &&
	       (t->columns[i].type != COLUMN_CHANGE || t->changed);
}

static const char *print_cell(const struct column *c, struct cell v, struct arena *mem)
{
	char *to = arena_get(mem, 32);

	if (!v.known)
		return "";
	switch (c->type) {
	case COLUMN_TEXT:
		return words_clean(v.text, c->width > 1 ? c->width - 1 : 0, mem);
	case COLUMN_NAME:
		return words_tail(v.text, c->width > 1 ? c->width - 1 : 0, mem);
	case COLUMN_BYTES:
		return words_mb(v.number, to);
	case COLUMN_CHANGE:
		return words_change(v.change, to);
	case COLUMN_COUNT:
		snprintf(to, 32, "%" PRIu64, v.number);
		return to;
	case COLUMN_DELTA:
		snprintf(to, 32, "%+" PRId64, v.change);
		return to;
	case COLUMN_ADDRESS:
		snprintf(to, 32, "%" PRIx64, v.number);
		return to;
	case COLUMN_FLAG:
		return v.flag ? "yes" : "no";
	}
	return "";
}

// Text columns are followed by the gap that number columns have in front of them.  Blanks are owed
// until something follows, so that no line ends in them.
static void put(const struct table *t, const struct column *c, const char *text, size_t *owed)
{
	size_t columns = words_columns(text);
	size_t pad = columns < c->width ? c->width - columns : 0;

	if (!columns) {
		*owed += c->width;
		return;
	}
	if (!is_left(c)) {
		*owed += pad;
		pad = 0;
	}
	fprintf(t->to, "%*s%s", (int)*owed, "", text);
	*owed = pad;
}

void table_print_head(const struct table *t)
{
	size_t owed = 0;

	if (t->colour)
		fputs("\033[1m", t->to);
	for (size_t i = 0; i < t->count; i++) {
		const struct column *c = &t->columns[i];

		if (is_shown(t, i))
			put(t, c, c->type == COLUMN_CHANGE ? t->changed : c->heading, &owed);
	}
	fputs(t->colour ? "\033[0m\n" : "\n", t->to);
}

void table_print_row(const struct table *t, const struct cell *row)
{
	struct arena mem = { 0 };
	size_t owed = 0;

	for (size_t i = 0; i < t->count; i++)
		if (is_shown(t, i))
			put(t, &t->columns[i], print_cell(&t->columns[i], row[i], &mem), &owed);
	fputc('\n', t->to);
	arena_drop(&mem);
}

static json_t *cell_json(const struct column *c, struct cell v)
{
	if (!v.known)
		return json_null();
	switch (c->type) {
	case COLUMN_TEXT:
	case COLUMN_NAME:
		return json_of_text(v.text);
	case COLUMN_BYTES:
	case COLUMN_COUNT:
		return json_of_bytes(v.number);
	case COLUMN_CHANGE:
	case COLUMN_DELTA:
		return json_integer((json_int_t)v.change);
	case COLUMN_ADDRESS:
		return json_of_address(v.number);
	case COLUMN_FLAG:
		return json_boolean(v.flag);
	}
	return json_null();
}

json_t *table_row_json(const struct table *t, const struct cell *row)
{
	json_t *object = json_object();

	for (size_t i = 0; i < t->count; i++)
		if (t->columns[i].key)
			json_set(object, t->columns[i].key, cell_json(&t->columns[i], row[i]));
	return object;
}
