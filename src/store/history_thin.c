// SPDX-License-Identifier: Apache-2.0
// Old samples and looks give way.  All is judged by the history's own clock, so that a wall clock that
// jumps ahead makes nothing old.
#include "store/history_file.h"
#include "store/history_tables.h"

// Up to which age each span of time keeps its last row and its extremes.
static const struct {
	double older_s, span_s;
} AGES[] = {
	{ 3600, 60 },
	{ 86400, 600 },
	{ 7 * 86400.0, 3600 },
};

static bool step(struct history *h, const char *sql, double a, double b, double c, struct fail *why)
{
	sqlite3_stmt *s = history_statement(h, sql, why);

	if (!s)
		return false;
	sqlite3_bind_double(s, 1, a);
	sqlite3_bind_double(s, 2, b);
	sqlite3_bind_double(s, 3, c);
	return history_run(h, s, why);
}

// Ticks older than ?2 and younger than ?3 (nothing to do again beyond), in spans of ?1 seconds.
static bool thin_samples(struct history *h, double span, double before, double after,
			 struct fail *why)
{
	static const char SQL[] =
		"DELETE FROM sample WHERE (tick, jvm) IN (SELECT tick, jvm FROM ("
		"SELECT tick, jvm, os_rss AS rss, container_working_set AS ws, "
		"max(tick) OVER w AS last, max(os_rss) OVER w AS rss_max, min(os_rss) OVER w AS "
		"rss_min, max(container_working_set) OVER w AS ws_max, "
		"min(container_working_set) OVER w AS ws_min "
		"FROM sample JOIN tick ON tick.id = sample.tick WHERE tick.at_s < ?2 AND "
		"tick.at_s >= ?3 WINDOW w AS (PARTITION BY jvm, CAST(tick.at_s / ?1 AS INTEGER))) "
		"WHERE tick < last AND rss IS NOT rss_max AND rss IS NOT rss_min AND "
		"(ws IS NULL OR (ws IS NOT ws_max AND ws IS NOT ws_min)))";

	return step(h, SQL, span, before, after, why);
}

static bool thin_looks(struct history *h, double span, double before, double after,
		       struct fail *why)
{
	static const char SQL[] =
		"DELETE FROM look WHERE id IN (SELECT id FROM (SELECT look.id AS id, name.text AS "
		"reason, max(look.id) OVER w AS last FROM look JOIN tick ON tick.id = look.tick "
		"JOIN name ON name.id = look.reason WHERE tick.at_s < ?2 AND tick.at_s >= ?3 "
		"WINDOW w AS (PARTITION BY look.jvm, CAST(tick.at_s / ?1 AS INTEGER))) WHERE id < "
		"last AND reason IN ('interval', 'moved'))";

	return step(h, SQL, span, before, after, why);
}

static bool run_text(struct history *h, const char *sql, struct fail *why)
{
	return sqlite3_exec(h->db, sql, NULL, NULL, NULL) == SQLITE_OK || history_fail(h, why);
}

// Rows whose owner is gone.
static bool drop_orphans(struct history *h, struct fail *why)
{
	struct arena mem = { 0 };
	bool done = true;

	for (int i = 0; i < TABLE_COUNT && done; i++) {
		const struct history_table *t = &HISTORY_TABLES[i];

		done = run_text(
			h,
			arena_format(&mem, "DELETE FROM \"%s\" WHERE %s NOT IN (SELECT id FROM %s)",
				     t->name, t->owner, t->owner),
			why);
	}
	arena_drop(&mem);
	return done;
}

static bool expire(struct history *h, double before, struct fail *why)
{
	static const char *const SQL[] = {
		"DELETE FROM sample WHERE tick IN (SELECT id FROM tick WHERE at_s < ?1)",
		"DELETE FROM look WHERE tick IN (SELECT id FROM tick WHERE at_s < ?1)",
		"DELETE FROM event WHERE tick IN (SELECT id FROM tick WHERE at_s < ?1)",
		"DELETE FROM jvm WHERE end_tick IN (SELECT id FROM tick WHERE at_s < ?1)",
		"DELETE FROM tick WHERE at_s < ?1 AND id < (SELECT max(id) FROM tick)",
	};

	for (size_t i = 0; i < sizeof(SQL) / sizeof(SQL[0]); i++) {
		sqlite3_stmt *s = history_statement(h, SQL[i], why);

		if (!s)
			return false;
		sqlite3_bind_double(s, 1, before);
		if (!history_run(h, s, why))
			return false;
	}
	return true;
}

static bool thin(struct history *h, double now, double keep_s, struct fail *why)
{
	enum { AGE_COUNT = sizeof(AGES) / sizeof(AGES[0]) };

	for (size_t i = 0; i < AGE_COUNT; i++) {
		double before = now - AGES[i].older_s;
		double after = i + 1 < AGE_COUNT ? now - AGES[i + 1].older_s : -1;

		if (before <= 0)
			break;
		// A span is thinned when all of it is old, or its last would change.
		before = AGES[i].span_s * (double)(int64_t)(before / AGES[i].span_s);
		if (!thin_samples(h, AGES[i].span_s, before, after, why) ||
		    (i && !thin_looks(h, AGES[i].span_s * 6, before, after, why)))
			return false;
	}
	if (now > keep_s && !expire(h, now - keep_s, why))
		return false;
	return run_text(h,
			"DELETE FROM tick WHERE id NOT IN (SELECT tick FROM sample UNION SELECT "
			"tick "
			"FROM look UNION SELECT tick FROM event UNION SELECT end_tick FROM jvm "
			"WHERE "
			"end_tick IS NOT NULL UNION SELECT max(id) FROM tick)",
			why) &&
	       drop_orphans(h, why);
}

bool history_thin(struct history *h, double keep_s, struct fail *why)
{
	sqlite3_stmt *s = history_statement(h, "SELECT max(at_s) FROM tick", why);
	double now;

	if (!s || !history_row(h, s, why))
		return false;
	now = sqlite3_column_double(s, 0);
	sqlite3_reset(s);
	if (!history_begin(h, why))
		return false;
	if (thin(h, now, keep_s, why) && history_commit(h, why))
		return true;
	history_rollback(h);
	return false;
}
