// SPDX-License-Identifier: Apache-2.0
// What each class takes: the table of GC.class_stats as text, CSV and JSON.
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "present/classes.h"
#include "present/json.h"
#include "present/report.h"
#include "present/words.h"

enum { SHOWN = 40, REPEATED = 100 };

static bool is_chosen(const struct classes_report *c, int column)
{
	return c->columns >> column & 1;
}

static size_t shown_rows(const struct classes_report *c)
{
	size_t count = c->of->now->class_stats.rows.count;
	size_t limit = c->of->all_rows ? count : c->of->top ? c->of->top : SHOWN;

	return limit < count ? limit : count;
}

static const char *loader_type(const struct snapshot *s, uint64_t at)
{
	for (size_t i = 0; i < s->loaders.count; i++)
		if (s->loaders.at[i].at == at)
			return s->loaders.at[i].type;
	return NULL;
}

// Of a row, or (NULL) of all.
static uint64_t value_of(const struct classes_report *c, const struct class_stats_row *row,
			 int column)
{
	if (!row)
		return c->of->now->class_stats.total[column];
	return row->value[column] == CLASS_STATS_UNKNOWN ? UNKNOWN_BYTES : row->value[column];
}

// ---- text: as wide as the totals, or the headings, are

static int width_of(const struct class_stats_facts *s, int column)
{
	int number = s->total[column] == UNKNOWN_BYTES
			     ? 1
			     : snprintf(NULL, 0, "%" PRIu64, s->total[column]);
	int name = (int)strlen(CLASS_COLUMNS[column].name);

	return number > name ? number : name;
}

static void print_head(const struct classes_report *c, FILE *to)
{
	fputs("Index Super", to);
	for (int i = 0; i < CLASS_COLUMN_COUNT; i++)
		if (is_chosen(c, i))
			fprintf(to, " %*s", width_of(&c->of->now->class_stats, i),
				CLASS_COLUMNS[i].name);
	fputs(" ClassName\n", to);
}

static void print_values(const struct classes_report *c, const struct class_stats_row *row,
			 FILE *to)
{
	for (int i = 0; i < CLASS_COLUMN_COUNT; i++) {
		int width = width_of(&c->of->now->class_stats, i);

		if (!is_chosen(c, i))
			continue;
		if (value_of(c, row, i) == UNKNOWN_BYTES)
			fprintf(to, " %*s", width, "?");
		else
			fprintf(to, " %*" PRIu64, width, value_of(c, row, i));
	}
}

static void print_percents(const struct classes_report *c, FILE *to)
{
	const struct class_stats_facts *s = &c->of->now->class_stats;

	fputs("           ", to);
	for (int i = 0; i < CLASS_COLUMN_COUNT; i++) {
		double percent = classstats_percent(s, (enum class_column)i);

		if (!is_chosen(c, i))
			continue;
		if (percent < 0)
			fprintf(to, " %*s", width_of(s, i), "-");
		else
			fprintf(to, " %*.1f%%", width_of(s, i) - 1, percent);
	}
	fputs(" of Total\n", to);
}

static void print_rows(const struct classes_report *c, FILE *to)
{
	const struct class_stats_facts *s = &c->of->now->class_stats;
	struct arena mem = { 0 };

	for (size_t i = 0; i < shown_rows(c); i++) {
		const struct class_stats_row *row = &s->rows.at[s->order[i]];

		if (i % REPEATED == 0)
			print_head(c, to);
		fprintf(to, "%5zu %5d", i + 1,
			row->super == CLASS_STATS_NONE ? CLASS_STATS_NONE : row->super + 1);
		print_values(c, row, to);
		fprintf(to, " %s\n", words_clean(row->name, 0, &mem));
	}
	arena_drop(&mem);
}

// A reason once, with the columns that it holds for.
static void print_unknown(const struct classes_report *c, FILE *to)
{
	const struct class_stats_facts *s = &c->of->now->class_stats;
	struct arena mem = { 0 };

	for (int i = 0; i < CLASS_COLUMN_COUNT; i++) {
		const char *why = s->column_why_not[i], *names = CLASS_COLUMNS[i].name;
		bool said = false;

		for (int k = 0; why && k < i; k++)
			said |= is_chosen(c, k) && s->column_why_not[k] == why;
		if (!why || said || !is_chosen(c, i))
			continue;
		for (int k = i + 1; k < CLASS_COLUMN_COUNT; k++)
			if (is_chosen(c, k) && s->column_why_not[k] == why)
				names = arena_format(&mem, "%s, %s", names, CLASS_COLUMNS[k].name);
		fprintf(to, "? %s: %s\n", names, why);
	}
	arena_drop(&mem);
}

void classes_stats_text(const struct classes_report *c, FILE *to)
{
	const struct class_stats_facts *s = &c->of->now->class_stats;

	if (!s->known) {
		fprintf(to, "what each class takes is not known: %s\n",
			s->why_not ? s->why_not : "the classes can't be read");
		return;
	}
	print_rows(c, to);
	if (shown_rows(c) < s->rows.count)
		fprintf(to, "%zu more classes: --top 0\n", s->rows.count - shown_rows(c));
	fputs("           ", to);
	print_values(c, NULL, to);
	fprintf(to, " Total of %zu classes\n", s->rows.count);
	print_percents(c, to);
	print_unknown(c, to);
	if (s->unreadable)
		fprintf(to,
			"%zu classes changed or went away while they were read: they are in no "
			"row\n",
			s->unreadable);
}

// ---- CSV

// A name with a comma or a quote in it, as a class file may have it, is quoted.
static void print_field(const char *text, FILE *to)
{
	if (!text || !strpbrk(text, ",\"\r\n")) {
		fputs(text ? text : "", to);
		return;
	}
	fputc('"', to);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

// Tens of thousands of lines with ten numbers each: printf would take most of the time.
static char *put_number(char *to, uint64_t value)
{
	char digits[24];
	int n = 0;

	do
		digits[n++] = (char)('0' + value % 10);
	while (value /= 10);
	while (n)
		*to++ = digits[--n];
	return to;
}

static void print_csv_values(const struct classes_report *c, const struct class_stats_row *row,
			     FILE *to)
{
	char line[CLASS_COLUMN_COUNT * 24], *end = line;

	for (int i = 0; i < CLASS_COLUMN_COUNT; i++) {
		if (!is_chosen(c, i))
			continue;
		*end++ = ',';
		if (row->value[i] != CLASS_STATS_UNKNOWN)
			end = put_number(end, row->value[i]);
	}
	fwrite(line, 1, (size_t)(end - line), to);
}

void classes_stats_csv(const struct classes_report *c, FILE *to)
{
	const struct class_stats_facts *s = &c->of->now->class_stats;

	fputs("Index,Super", to);
	for (int i = 0; i < CLASS_COLUMN_COUNT; i++)
		if (is_chosen(c, i))
			fprintf(to, ",%s", CLASS_COLUMNS[i].name);
	fputs(c->with_loaders ? ",ClassName,ClassLoader\n" : ",ClassName\n", to);
	for (size_t i = 0; i < s->rows.count; i++) {
		const struct class_stats_row *row = &s->rows.at[s->order[i]];

		fprintf(to, "%zu,%d", i + 1,
			row->super == CLASS_STATS_NONE ? CLASS_STATS_NONE : row->super + 1);
		print_csv_values(c, row, to);
		fputc(',', to);
		print_field(row->name, to);
		if (c->with_loaders) {
			fprintf(to, ",0x%" PRIx64 " ", row->loader_at);
			print_field(loader_type(c->of->now, row->loader_at), to);
		}
		fputc('\n', to);
	}
}

// ---- JSON

static json_t *values_json(const struct classes_report *c, json_t *o,
			   const struct class_stats_row *row)
{
	for (int i = 0; i < CLASS_COLUMN_COUNT; i++)
		if (is_chosen(c, i))
			json_set(o, CLASS_COLUMNS[i].name, json_of_bytes(value_of(c, row, i)));
	return o;
}

static json_t *row_json(const struct classes_report *c, const struct class_stats_row *row, size_t i)
{
	json_t *o = json_object();

	json_set(o, "index", json_integer((json_int_t)i + 1));
	json_set(o, "super",
		 row->super == CLASS_STATS_NONE ? json_null() : json_integer(row->super + 1));
	json_set(o, "class", json_of_text(row->name));
	json_set(o, "loader", json_of_address(row->loader_at));
	return values_json(c, o, row);
}

static json_t *unknown_json(const struct classes_report *c)
{
	json_t *o = json_object();

	for (int i = 0; i < CLASS_COLUMN_COUNT; i++)
		if (is_chosen(c, i) && c->of->now->class_stats.column_why_not[i])
			json_set(o, CLASS_COLUMNS[i].name,
				 json_of_text(c->of->now->class_stats.column_why_not[i]));
	return o;
}

json_t *classes_stats_json(const struct classes_report *c)
{
	const struct class_stats_facts *s = &c->of->now->class_stats;
	json_t *o = json_object(), *rows = json_array();

	json_set(o, "known", json_boolean(s->known));
	json_set(o, "why_not", json_of_text(s->why_not));
	for (size_t i = 0; i < s->rows.count; i++)
		json_add(rows, row_json(c, &s->rows.at[s->order[i]], i));
	json_set(o, "classes", rows);
	json_set(o, "total", values_json(c, json_object(), NULL));
	json_set(o, "loaders_used", json_of_bytes(s->known ? s->loaders_used : UNKNOWN_BYTES));
	json_set(o, "unreadable", json_integer((json_int_t)s->unreadable));
	json_set(o, "unknown", unknown_json(c));
	return o;
}
