// SPDX-License-Identifier: Apache-2.0
#include "present/heap_report.h"

#include "present/json.h"
#include "present/words.h"

enum { WIDTH = 80 };

void heap_report_init(struct heap_report *r, struct arena *mem)
{
	*r = (struct heap_report){ .mem = mem, .source = "dump" };
	r->end = &r->tables;
}

void heap_report_note(struct heap_report *r, const char *format, ...)
{
	va_list ap;

	if (r->note_count == sizeof(r->notes) / sizeof(r->notes[0]))
		return;
	va_start(ap, format);
	r->notes[r->note_count++] = arena_format_list(r->mem, format, ap);
	va_end(ap);
}

struct heap_table *heap_report_table(struct heap_report *r, struct heap_row *under, const char *key,
				     const char *title, const struct column *columns, size_t count)
{
	struct heap_table *t = arena_new(r->mem, struct heap_table);

	*t = (struct heap_table){ .key = key, .title = title, .columns = columns, .count = count };
	t->end = &t->rows;
	if (under) {
		struct heap_table **end = &under->below;

		while (*end)
			end = &(*end)->next;
		*end = t;
	} else {
		*r->end = t;
		r->end = &t->next;
	}
	return t;
}

struct heap_row *heap_report_row(struct heap_report *r, struct heap_table *t, struct cell **cells)
{
	struct heap_row *row = arena_new(r->mem, struct heap_row);

	*cells = arena_array(r->mem, struct cell, t->count);
	row->cells = *cells;
	*t->end = row;
	t->end = &row->next;
	return row;
}

static void print_table(const struct heap_table *t, bool colour, bool head, FILE *to)
{
	struct table form = { .columns = t->columns,
			      .count = t->count,
			      .to = to,
			      .colour = colour,
			      .changed = "change" };

	if (t->title)
		words_wrap(t->title, 0, 2, WIDTH, to);
	if (head)
		table_print_head(&form);
	for (const struct heap_row *row = t->rows; row; row = row->next) {
		table_print_row(&form, row->cells);
		for (const struct heap_table *b = row->below; b; b = b->next)
			if (b->rows)
				print_table(b, colour, true, to);
		if (row->below && row->next)
			fputc('\n', to);
	}
	if (t->left_out)
		fprintf(to, "... and %zu more (--top 0)\n", t->left_out);
}

void heap_report_text(const struct heap_report *r, bool colour, FILE *to)
{
	struct arena mem = { 0 };

	for (size_t i = 0; i < r->note_count; i++)
		words_wrap(words_clean(r->notes[i], 0, &mem), 0, 2, WIDTH, to);
	for (const struct heap_table *t = r->tables; t; t = t->next) {
		fputc('\n', to);
		print_table(t, colour, t->rows != NULL, to);
	}
	arena_drop(&mem);
}

static json_t *rows_json(const struct heap_table *t)
{
	struct table form = { .columns = t->columns, .count = t->count };
	json_t *rows = json_array();

	for (const struct heap_row *row = t->rows; row; row = row->next) {
		json_t *object = table_row_json(&form, row->cells);

		for (const struct heap_table *b = row->below; b; b = b->next)
			json_set(object, b->key, rows_json(b));
		json_add(rows, object);
	}
	return rows;
}

void heap_report_json(const struct heap_report *r, FILE *to)
{
	struct table form = { .columns = r->columns, .count = r->count };
	json_t *object = json_object(), *head;
	const char *key;
	json_t *value;

	json_set(object, "schema", json_integer(1));
	json_set(object, "source", json_string(r->source));
	if (r->count) {
		head = table_row_json(&form, r->head);
		json_object_foreach(head, key, value) json_set(object, key, json_incref(value));
		json_decref(head);
	}
	for (const struct heap_table *t = r->tables; t; t = t->next)
		json_set(object, t->key, rows_json(t));
	json_print(object, to);
}
