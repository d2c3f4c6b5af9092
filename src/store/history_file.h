// SPDX-License-Identifier: Apache-2.0
// For the files of store/history*.c alone: the open database, its statements and its interned words.

#ifndef STORE_HISTORY_FILE_H
#define STORE_HISTORY_FILE_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "store/history.h"

enum {
	HISTORY_STATEMENTS = 96,
	HISTORY_ROWS = 200000, // of one table of one look that are believed
};

struct history {
	sqlite3 *db;
	const char *path;
	struct arena mem; // of the texts of statements
	struct {
		const char *sql; // by address: texts are static, or made once in `mem`
		sqlite3_stmt *statement;
	} kept[HISTORY_STATEMENTS];
	size_t kept_count;
	const char *insert_sample, *select_samples; // made once
	const char *look_sql[64][2];                // insert and select of each table of looks
};

// What SQLite says, as a failure: CORRUPT, DENIED (read-only) or OS (full, I/O).
bool history_fail(const struct history *h, struct fail *why);
// A prepared statement, reset and without bindings; NULL with `why` filled.
sqlite3_stmt *history_statement(struct history *h, const char *sql, struct fail *why);
// Runs one that brings no rows.
bool history_run(struct history *h, sqlite3_stmt *s, struct fail *why);
// Runs it for one row: true with the row there; false with why->kind NONE when there is none.
bool history_row(struct history *h, sqlite3_stmt *s, struct fail *why);
// The number of a word, made when it is new; 0 with `why` filled.
int64_t history_name(struct history *h, const char *text, struct fail *why);
// Binds a word, NULL as NULL.
bool history_bind_name(struct history *h, sqlite3_stmt *s, int at, const char *text,
		       struct fail *why);
// Text of column `at`, copied; NULL: null.
const char *history_text(sqlite3_stmt *s, int at, struct arena *mem);

// store/history_tables.c: makes what is missing of the tables of looks and samples.
bool history_tables_make(struct history *h, struct fail *why);
// What inserts a sample (tick, jvm, gc_cause, values), or selects those of a JVM in a span of time.
sqlite3_stmt *history_sample_statement(struct history *h, bool insert, struct fail *why);
bool history_add_columns(struct history *h, const char *table, const char *const *columns,
			 size_t count, struct fail *why);

#endif
