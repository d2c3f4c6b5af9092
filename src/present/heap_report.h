// SPDX-License-Identifier: Apache-2.0
// What `heap` says: a head of single values, and tables whose rows may have tables of their own.
//
// cmd/ fills it from what heap/ found; text and JSON print the same rows.  Everything lives in the
// arena that the parts were made in.

#ifndef PRESENT_HEAP_REPORT_H
#define PRESENT_HEAP_REPORT_H

#include <stdio.h>

#include "base/arena.h"
#include "present/table.h"

struct heap_table;

struct heap_row {
	const struct cell *cells;
	struct heap_table *below; // NULL: none
	struct heap_row *next;
};

struct heap_table {
	const char *key;   // of JSON
	const char *title; // of text; NULL: none
	const struct column *columns;
	size_t count; // of columns
	struct heap_row *rows, **end;
	size_t left_out; // rows that --top cut
	struct heap_table *next;
};

struct heap_report {
	struct arena *mem;
	const char *source;           // "dump", or "live"
	const struct column *columns; // of the head: one value each
	struct cell *head;
	size_t count;
	const char *notes[16]; // lines of text
	size_t note_count;
	struct heap_table *tables, **end;
};

void heap_report_init(struct heap_report *r, struct arena *mem);
__attribute__((format(printf, 2, 3))) void heap_report_note(struct heap_report *r,
							    const char *format, ...);
// Behind those that are there; `under` NULL: of the report itself.
struct heap_table *heap_report_table(struct heap_report *r, struct heap_row *under, const char *key,
				     const char *title, const struct column *columns, size_t count);
// A row with unknown cells, which the caller fills.
struct heap_row *heap_report_row(struct heap_report *r, struct heap_table *t, struct cell **cells);

void heap_report_text(const struct heap_report *r, bool colour, FILE *to);
void heap_report_json(const struct heap_report *r, FILE *to);

#endif
