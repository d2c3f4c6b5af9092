// SPDX-License-Identifier: Apache-2.0
// The file and its transactions; store/history_tables.c has looks, store/history_thin.c ageing.
#include "store/history.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "store/history_file.h"

enum {
	APPLICATION_ID = 0x6a6c6467, // "jldg"
	APPLICATION_AT = 68,         // in the header of an SQLite file, big endian
	CACHE_KB = 512,
	WAL_BYTES = 4 << 20,
	BUSY_MS = 2000,
	PAUSE_MAX_S = 86400, // between two boots, at most, on the history's clock
};

static const char MAGIC[] = "SQLite format 3"; // with its NUL

// Version 1.  Columns of samples and looks are added from the tables of the program.
static const char SCHEMA_1[] =
	"CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
	"CREATE TABLE boot(id INTEGER PRIMARY KEY, host TEXT NOT NULL, boot TEXT NOT NULL,"
	" UNIQUE(host, boot));"
	"CREATE TABLE tick(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, at_s REAL NOT NULL,"
	" boot_s REAL NOT NULL, wall_s REAL NOT NULL);"
	"CREATE TABLE jvm(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, pid INTEGER NOT NULL,"
	" ns_pid INTEGER, started_ns INTEGER NOT NULL, main INTEGER, end_tick INTEGER,"
	" end_kind INTEGER, end_text TEXT, UNIQUE(boot, pid, started_ns));"
	"CREATE TABLE sample(tick INTEGER NOT NULL, jvm INTEGER NOT NULL, gc_cause INTEGER,"
	" PRIMARY KEY(tick, jvm)) WITHOUT ROWID;"
	"CREATE TABLE look(id INTEGER PRIMARY KEY, tick INTEGER NOT NULL, jvm INTEGER NOT NULL,"
	" reason INTEGER NOT NULL);"
	"CREATE INDEX look_of ON look(jvm, tick);"
	"CREATE TABLE event(id INTEGER PRIMARY KEY, tick INTEGER NOT NULL, jvm INTEGER,"
	" kind INTEGER NOT NULL, text TEXT);";

// What brings version N to N + 1.  Version 2: an event names the files that were written then.
static const char *const MIGRATIONS[HISTORY_VERSION] = {
	[0] = SCHEMA_1,
	[1] = "ALTER TABLE event ADD COLUMN files TEXT;",
};

bool history_is_one(const char *path)
{
	unsigned char head[APPLICATION_AT + 4];
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	ssize_t got = fd < 0 ? -1 : pread(fd, head, sizeof(head), 0);

	if (fd >= 0)
		close(fd);
	return got == (ssize_t)sizeof(head) && !memcmp(head, MAGIC, sizeof(MAGIC)) &&
	       ((uint32_t)head[APPLICATION_AT] << 24 | (uint32_t)head[APPLICATION_AT + 1] << 16 |
		(uint32_t)head[APPLICATION_AT + 2] << 8 | head[APPLICATION_AT + 3]) ==
		       APPLICATION_ID;
}

bool history_fail(const struct history *h, struct fail *why)
{
	int code = sqlite3_errcode(h->db) & 0xff;
	enum fail_kind kind = FAIL_OS;

	if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR ||
	    code == SQLITE_CONSTRAINT || code == SQLITE_MISMATCH)
		kind = FAIL_CORRUPT;
	else if (code == SQLITE_READONLY || code == SQLITE_PERM || code == SQLITE_AUTH)
		kind = FAIL_DENIED;
	return fail(why, kind, "%s: %s", h->path, sqlite3_errmsg(h->db));
}

static bool exec(const struct history *h, const char *sql, struct fail *why)
{
	return sqlite3_exec(h->db, sql, NULL, NULL, NULL) == SQLITE_OK || history_fail(h, why);
}

sqlite3_stmt *history_statement(struct history *h, const char *sql, struct fail *why)
{
	sqlite3_stmt *s = NULL;

	for (size_t i = 0; i < h->kept_count; i++)
		if (h->kept[i].sql == sql) {
			s = h->kept[i].statement;
			sqlite3_reset(s);
			sqlite3_clear_bindings(s);
			return s;
		}
	if (h->kept_count == HISTORY_STATEMENTS) {
		fail(why, FAIL_OS, "%s: too many statements", h->path);
		return NULL;
	}
	if (sqlite3_prepare_v3(h->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL) != SQLITE_OK) {
		history_fail(h, why);
		return NULL;
	}
	h->kept[h->kept_count].sql = sql;
	h->kept[h->kept_count++].statement = s;
	return s;
}

bool history_run(struct history *h, sqlite3_stmt *s, struct fail *why)
{
	int code = sqlite3_step(s);
	bool done = code == SQLITE_DONE || code == SQLITE_ROW || history_fail(h, why);

	sqlite3_reset(s);
	return done;
}

bool history_row(struct history *h, sqlite3_stmt *s, struct fail *why)
{
	int code = sqlite3_step(s);

	if (code == SQLITE_ROW)
		return true;
	if (code == SQLITE_DONE) {
		if (why)
			why->kind = FAIL_NONE;
	} else {
		history_fail(h, why);
	}
	sqlite3_reset(s);
	return false;
}

int64_t history_name(struct history *h, const char *text, struct fail *why)
{
	sqlite3_stmt *s = history_statement(h, "SELECT id FROM name WHERE text = ?", why);
	struct fail none;
	int64_t id;

	if (!s)
		return 0;
	sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
	if (history_row(h, s, &none)) {
		id = sqlite3_column_int64(s, 0);
		sqlite3_reset(s);
		return id;
	}
	if (none.kind != FAIL_NONE) {
		if (why)
			*why = none;
		return 0;
	}
	s = history_statement(h, "INSERT INTO name(text) VALUES(?)", why);
	if (!s)
		return 0;
	sqlite3_bind_text(s, 1, text, -1, SQLITE_STATIC);
	return history_run(h, s, why) ? sqlite3_last_insert_rowid(h->db) : 0;
}

bool history_bind_name(struct history *h, sqlite3_stmt *s, int at, const char *text,
		       struct fail *why)
{
	int64_t id = text ? history_name(h, text, why) : 0;

	if (text && !id)
		return false;
	if (text)
		sqlite3_bind_int64(s, at, id);
	return true;
}

const char *history_text(sqlite3_stmt *s, int at, struct arena *mem)
{
	const unsigned char *text = sqlite3_column_text(s, at);

	return text ? arena_text(mem, (const char *)text) : NULL;
}

// ---- opening

static bool read_number(const struct history *h, const char *pragma, int64_t *out, struct fail *why)
{
	sqlite3_stmt *s = NULL;
	bool done = sqlite3_prepare_v2(h->db, pragma, -1, &s, NULL) == SQLITE_OK &&
		    sqlite3_step(s) == SQLITE_ROW;

	if (done)
		*out = sqlite3_column_int64(s, 0);
	else
		history_fail(h, why);
	sqlite3_finalize(s);
	return done;
}

static bool check_version(const struct history *h, int64_t *version, struct fail *why)
{
	int64_t application, tables;

	if (!read_number(h, "PRAGMA application_id", &application, why) ||
	    !read_number(h, "PRAGMA user_version", version, why) ||
	    !read_number(h, "SELECT count(*) FROM sqlite_master", &tables, why))
		return false;
	if (application != APPLICATION_ID && (application || *version || tables))
		return fail(why, FAIL_CORRUPT, "%s is an SQLite file, but no history of jledger's",
			    h->path);
	if (*version > HISTORY_VERSION || *version < 0)
		return fail(why, FAIL_CORRUPT,
			    "%s has version %lld of a history, and this jledger knows %d: a newer "
			    "one wrote it",
			    h->path, (long long)*version, HISTORY_VERSION);
	return true;
}

static bool migrate(struct history *h, int64_t version, struct fail *why)
{
	char set[64];

	for (; version < HISTORY_VERSION; version++) {
		snprintf(set, sizeof(set), "PRAGMA user_version = %d", (int)version + 1);
		if (!exec(h, MIGRATIONS[version], why) || !exec(h, set, why))
			return false;
	}
	snprintf(set, sizeof(set), "PRAGMA application_id = %d", APPLICATION_ID);
	return exec(h, set, why) && history_tables_make(h, why);
}

static bool open_for_writing(struct history *h, struct fail *why)
{
	char pragmas[320];
	int64_t version;

	snprintf(pragmas, sizeof(pragmas),
		 // Of a new file: a tick changes a few hundred bytes, and whole pages are written.
		 "PRAGMA page_size = 2048; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; "
		 "PRAGMA cache_size = -%d;"
		 "PRAGMA journal_size_limit = %d; PRAGMA temp_store = MEMORY",
		 CACHE_KB, WAL_BYTES);
	if (!check_version(h, &version, why) || !exec(h, pragmas, why) ||
	    !exec(h, "BEGIN IMMEDIATE", why))
		return false;
	// Another recorder may have migrated it meanwhile.
	// By its first page others know what it is, also if this program is killed.
	if (check_version(h, &version, why) && migrate(h, version, why) && exec(h, "COMMIT", why))
		return exec(h, "PRAGMA wal_checkpoint(TRUNCATE)", why);
	sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
	return false;
}

static bool open_for_reading(struct history *h, struct fail *why)
{
	int64_t version;

	if (!exec(h, "PRAGMA query_only = ON; PRAGMA cell_size_check = ON", why) ||
	    !check_version(h, &version, why))
		return false;
	return version == HISTORY_VERSION ||
	       fail(why, FAIL_CORRUPT,
		    "%s has version %lld of a history: jledger record -o %s brings it up to date",
		    h->path, (long long)version, h->path);
}

// Where the WAL's index can't be made beside the file (a read-only directory), the file alone is read.
static bool open_file(struct history *h, const char *path, enum history_mode mode, bool alone,
		      struct fail *why)
{
	int flags = mode == HISTORY_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
					  : SQLITE_OPEN_READONLY;
	const char *name = path;

	if (alone) {
		// A URI: what is special in one is escaped.
		char *uri = arena_get(&h->mem, strlen(path) * 3 + 32), *to = uri;

		to += sprintf(to, "file:");
		for (const char *c = path; *c; c++)
			to += strchr("?#%", *c) ? sprintf(to, "%%%02x", (unsigned char)*c)
						: sprintf(to, "%c", *c);
		strcpy(to, "?immutable=1");
		name = uri;
		flags |= SQLITE_OPEN_URI;
	}
	if (sqlite3_open_v2(name, &h->db, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
		return history_fail(h, why);
	sqlite3_busy_timeout(h->db, BUSY_MS);
	sqlite3_db_config(h->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	sqlite3_db_config(h->db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
	sqlite3_db_config(h->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
	sqlite3_db_config(h->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
	return mode == HISTORY_WRITE ? open_for_writing(h, why) : open_for_reading(h, why);
}

static void close_file(struct history *h)
{
	for (size_t i = 0; i < h->kept_count; i++)
		sqlite3_finalize(h->kept[i].statement);
	h->kept_count = 0;
	sqlite3_close(h->db);
	h->db = NULL;
}

// SQLite would make it readable by all.
static bool make_file(const char *path, struct fail *why)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail_errno(why, errno, "%s", path);
	close(fd);
	return true;
}

bool history_open(const char *path, enum history_mode mode, struct history **out, struct fail *why)
{
	struct history *h = calloc(1, sizeof(*h));
	struct fail first;
	bool done;

	if (!h)
		return fail(why, FAIL_OS, "no memory");
	h->path = path;
	done = mode != HISTORY_WRITE || make_file(path, &first);
	if (done)
		done = open_file(h, path, mode, false, &first);
	if (!done && mode == HISTORY_READ && first.kind != FAIL_CORRUPT) {
		close_file(h);
		done = open_file(h, path, mode, true, NULL);
	}
	if (!done) {
		if (why)
			*why = first;
		history_close(h);
		return false;
	}
	*out = h;
	return true;
}

void history_close(struct history *h)
{
	if (!h)
		return;
	close_file(h);
	arena_drop(&h->mem);
	free(h);
}

// ---- writing

bool history_begin(struct history *h, struct fail *why)
{
	return exec(h, "BEGIN IMMEDIATE", why);
}

bool history_commit(struct history *h, struct fail *why)
{
	return exec(h, "COMMIT", why);
}

void history_rollback(struct history *h)
{
	for (size_t i = 0; i < h->kept_count; i++)
		sqlite3_reset(h->kept[i].statement);
	if (!sqlite3_get_autocommit(h->db))
		sqlite3_exec(h->db, "ROLLBACK", NULL, NULL, NULL);
}

static bool find_boot(struct history *h, const char *host, const char *boot, int64_t *id,
		      struct fail *why)
{
	sqlite3_stmt *s = history_statement(
		h, "INSERT INTO boot(host, boot) VALUES(?, ?) ON CONFLICT DO NOTHING", why);

	if (!s)
		return false;
	sqlite3_bind_text(s, 1, host, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, boot, -1, SQLITE_STATIC);
	if (!history_run(h, s, why))
		return false;
	s = history_statement(h, "SELECT id FROM boot WHERE host = ? AND boot = ?", why);
	if (!s)
		return false;
	sqlite3_bind_text(s, 1, host, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 2, boot, -1, SQLITE_STATIC);
	if (!history_row(h, s, why))
		return fail(why, FAIL_CORRUPT, "%s: the boot can't be noted", h->path);
	*id = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return true;
}

struct last_tick {
	int64_t boot;
	double at_s, boot_s, wall_s;
};

static bool find_last(struct history *h, struct last_tick *out, struct fail *why)
{
	sqlite3_stmt *s = history_statement(
		h, "SELECT boot, at_s, boot_s, wall_s FROM tick ORDER BY id DESC LIMIT 1", why);

	if (!s || !history_row(h, s, why))
		return false;
	*out = (struct last_tick){ sqlite3_column_int64(s, 0), sqlite3_column_double(s, 1),
				   sqlite3_column_double(s, 2), sqlite3_column_double(s, 3) };
	sqlite3_reset(s);
	return true;
}

bool history_last_tick(struct history *h, const char *boot, double *boot_s)
{
	sqlite3_stmt *s = history_statement(h,
					    "SELECT max(boot_s) FROM tick JOIN boot ON tick.boot = "
					    "boot.id WHERE boot.boot = ?",
					    NULL);
	bool found;

	if (!s)
		return false;
	sqlite3_bind_text(s, 1, boot, -1, SQLITE_STATIC);
	found = history_row(h, s, NULL) && sqlite3_column_type(s, 0) != SQLITE_NULL;
	if (found)
		*boot_s = sqlite3_column_double(s, 0);
	sqlite3_reset(s);
	return found;
}

bool history_now(struct history *h, double *at_s)
{
	struct last_tick last;

	if (!find_last(h, &last, NULL))
		return false;
	*at_s = last.at_s;
	return true;
}

bool history_tick(struct history *h, const char *host, const char *boot, double boot_s,
		  double wall_s, int64_t *tick, struct fail *why)
{
	struct last_tick last = { 0 };
	struct fail none = { .kind = FAIL_NONE };
	double at_s = 0;
	sqlite3_stmt *s;
	int64_t id;

	if (!find_boot(h, host, boot, &id, why))
		return false;
	if (find_last(h, &last, &none)) {
		double passed = last.boot == id ? boot_s - last.boot_s : wall_s - last.wall_s;

		at_s = last.at_s + fmax(0, last.boot == id ? passed : fmin(passed, PAUSE_MAX_S));
	} else if (none.kind != FAIL_NONE) {
		if (why)
			*why = none;
		return false;
	}
	s = history_statement(h, "INSERT INTO tick(boot, at_s, boot_s, wall_s) VALUES(?, ?, ?, ?)",
			      why);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_double(s, 2, at_s);
	sqlite3_bind_double(s, 3, boot_s);
	sqlite3_bind_double(s, 4, wall_s);
	if (!history_run(h, s, why))
		return false;
	*tick = sqlite3_last_insert_rowid(h->db);
	return true;
}

bool history_jvm(struct history *h, const char *host, const char *boot, int pid, int ns_pid,
		 uint64_t started_ns, int64_t *jvm, struct fail *why)
{
	sqlite3_stmt *s;
	int64_t id;

	if (!find_boot(h, host, boot, &id, why))
		return false;
	s = history_statement(h,
			      "INSERT INTO jvm(boot, pid, ns_pid, started_ns) VALUES(?, ?, ?, ?) "
			      "ON CONFLICT DO NOTHING",
			      why);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int(s, 2, pid);
	sqlite3_bind_int(s, 3, ns_pid);
	sqlite3_bind_int64(s, 4, (int64_t)started_ns);
	if (!history_run(h, s, why))
		return false;
	s = history_statement(h, "SELECT id FROM jvm WHERE boot = ? AND pid = ? AND started_ns = ?",
			      why);
	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, id);
	sqlite3_bind_int(s, 2, pid);
	sqlite3_bind_int64(s, 3, (int64_t)started_ns);
	if (!history_row(h, s, why))
		return fail(why, FAIL_CORRUPT, "%s: the JVM can't be noted", h->path);
	*jvm = sqlite3_column_int64(s, 0);
	sqlite3_reset(s);
	return true;
}

bool history_sample(struct history *h, int64_t tick, int64_t jvm, const struct sample *row,
		    struct fail *why)
{
	sqlite3_stmt *s = history_sample_statement(h, true, why);

	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, tick);
	sqlite3_bind_int64(s, 2, jvm);
	if (!history_bind_name(h, s, 3, row->gc_cause, why))
		return false;
	for (int i = 0; i < SAMPLE_COUNT; i++)
		if (row->value[i] != UNKNOWN_BYTES)
			sqlite3_bind_int64(s, 4 + i, (int64_t)row->value[i]);
	return history_run(h, s, why);
}

bool history_event(struct history *h, int64_t tick, int64_t jvm, const char *kind, const char *text,
		   const char *files, struct fail *why)
{
	sqlite3_stmt *s = history_statement(
		h, "INSERT INTO event(tick, jvm, kind, text, files) VALUES(?, ?, ?, ?, ?)", why);

	if (!s || !history_bind_name(h, s, 3, kind, why))
		return false;
	sqlite3_bind_int64(s, 1, tick);
	if (jvm)
		sqlite3_bind_int64(s, 2, jvm);
	sqlite3_bind_text(s, 4, text, -1, SQLITE_STATIC);
	sqlite3_bind_text(s, 5, files, -1, SQLITE_STATIC);
	return history_run(h, s, why);
}

bool history_end(struct history *h, int64_t tick, int64_t jvm, const char *kind, const char *text,
		 struct fail *why)
{
	sqlite3_stmt *s = history_statement(
		h, "UPDATE jvm SET end_tick = ?, end_kind = ?, end_text = ? WHERE id = ?", why);

	if (!s || !history_bind_name(h, s, 2, kind, why))
		return false;
	sqlite3_bind_int64(s, 1, tick);
	sqlite3_bind_text(s, 3, text, -1, SQLITE_STATIC);
	sqlite3_bind_int64(s, 4, jvm);
	return history_run(h, s, why);
}

// ---- reading

bool history_jvms(struct history *h, struct arena *mem, past_jvms *out, struct fail *why)
{
	static const char SQL[] =
		"SELECT j.id, j.pid, j.ns_pid, b.host, b.boot, j.started_ns, m.text, x.first, "
		"x.last, f.at_s, f.wall_s, l.at_s, l.wall_s, x.samples, e.at_s, e.wall_s, k.text, "
		"j.end_text FROM jvm j JOIN boot b ON b.id = j.boot "
		"JOIN (SELECT jvm, min(tick) AS first, max(tick) AS last, sum(n) AS samples FROM "
		"(SELECT jvm, tick, 1 AS n FROM sample UNION ALL SELECT jvm, tick, 0 FROM look) "
		"GROUP BY jvm) x ON x.jvm = j.id "
		"JOIN tick f ON f.id = x.first JOIN tick l ON l.id = x.last "
		"LEFT JOIN tick e ON e.id = j.end_tick LEFT JOIN name m ON m.id = j.main "
		"LEFT JOIN name k ON k.id = j.end_kind ORDER BY j.id LIMIT 100000";
	sqlite3_stmt *s = history_statement(h, SQL, why);
	struct fail none = { .kind = FAIL_NONE };

	if (!s)
		return false;
	*out = (past_jvms){ 0 };
	while (history_row(h, s, &none)) {
		struct past_jvm j = {
			.id = sqlite3_column_int64(s, 0),
			.pid = sqlite3_column_int(s, 1),
			.ns_pid = sqlite3_column_int(s, 2),
			.host = history_text(s, 3, mem),
			.boot = history_text(s, 4, mem),
			.started_ns = (uint64_t)sqlite3_column_int64(s, 5),
			.main = history_text(s, 6, mem),
			.first_s = sqlite3_column_double(s, 9),
			.first_wall_s = sqlite3_column_double(s, 10),
			.last_s = sqlite3_column_double(s, 11),
			.last_wall_s = sqlite3_column_double(s, 12),
			.samples = (size_t)sqlite3_column_int64(s, 13),
			.ended = sqlite3_column_type(s, 14) != SQLITE_NULL,
			.end_s = sqlite3_column_double(s, 14),
			.end_wall_s = sqlite3_column_double(s, 15),
			.end_kind = history_text(s, 16, mem),
			.end_text = history_text(s, 17, mem),
		};

		vec_push(mem, out, j);
	}
	if (none.kind != FAIL_NONE && why)
		*why = none;
	return none.kind == FAIL_NONE;
}

bool history_samples(struct history *h, int64_t jvm, double from_s, double to_s, struct arena *mem,
		     sample_rows *out, struct fail *why)
{
	sqlite3_stmt *s = history_sample_statement(h, false, why);
	struct fail none = { .kind = FAIL_NONE };

	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, jvm);
	sqlite3_bind_double(s, 2, from_s);
	sqlite3_bind_double(s, 3, to_s);
	*out = (sample_rows){ 0 };
	while (history_row(h, s, &none)) {
		struct sample row = { .at_s = sqlite3_column_double(s, 0),
				      .wall_s = sqlite3_column_double(s, 1),
				      .gc_cause = history_text(s, 2, mem) };

		for (int i = 0; i < SAMPLE_COUNT; i++)
			row.value[i] = sqlite3_column_type(s, 3 + i) == SQLITE_NULL
					       ? UNKNOWN_BYTES
					       : (uint64_t)sqlite3_column_int64(s, 3 + i);
		vec_push(mem, out, row);
	}
	if (none.kind != FAIL_NONE && why)
		*why = none;
	return none.kind == FAIL_NONE;
}

bool history_looks(struct history *h, int64_t jvm, struct arena *mem, past_looks *out,
		   struct fail *why)
{
	sqlite3_stmt *s = history_statement(
		h,
		"SELECT look.id, tick.at_s, tick.wall_s, name.text FROM look JOIN tick ON "
		"tick.id = look.tick LEFT JOIN name ON name.id = look.reason WHERE look.jvm = ? "
		"ORDER BY look.tick, look.id",
		why);
	struct fail none = { .kind = FAIL_NONE };

	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, jvm);
	*out = (past_looks){ 0 };
	while (history_row(h, s, &none))
		vec_push(
			mem, out,
			(struct past_look){ sqlite3_column_int64(s, 0), sqlite3_column_double(s, 1),
					    sqlite3_column_double(s, 2), history_text(s, 3, mem) });
	if (none.kind != FAIL_NONE && why)
		*why = none;
	return none.kind == FAIL_NONE;
}

bool history_events(struct history *h, int64_t jvm, struct arena *mem, past_events *out,
		    struct fail *why)
{
	sqlite3_stmt *s = history_statement(
		h,
		"SELECT event.jvm, tick.at_s, tick.wall_s, name.text, event.text, event.files FROM "
		"event JOIN tick ON tick.id = event.tick LEFT JOIN name ON name.id = event.kind "
		"WHERE ?1 = 0 OR event.jvm IS NULL OR event.jvm = ?1 ORDER BY event.id LIMIT "
		"100000",
		why);
	struct fail none = { .kind = FAIL_NONE };

	if (!s)
		return false;
	sqlite3_bind_int64(s, 1, jvm);
	*out = (past_events){ 0 };
	while (history_row(h, s, &none))
		vec_push(mem, out,
			 (struct past_event){ sqlite3_column_int64(s, 0),
					      sqlite3_column_double(s, 1),
					      sqlite3_column_double(s, 2), history_text(s, 3, mem),
					      history_text(s, 4, mem), history_text(s, 5, mem) });
	if (none.kind != FAIL_NONE && why)
		*why = none;
	return none.kind == FAIL_NONE;
}
