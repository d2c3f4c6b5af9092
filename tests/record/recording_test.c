// SPDX-License-Identifier: Apache-2.0
// The recorder over this process, which a tree in front of the machine's makes look like a JVM, and under
// a clock that the test turns.
#include "record/recording.h"

#include <criterion/criterion.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "os/live.h"
#include "store/history.h"

struct stage {
	struct live live;
	struct tree machine, tree;
	double boot_s, wall_s;
	char path[64];
	char said[1024];
};

static struct stage stage;

static bool is_own(const char *path, const char *name)
{
	char own[64];

	snprintf(own, sizeof(own), "/proc/%d/%s", (int)getpid(), name);
	return !strcmp(path, own);
}

static bool stage_read(void *self, const char *path, struct arena *mem, struct span *out,
		       struct fail *why)
{
	if (is_own(path, "maps")) {
		*out = span_of(
			"7f0000000000-7f0000001000 r-xp 00000000 08:01 99 /jdk/lib/libjvm.so\n");
		return true;
	}
	return tree_read(&stage.machine, path, mem, out, why);
}

static bool stage_list(void *self, const char *path, struct arena *mem, struct tree_names *out,
		       struct fail *why)
{
	if (strcmp(path, "/proc") != 0)
		return tree_list(&stage.machine, path, mem, out, why);
	out->at = arena_array(mem, const char *, 1);
	out->at[0] = arena_format(mem, "%d", (int)getpid());
	out->count = 1;
	return true;
}

static bool stage_link(void *self, const char *path, struct arena *mem, const char **out,
		       struct fail *why)
{
	return tree_link(&stage.machine, path, mem, out, why);
}

static bool stage_stat(void *self, const char *path, struct tree_stat *out, struct fail *why)
{
	return tree_stat(&stage.machine, path, out, why);
}

static bool stage_made(void *self, const char *name, tree_maker *make, void *arg, struct arena *mem,
		       struct span *out, struct fail *why)
{
	if (strcmp(name, "clock") != 0)
		return tree_made(&stage.machine, name, make, arg, mem, out, why);
	*out = span_of(
		arena_format(mem, "boot %.0f wall %.0f\n", stage.boot_s * 1e9, stage.wall_s * 1e9));
	return true;
}

static const struct tree_ops OPS = { stage_read, stage_list, stage_link, stage_stat, stage_made };

static void say(void *arg, const char *text)
{
	strncat(stage.said, text, sizeof(stage.said) - strlen(stage.said) - 1);
}

static const struct recording_writers WRITERS = { .say = say };
static struct recording_settings settings;

static void set_up(void)
{
	stage.machine = live_tree(&stage.live, "");
	stage.tree = (struct tree){ &OPS, NULL };
	stage.boot_s = 1e6;
	stage.wall_s = 1.7e9;
	strcpy(stage.path, "/tmp/jledger-recording-XXXXXX");
	close(mkstemp(stage.path));
	unlink(stage.path);
	settings = (struct recording_settings){
		.target = "all", .path = stage.path, .every_s = 10, .keep_s = 1e6
	};
}

static void tear_down(void)
{
	static const char *const BESIDE[] = { "", "-ring", "-wal", "-shm" };
	char name[96];

	for (size_t i = 0; i < sizeof(BESIDE) / sizeof(BESIDE[0]); i++) {
		snprintf(name, sizeof(name), "%s%s", stage.path, BESIDE[i]);
		unlink(name);
	}
}

TestSuite(recording, .init = set_up, .fini = tear_down);

static struct recording *open_recording(void)
{
	struct recording *r;
	struct fail why;

	cr_assert(recording_open(&settings, &WRITERS, &stage.tree, &r, &why), "%s", why.text);
	return r;
}

static void tick(struct recording *r, double boot_step, double wall_step)
{
	struct fail why;

	stage.boot_s += boot_step;
	stage.wall_s += wall_step;
	cr_assert(recording_tick(r, &why), "%s", why.text);
}

static sample_rows samples(struct arena *mem)
{
	struct history *h;
	sample_rows rows;
	past_jvms jvms;
	struct fail why;

	cr_assert(history_open(stage.path, HISTORY_READ, &h, &why), "%s", why.text);
	cr_assert(history_jvms(h, mem, &jvms, &why), "%s", why.text);
	cr_assert_eq(jvms.count, 1);
	cr_assert_eq(jvms.at[0].pid, getpid());
	cr_assert(history_samples(h, jvms.at[0].id, -INFINITY, INFINITY, mem, &rows, &why));
	history_close(h);
	return rows;
}

Test(recording, each_tick_is_a_sample_that_is_there_at_once)
{
	struct recording *r = open_recording();
	struct arena mem = { 0 };
	sample_rows rows;

	tick(r, 0, 0);
	tick(r, 10, 10);
	rows = samples(&mem); // while the recorder runs
	cr_assert_eq(rows.count, 2);
	cr_assert(rows.at[1].value[SAMPLE_RSS] > 0 &&
		  rows.at[1].value[SAMPLE_RSS] != UNKNOWN_BYTES);
	cr_assert_float_eq(rows.at[1].at_s - rows.at[0].at_s, 10, 1e-3);
	recording_close(r);
	arena_drop(&mem);
}

Test(recording, a_wall_clock_that_jumps_loses_nothing_and_is_noted)
{
	struct recording *r = open_recording();
	struct arena mem = { 0 };
	past_events events;
	struct history *h;
	sample_rows rows;
	struct fail why;

	tick(r, 0, 0);
	tick(r, 10, 10 + 400 * 86400.0);
	tick(r, 10, 10 - 900 * 86400.0);
	tick(r, 10, 10);
	recording_close(r);
	rows = samples(&mem);
	cr_assert_eq(rows.count, 4);
	for (size_t i = 1; i < rows.count; i++)
		cr_assert_float_eq(rows.at[i].at_s - rows.at[i - 1].at_s, 10, 1e-3);
	cr_assert(history_open(stage.path, HISTORY_READ, &h, &why), "%s", why.text);
	cr_assert(history_events(h, 0, &mem, &events, &why));
	cr_assert_eq(events.count, 2);
	cr_assert_str_eq(events.at[0].kind, "clock-jump");
	history_close(h);
	arena_drop(&mem);
}

static void run_sql(const char *sql)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(stage.path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

Test(recording, what_an_earlier_recorder_did_not_commit_comes_from_its_ring)
{
	struct recording *r = open_recording();
	struct arena mem = { 0 };
	sample_rows before, after;

	tick(r, 0, 0);
	tick(r, 10, 10);
	tick(r, 10, 10);
	recording_close(r);
	before = samples(&mem);
	cr_assert_eq(before.count, 3);
	run_sql("DELETE FROM sample WHERE tick IN (SELECT id FROM tick ORDER BY id DESC LIMIT 2);"
		"DELETE FROM tick WHERE id NOT IN (SELECT tick FROM sample)");
	r = open_recording();
	recording_close(r);
	cr_assert(strstr(stage.said, "2 samples of an earlier recorder"), "%s", stage.said);
	after = samples(&mem);
	cr_assert_eq(after.count, 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(after.at[i].value[SAMPLE_RSS], before.at[i].value[SAMPLE_RSS]);
	arena_drop(&mem);
}

Test(recording, ticks_that_could_not_be_written_come_later)
{
	struct recording *r = open_recording();
	struct arena mem = { 0 };
	sqlite3 *db;

	tick(r, 0, 0);
	cr_assert_eq(sqlite3_open(stage.path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	tick(r, 10, 10); // waits for two seconds, in vain
	cr_assert_eq(samples(&mem).count, 1);
	cr_assert(strstr(stage.said, "locked"), "%s", stage.said);
	cr_assert_eq(sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	tick(r, 10, 10);
	cr_assert_eq(samples(&mem).count, 3);
	cr_assert(strstr(stage.said, "can be written again"), "%s", stage.said);
	recording_close(r);
	arena_drop(&mem);
}

Test(recording, a_second_recorder_of_one_history_is_refused)
{
	struct recording *r = open_recording(), *other;
	struct fail why;

	cr_assert_not(recording_open(&settings, &WRITERS, &stage.tree, &other, &why));
	cr_assert(strstr(why.text, "another recorder"), "%s", why.text);
	recording_close(r);
}
