// SPDX-License-Identifier: Apache-2.0
#include "store/history_tables.h"

#include <stdio.h>
#include <string.h>

#include "store/history_file.h"

static const char *const CERTAINTIES[] = { "exact", "derived", "estimated", NULL };
static const char *const TIERS[] = { "A", "B", "C", "D", NULL };
static const char *const THREAD_KINDS[] = { "java", "gc", "jit", "vm", "native", NULL };
static const char *const FORMS[] = { "on", "off", "value", "other", NULL };
static const char *const FLAG_TYPES[] = { "bool", "int", "uint", "double", "string", NULL };
static const char *const FAIL_KINDS[] = {
	"none", "gone", "denied", "absent", "corrupt", "os", NULL
};

#define COLUMN(s, kind, member)                                                                    \
	{                                                                                          \
#member, COLUMN_##kind, offsetof(struct s, member), NULL                           \
	}
#define WORDS(s, member, words)                                                                    \
	{                                                                                          \
#member, COLUMN_WORD, offsetof(struct s, member), words                            \
	}

static const struct column STATE[] = {
	COLUMN(stored_state, TEXT, tier),
	COLUMN(stored_state, TEXT, tier_denied),
	COLUMN(stored_state, TEXT, tier_gain),
	COLUMN(stored_state, U64, machine_memory),
	COLUMN(stored_state, BOOL, malloc_known),
	COLUMN(stored_state, U64, arena_max),
	COLUMN(stored_state, U64, trim_threshold),
	COLUMN(stored_state, U64, top_pad),
	COLUMN(stored_state, U64, mmap_threshold),
	COLUMN(stored_state, BOOL, options_whole),
	COLUMN(stored_state, TEXT, options_why_not),
	COLUMN(stored_state, BOOL, by_page),
	COLUMN(stored_state, U64, scanned),
	COLUMN(stored_state, U64, swap),
	COLUMN(stored_state, U64, unaccounted),
	COLUMN(stored_state, U64, certain),
	COLUMN(stored_state, U64, drift),
	COLUMN(stored_state, REAL, cpu_s),
	COLUMN(stored_state, REAL, wall_s),
};
static const struct column CONTAINER[] = {
	COLUMN(container_facts, BOOL, known),
	COLUMN(container_facts, BOOL, v2),
	COLUMN(container_facts, TEXT, path),
	COLUMN(container_facts, U64, limit),
	COLUMN(container_facts, U64, usage),
	COLUMN(container_facts, U64, working_set),
	COLUMN(container_facts, U64, swap),
	COLUMN(container_facts, U64, anon),
	COLUMN(container_facts, U64, file),
	COLUMN(container_facts, U64, shmem),
	COLUMN(container_facts, U64, file_mapped),
	COLUMN(container_facts, U64, active_file),
	COLUMN(container_facts, U64, inactive_file),
	COLUMN(container_facts, U64, slab),
	COLUMN(container_facts, U64, page_tables),
	COLUMN(container_facts, U64, kernel_stacks),
	COLUMN(container_facts, U64, sockets),
	COLUMN(container_facts, U64, percpu),
	COLUMN(container_facts, U64, kernel),
	COLUMN(container_facts, U64, oom_kills),
	COLUMN(container_facts, U64, limit_hits),
	COLUMN(container_facts, U64, pids_current),
	COLUMN(container_facts, U64, pids_max),
	COLUMN(container_facts, REAL, some_avg10),
	COLUMN(container_facts, REAL, full_avg10),
	COLUMN(container_facts, U32, processes),
	COLUMN(container_facts, U64, others_rss_anon),
	COLUMN(container_facts, U64, others_rss_file),
	COLUMN(container_facts, U64, others_rss_shmem),
	COLUMN(container_facts, INT, other_pid),
	COLUMN(container_facts, TEXT, other_name),
	COLUMN(container_facts, U64, other_rss),
};
static const struct column FACT_COLUMNS[] = {
	COLUMN(stored_fact, TEXT, name),      COLUMN(stored_fact, U64, value),
	COLUMN(stored_fact, TEXT, text),      COLUMN(stored_fact, TEXT, why_not),
	COLUMN(stored_fact, TEXT, collector), COLUMN(stored_fact, TEXT, source),
	WORDS(stored_fact, tier, TIERS),      WORDS(stored_fact, certainty, CERTAINTIES),
};
static const struct column ACCOUNT_COLUMNS[] = {
	COLUMN(stored_account, TEXT, account),  COLUMN(stored_account, BOOL, unknown),
	COLUMN(stored_account, U64, resident),  COLUMN(stored_account, U64, swap),
	COLUMN(stored_account, U64, committed), COLUMN(stored_account, U64, reserved),
	COLUMN(stored_account, U64, used),      COLUMN(stored_account, U64, pss),
	COLUMN(stored_account, U64, certain),   WORDS(stored_account, certainty, CERTAINTIES),
	COLUMN(stored_account, TEXT, source),
};
static const struct column UNACCOUNTED[] = {
	COLUMN(unaccounted_row, U64, start),
	COLUMN(unaccounted_row, U64, end),
	COLUMN(unaccounted_row, U64, resident),
	COLUMN(unaccounted_row, TEXT, looks_like),
};
static const struct column FAMILY[] = {
	COLUMN(family_row, TEXT, name),        COLUMN(family_row, TEXT, example),
	COLUMN(family_row, TEXT, loader_type), COLUMN(family_row, U32, class_count),
	COLUMN(family_row, U32, loader_count), COLUMN(family_row, U32, distinct_names),
	COLUMN(family_row, U32, hidden_count), COLUMN(family_row, U32, max_per_loader),
	COLUMN(family_row, U64, bytes),
};
static const struct column LOADER[] = {
	COLUMN(stored_loader, TEXT, type),
	COLUMN(stored_loader, TEXT, name),
	COLUMN(stored_loader, BOOL, hidden),
	COLUMN(stored_loader, BOOL, unloading),
	COLUMN(stored_loader, U32, loaders),
	COLUMN(stored_loader, U64, classes),
	COLUMN(stored_loader, U64, used),
	COLUMN(stored_loader, U64, committed),
	COLUMN(stored_loader, U64, wasted),
	COLUMN(stored_loader, U64, class_used),
	COLUMN(stored_loader, U64, class_committed),
	COLUMN(stored_loader, U64, metaspace),
	COLUMN(stored_loader, U64, class_space),
};
static const struct column THREAD[] = {
	COLUMN(stored_thread, TEXT, name),      WORDS(stored_thread, kind, THREAD_KINDS),
	COLUMN(stored_thread, U32, threads),    COLUMN(stored_thread, U64, reserved),
	COLUMN(stored_thread, U64, committed),  COLUMN(stored_thread, U64, resident),
	COLUMN(stored_thread, U64, temp_bytes),
};
static const struct column ARENA[] = {
	COLUMN(arena_row, U64, at),     COLUMN(arena_row, BOOL, main),
	COLUMN(arena_row, U32, heaps),  COLUMN(arena_row, U32, attached_threads),
	COLUMN(arena_row, U64, system),
};
static const struct column SPACE[] = {
	COLUMN(space_row, TEXT, name), COLUMN(space_row, U64, start),
	COLUMN(space_row, U64, end),   COLUMN(space_row, U64, committed),
	COLUMN(space_row, U64, used),  COLUMN(space_row, U32, regions),
};
static const struct column CODE_HEAP[] = {
	COLUMN(code_heap_row, TEXT, name), COLUMN(code_heap_row, U64, start),
	COLUMN(code_heap_row, U64, end),   COLUMN(code_heap_row, U64, committed),
	COLUMN(code_heap_row, U64, used),
};
static const struct column CHECK[] = {
	COLUMN(check_row, TEXT, account), COLUMN(check_row, TEXT, source),
	COLUMN(check_row, TEXT, what),    COLUMN(check_row, U64, theirs),
	COLUMN(check_row, BOOL, counted), COLUMN(check_row, U64, ours),
};
static const struct column MISS[] = {
	COLUMN(miss_row, TEXT, collector),
	WORDS(miss_row, kind, FAIL_KINDS),
	COLUMN(miss_row, TEXT, text),
};
static const struct column DOUBT[] = {
	COLUMN(doubt_row, TEXT, account),
	COLUMN(doubt_row, TEXT, collector),
	COLUMN(doubt_row, BOOL, torn),
};
static const struct column FLAG[] = {
	COLUMN(flag_row, TEXT, name),      COLUMN(flag_row, TEXT, type_name),
	WORDS(flag_row, type, FLAG_TYPES), COLUMN(flag_row, U64, number),
	COLUMN(flag_row, REAL, real),      COLUMN(flag_row, TEXT, text),
	COLUMN(flag_row, TEXT, origin),
};
static const struct column OPTION[] = {
	COLUMN(option_row, TEXT, text),       COLUMN(option_row, TEXT, where),
	COLUMN(option_row, TEXT, flag),       COLUMN(option_row, TEXT, also),
	WORDS(option_row, form, FORMS),       COLUMN(option_row, TEXT, value),
	COLUMN(option_row, BOOL, has_number), COLUMN(option_row, U64, number),
	COLUMN(option_row, BOOL, has_real),   COLUMN(option_row, REAL, real),
	COLUMN(option_row, TEXT, unread),
};
static const struct column SETTING[] = {
	COLUMN(setting_row, TEXT, name),      COLUMN(setting_row, TEXT, value),
	COLUMN(setting_row, TEXT, where),     COLUMN(setting_row, BOOL, has_number),
	COLUMN(setting_row, BOOL, whole),     COLUMN(setting_row, U64, number),
	COLUMN(setting_row, BOOL, malformed), COLUMN(setting_row, BOOL, mapped),
};

#define TABLE(name, owner, columns, s)                                                             \
	{                                                                                          \
		name, owner, columns, sizeof(columns) / sizeof(columns[0]), sizeof(struct s)       \
	}

const struct history_table HISTORY_TABLES[TABLE_COUNT] = {
	[TABLE_STATE] = TABLE("look_state", "look", STATE, stored_state),
	[TABLE_CONTAINER] = TABLE("container", "look", CONTAINER, container_facts),
	[TABLE_FACT] = TABLE("fact", "look", FACT_COLUMNS, stored_fact),
	[TABLE_ACCOUNT] = TABLE("account", "look", ACCOUNT_COLUMNS, stored_account),
	[TABLE_UNACCOUNTED] = TABLE("unaccounted", "look", UNACCOUNTED, unaccounted_row),
	[TABLE_FAMILY] = TABLE("family", "look", FAMILY, family_row),
	[TABLE_LOADER] = TABLE("loader", "look", LOADER, stored_loader),
	[TABLE_THREAD] = TABLE("thread", "look", THREAD, stored_thread),
	[TABLE_ARENA] = TABLE("arena", "look", ARENA, arena_row),
	[TABLE_SPACE] = TABLE("space", "look", SPACE, space_row),
	[TABLE_CODE_HEAP] = TABLE("code_heap", "look", CODE_HEAP, code_heap_row),
	[TABLE_CHECK] = TABLE("check_of_account", "look", CHECK, check_row),
	[TABLE_MISS] = TABLE("miss", "look", MISS, miss_row),
	[TABLE_DOUBT] = TABLE("doubt", "look", DOUBT, doubt_row),
	[TABLE_FLAG] = TABLE("flag", "jvm", FLAG, flag_row),
	[TABLE_OPTION] = TABLE("option", "jvm", OPTION, option_row),
	[TABLE_SETTING] = TABLE("setting", "jvm", SETTING, setting_row),
};

// ---- making

static bool exec(const struct history *h, const char *sql, struct fail *why)
{
	return sqlite3_exec(h->db, sql, NULL, NULL, NULL) == SQLITE_OK || history_fail(h, why);
}

static bool has_column(const struct history *h, const char *table, const char *column)
{
	// NULLs: any type, collation and so on.
	return sqlite3_table_column_metadata(h->db, NULL, table, column, NULL, NULL, NULL, NULL,
					     NULL) == SQLITE_OK;
}

bool history_add_columns(struct history *h, const char *table, const char *const *columns,
			 size_t count, struct fail *why)
{
	for (size_t i = 0; i < count; i++) {
		char sql[192];

		if (has_column(h, table, columns[i]))
			continue;
		snprintf(sql, sizeof(sql), "ALTER TABLE \"%s\" ADD COLUMN \"%s\"", table,
			 columns[i]);
		if (!exec(h, sql, why))
			return false;
	}
	return true;
}

static bool make_table(struct history *h, const struct history_table *t, struct fail *why)
{
	const char *names[64];
	char sql[256];

	snprintf(sql, sizeof(sql),
		 "CREATE TABLE IF NOT EXISTS \"%s\"(%s INTEGER NOT NULL, n INTEGER NOT NULL, "
		 "PRIMARY KEY(%s, n)) WITHOUT ROWID",
		 t->name, t->owner, t->owner);
	for (size_t i = 0; i < t->count; i++)
		names[i] = t->columns[i].name;
	return exec(h, sql, why) && history_add_columns(h, t->name, names, t->count, why);
}

static const char *const *sample_columns(struct arena *mem)
{
	const char **names = arena_array(mem, const char *, SAMPLE_COUNT);
	char name[64];

	for (int i = 0; i < SAMPLE_COUNT; i++)
		names[i] = arena_text(mem, sample_name((enum sample_id)i, name));
	return names;
}

bool history_tables_make(struct history *h, struct fail *why)
{
	for (size_t i = 0; i < TABLE_COUNT; i++)
		if (!make_table(h, &HISTORY_TABLES[i], why))
			return false;
	return history_add_columns(h, "sample", sample_columns(&h->mem), SAMPLE_COUNT, why);
}

// ---- statements, made at their first use: of a table that an older jledger wrote a column may lack,
// which then reads as NULL

static const char *insert_text(struct history *h, const struct history_table *t)
{
	const char *columns = "", *marks = "";

	for (size_t i = 0; i < t->count; i++) {
		columns = arena_format(&h->mem, "%s, \"%s\"", columns, t->columns[i].name);
		marks = arena_format(&h->mem, "%s, ?", marks);
	}
	return arena_format(&h->mem, "INSERT INTO \"%s\"(%s, n%s) VALUES(?, ?%s)", t->name,
			    t->owner, columns, marks);
}

static const char *select_text(struct history *h, const struct history_table *t)
{
	const char *columns = "n";

	for (size_t i = 0; i < t->count; i++) {
		const char *name = t->columns[i].name;
		bool word = t->columns[i].kind == COLUMN_TEXT || t->columns[i].kind == COLUMN_WORD;

		if (!has_column(h, t->name, name))
			columns = arena_format(&h->mem, "%s, NULL", columns);
		else if (word)
			columns = arena_format(
				&h->mem,
				"%s, (SELECT name.text FROM name WHERE name.id = \"%s\".\"%s\")",
				columns, t->name, name);
		else
			columns = arena_format(&h->mem, "%s, \"%s\"", columns, name);
	}
	return arena_format(&h->mem, "SELECT %s FROM \"%s\" WHERE %s = ? ORDER BY n", columns,
			    t->name, t->owner);
}

static sqlite3_stmt *table_statement(struct history *h, enum history_table_id id, bool insert,
				     struct fail *why)
{
	const char **text = &h->look_sql[id][insert];

	if (!*text)
		*text = insert ? insert_text(h, &HISTORY_TABLES[id])
			       : select_text(h, &HISTORY_TABLES[id]);
	return history_statement(h, *text, why);
}

sqlite3_stmt *history_sample_statement(struct history *h, bool insert, struct fail *why)
{
	const char **text = insert ? &h->insert_sample : &h->select_samples;
	const char *const *names;
	const char *columns = "", *marks = "";

	if (*text)
		return history_statement(h, *text, why);
	names = sample_columns(&h->mem);
	for (int i = 0; i < SAMPLE_COUNT; i++) {
		bool there = insert || has_column(h, "sample", names[i]);

		columns =
			arena_format(&h->mem, there ? "%s, \"%s\"" : "%s, NULL", columns, names[i]);
		marks = arena_format(&h->mem, "%s, ?", marks);
	}
	*text = insert ? arena_format(&h->mem,
				      "INSERT OR REPLACE INTO sample(tick, jvm, gc_cause%s) "
				      "VALUES(?, ?, ?%s)",
				      columns, marks)
		       : arena_format(
				 &h->mem,
				 "SELECT tick.at_s, tick.wall_s, (SELECT text FROM name WHERE "
				 "id = gc_cause)%s FROM sample JOIN tick ON tick.id = "
				 "sample.tick WHERE jvm = ? AND tick.at_s >= ? AND tick.at_s <= "
				 "? ORDER BY tick LIMIT 4000000",
				 columns);
	return history_statement(h, *text, why);
}

// ---- rows

static bool bind_column(struct history *h, sqlite3_stmt *s, int at, const struct column *c,
			const char *row, struct fail *why)
{
	const char *member = row + c->at;
	uint64_t n;

	switch (c->kind) {
	case COLUMN_TEXT:
		return history_bind_name(h, s, at, *(const char *const *)member, why);
	case COLUMN_WORD:
		return history_bind_name(h, s, at, c->words[*(const int *)member], why);
	case COLUMN_U64:
		n = *(const uint64_t *)member;
		return n == UNKNOWN_BYTES || !sqlite3_bind_int64(s, at, (int64_t)n);
	case COLUMN_U32:
		return !sqlite3_bind_int64(s, at, *(const uint32_t *)member);
	case COLUMN_INT:
		return !sqlite3_bind_int(s, at, *(const int *)member);
	case COLUMN_BOOL:
		return !sqlite3_bind_int(s, at, *(const bool *)member);
	case COLUMN_REAL:
		return !sqlite3_bind_double(s, at, *(const double *)member);
	}
	return false;
}

bool history_put_rows(struct history *h, enum history_table_id id, int64_t owner,
		      const struct any_rows *rows, struct fail *why)
{
	const struct history_table *t = &HISTORY_TABLES[id];

	for (size_t i = 0; i < rows->count; i++) {
		sqlite3_stmt *s = table_statement(h, id, true, why);

		if (!s)
			return false;
		sqlite3_bind_int64(s, 1, owner);
		sqlite3_bind_int64(s, 2, (int64_t)i);
		for (size_t k = 0; k < t->count; k++)
			if (!bind_column(h, s, (int)k + 3, &t->columns[k],
					 rows->at + i * t->row_size, why))
				return false;
		if (!history_run(h, s, why))
			return false;
	}
	return true;
}

static int find_word(const char *const *words, const char *text)
{
	for (int i = 0; words[i]; i++)
		if (text && !strcmp(words[i], text))
			return i;
	return 0;
}

static void take_column(sqlite3_stmt *s, int at, const struct column *c, char *row,
			struct arena *mem)
{
	bool null = sqlite3_column_type(s, at) == SQLITE_NULL;
	char *member = row + c->at;
	int64_t n = 0;

	if (c->kind != COLUMN_TEXT && c->kind != COLUMN_WORD)
		n = sqlite3_column_int64(s, at);
	switch (c->kind) {
	case COLUMN_TEXT:
		*(const char **)member = history_text(s, at, mem);
		break;
	case COLUMN_WORD:
		*(int *)member =
			find_word(c->words, null ? NULL : (const char *)sqlite3_column_text(s, at));
		break;
	case COLUMN_U64:
		*(uint64_t *)member = null ? UNKNOWN_BYTES : (uint64_t)n;
		break;
	case COLUMN_U32:
		*(uint32_t *)member = n < 0 ? 0 : n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
		break;
	case COLUMN_INT:
		*(int *)member = n < INT32_MIN || n > INT32_MAX ? 0 : (int)n;
		break;
	case COLUMN_BOOL:
		*(bool *)member = n != 0;
		break;
	case COLUMN_REAL:
		*(double *)member = null ? 0 : sqlite3_column_double(s, at);
		break;
	}
}

bool history_get_rows(struct history *h, enum history_table_id id, int64_t owner, struct arena *mem,
		      struct any_rows *out, struct fail *why)
{
	const struct history_table *t = &HISTORY_TABLES[id];
	sqlite3_stmt *s = table_statement(h, id, false, why);
	struct fail none = { .kind = FAIL_NONE };
	struct any_rows rows = { 0 };

	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, owner);
	while (history_row(h, s, &none)) {
		if (rows.count == HISTORY_ROWS) {
			sqlite3_reset(s);
			return fail(why, FAIL_CORRUPT, "%s: more rows of %s than a look has",
				    h->path, t->name);
		}
		if (rows.count == rows.room)
			rows.at = arena_grow(mem, rows.at, rows.count, &rows.room, t->row_size);
		memset(rows.at + rows.count * t->row_size, 0, t->row_size);
		for (size_t k = 0; k < t->count; k++)
			take_column(s, (int)k + 1, &t->columns[k],
				    rows.at + rows.count * t->row_size, mem);
		rows.count++;
	}
	if (none.kind != FAIL_NONE) {
		if (why)
			*why = none;
		return false;
	}
	*out = rows;
	return true;
}

bool history_has_rows(struct history *h, enum history_table_id id, int64_t owner)
{
	sqlite3_stmt *s = table_statement(h, id, false, NULL);
	bool found;

	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, owner);
	found = history_row(h, s, NULL);
	sqlite3_reset(s);
	return found;
}
