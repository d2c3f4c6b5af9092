// SPDX-License-Identifier: Apache-2.0
#include "store/history.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"

static char path[64];

static void begin_file(void)
{
	int fd;

	strcpy(path, "/tmp/jledger-history-XXXXXX");
	fd = mkstemp(path);
	cr_assert_geq(fd, 0);
	close(fd);
	unlink(path);
}

static void end_file(void)
{
	char beside[80];

	unlink(path);
	snprintf(beside, sizeof(beside), "%s-wal", path);
	unlink(beside);
	snprintf(beside, sizeof(beside), "%s-shm", path);
	unlink(beside);
}

static struct history *open_history(enum history_mode mode)
{
	struct history *h;
	struct fail why;

	cr_assert(history_open(path, mode, &h, &why), "%s", why.text);
	return h;
}

#define TRY(call)                                                                                  \
	do {                                                                                       \
		struct fail failure;                                                               \
		cr_assert((call), "%s", failure.text);                                             \
	} while (0)

// A tick with one sample of process 7.
static int64_t add_sample(struct history *h, double boot_s, double wall_s, uint64_t rss)
{
	struct sample row;
	int64_t tick, jvm;

	for (int i = 0; i < SAMPLE_COUNT; i++)
		row.value[i] = UNKNOWN_BYTES;
	row.value[SAMPLE_RSS] = rss;
	row.gc_cause = "System.gc()";
	TRY(history_tick(h, "here", "boot-1", boot_s, wall_s, &tick, &failure));
	TRY(history_jvm(h, "here", "boot-1", 7, 1, 42, &jvm, &failure));
	TRY(history_sample(h, tick, jvm, &row, &failure));
	return jvm;
}

static sample_rows all_samples(struct history *h, int64_t jvm, struct arena *mem)
{
	sample_rows rows;

	TRY(history_samples(h, jvm, -INFINITY, INFINITY, mem, &rows, &failure));
	return rows;
}

// 100 loaders of one class and one other, 40 threads of a pool, claims on both.
static void make_look(struct arena *mem, struct snapshot *s, struct ledger *l)
{
	struct provenance from = { "status", "proc", TIER_B, CERTAINTY_DERIVED };

	snapshot_init(s, mem);
	s->tier = TIER_B;
	s->machine_memory = 1 << 30;
	snapshot_set(s, F_RSS, 5000, from);
	snapshot_set_text(s, F_MAIN, "shop.Main", from);
	snapshot_set_missing(s, F_METASPACE_MAX, from, "unlimited");
	s->container.known = true;
	s->container.limit = 12345;
	s->container.swap = UNKNOWN_BYTES;
	s->container.some_avg10 = 1.5;
	*l = (struct ledger){
		.mem = mem, .of = s, .scanned = 6000, .unaccounted = 17, .by_page = true
	};
	for (int i = 0; i < ACCOUNT_COUNT; i++)
		l->rows[i] = (struct account_row){ .account = i,
						   .resident = 100 + (uint64_t)i,
						   .committed = UNKNOWN_BYTES,
						   .certainty = CERTAINTY_ESTIMATED,
						   .source = "shape" };
	for (uint32_t i = 0; i < 101; i++) {
		struct claim *c = arena_new(mem, struct claim);

		*c = (struct claim){ .account = "metaspace", .table = CLAIM_OF_LOADER, .row = i };
		vec_push(mem, &s->loaders,
			 (struct loader_row){ .type = i < 100 ? "a.Loader" : "b.Loader",
					      .name = i < 100 ? NULL : "app",
					      .class_count = 2,
					      .used = 10 });
		vec_push(mem, &l->pieces,
			 (struct piece){ .resident = 30,
					 .account = account_find("metaspace"),
					 .claim = c });
	}
	for (int i = 0; i < 40; i++)
		vec_push(mem, &s->threads,
			 (struct thread_row){ .name = arena_format(mem, "pool-%d-thread", i),
					      .kind = THREAD_JAVA,
					      .has_stack = true,
					      .stack_start = 4096,
					      .stack_end = 8192 });
	vec_push(
		mem, &s->families,
		(struct family_row){ .name = "a.Gen_#", .example = "a.Gen_1", .class_count = 100 });
	vec_push(mem, &s->flags,
		 (struct flag_row){ .name = "MaxHeapSize",
				    .type_name = "size_t",
				    .type = FLAG_UINT,
				    .number = 1 << 20,
				    .origin = "command line" });
	vec_push(mem, &s->misses, (struct miss_row){ "nmt", FAIL_DENIED, "not with these rights" });
	vec_push(mem, &s->options,
		 (struct option_row){
			 .text = "-Xmx1m", .where = "command line", .form = GIVEN_VALUE });
}

static int64_t add_look(struct history *h, double boot_s, const char *reason)
{
	struct arena mem = { 0 };
	struct snapshot s;
	struct ledger l;
	int64_t tick, jvm;

	make_look(&mem, &s, &l);
	TRY(history_tick(h, "here", "boot-1", boot_s, 1000 + boot_s, &tick, &failure));
	TRY(history_jvm(h, "here", "boot-1", 7, 1, 42, &jvm, &failure));
	TRY(history_look(h, tick, jvm, reason, &s, &l, &failure));
	arena_drop(&mem);
	return jvm;
}

TestSuite(history, .init = begin_file, .fini = end_file);

Test(history, what_was_committed_is_there_and_what_was_not_is_not)
{
	struct history *h = open_history(HISTORY_WRITE);
	struct arena mem = { 0 };
	sample_rows rows;
	int64_t jvm;

	cr_assert(history_is_one(path));
	TRY(history_begin(h, &failure));
	jvm = add_sample(h, 10, 1010, 500);
	TRY(history_commit(h, &failure));
	TRY(history_begin(h, &failure));
	add_sample(h, 20, 1020, 600);
	history_rollback(h);
	history_close(h);
	h = open_history(HISTORY_READ);
	rows = all_samples(h, jvm, &mem);
	cr_assert_eq(rows.count, 1);
	cr_assert_eq(rows.at[0].value[SAMPLE_RSS], 500);
	cr_assert_eq(rows.at[0].value[SAMPLE_SWAP], UNKNOWN_BYTES);
	cr_assert_eq(rows.at[0].wall_s, 1010);
	cr_assert_str_eq(rows.at[0].gc_cause, "System.gc()");
	arena_drop(&mem);
	history_close(h);
}

Test(history, a_look_comes_back_with_its_facts_tables_and_ledger)
{
	struct history *h = open_history(HISTORY_WRITE);
	struct arena mem = { 0 };
	uint64_t per_loader[101], loaders = 0;
	past_looks looks;
	struct snapshot s;
	struct ledger l;
	int64_t jvm;

	TRY(history_begin(h, &failure));
	jvm = add_look(h, 10, "first");
	TRY(history_commit(h, &failure));
	TRY(history_looks(h, jvm, &mem, &looks, &failure));
	cr_assert_eq(looks.count, 1);
	cr_assert_str_eq(looks.at[0].reason, "first");
	TRY(history_load(h, looks.at[0].id, &mem, &s, &l, &failure));
	cr_assert_eq(s.pid, 7);
	cr_assert_eq(s.tier, TIER_B);
	cr_assert_eq(snapshot_get(&s, F_RSS, 0), 5000);
	cr_assert_str_eq(s.fact[F_MAIN].text, "shop.Main");
	cr_assert_eq(s.fact[F_RSS].from.certainty, CERTAINTY_DERIVED);
	cr_assert_str_eq(s.fact[F_METASPACE_MAX].why_not, "unlimited");
	cr_assert_eq(s.container.limit, 12345);
	cr_assert_eq(s.container.swap, UNKNOWN_BYTES);
	cr_assert_eq(s.container.some_avg10, 1.5);
	cr_assert_eq(l.unaccounted, 17);
	cr_assert_eq(l.rows[3].resident, 103);
	cr_assert_eq(l.rows[3].committed, UNKNOWN_BYTES);
	cr_assert_eq(l.rows[3].certainty, CERTAINTY_ESTIMATED);
	cr_assert_eq(s.loaders.count, 101);
	ledger_by_table(&l, CLAIM_OF_LOADER, per_loader, 101);
	for (int i = 0; i < 101; i++)
		loaders += per_loader[i];
	cr_assert_eq(loaders, 101 * 30);
	cr_assert_eq(s.threads.count, 40);
	cr_assert_str_eq(s.threads.at[0].name, "pool-#-thread");
	cr_assert_eq(s.families.count, 1);
	cr_assert_eq(s.families.at[0].class_count, 100);
	cr_assert_eq(s.flags.at[0].number, 1 << 20);
	cr_assert_str_eq(s.options.at[0].text, "-Xmx1m");
	cr_assert_eq(s.options.at[0].form, GIVEN_VALUE);
	cr_assert_eq(s.misses.at[0].kind, FAIL_DENIED);
	arena_drop(&mem);
	history_close(h);
}

Test(history, names_and_not_numbers_of_enums_lie_on_disk)
{
	struct history *h = open_history(HISTORY_WRITE);
	sqlite3_stmt *s;
	sqlite3 *db;

	TRY(history_begin(h, &failure));
	add_look(h, 10, "first");
	TRY(history_commit(h, &failure));
	history_close(h);
	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_prepare_v2(db,
					"SELECT c.text, a.text FROM account JOIN name c ON c.id = "
					"account.certainty JOIN name a ON a.id = account.account "
					"WHERE resident = 100",
					-1, &s, NULL),
		     SQLITE_OK);
	cr_assert_eq(sqlite3_step(s), SQLITE_ROW);
	cr_assert_str_eq((const char *)sqlite3_column_text(s, 0), "estimated");
	cr_assert_str_eq((const char *)sqlite3_column_text(s, 1), "java-heap");
	sqlite3_finalize(s);
	sqlite3_close(db);
}

Test(history, its_clock_does_not_go_back_and_does_not_jump)
{
	struct history *h = open_history(HISTORY_WRITE);
	struct arena mem = { 0 };
	sample_rows rows;
	int64_t jvm;

	TRY(history_begin(h, &failure));
	jvm = add_sample(h, 100, 5000, 1);
	add_sample(h, 110, 5010 + 86400 * 365.0, 2); // a year ahead
	add_sample(h, 120, 20, 3);                   // and back to 1970
	TRY(history_commit(h, &failure));
	rows = all_samples(h, jvm, &mem);
	cr_assert_eq(rows.count, 3);
	cr_assert_float_eq(rows.at[1].at_s - rows.at[0].at_s, 10, 1e-6);
	cr_assert_float_eq(rows.at[2].at_s - rows.at[1].at_s, 10, 1e-6);
	TRY(history_thin(h, 3600, &failure));
	cr_assert_eq(all_samples(h, jvm, &mem).count, 3);
	arena_drop(&mem);
	history_close(h);
}

Test(history, of_an_old_minute_the_least_the_most_and_the_last_survive)
{
	struct history *h = open_history(HISTORY_WRITE);
	struct arena mem = { 0 };
	sample_rows rows;
	int64_t jvm = 0;

	TRY(history_begin(h, &failure));
	for (int i = 0; i < 6; i++) {
		static const uint64_t RSS[] = { 500, 900, 600, 100, 700, 650 };

		jvm = add_sample(h, 1000 + i * 10, 1000 + i * 10, RSS[i]);
	}
	add_sample(h, 1000 + 4000, 5000, 640);
	TRY(history_commit(h, &failure));
	TRY(history_thin(h, 1e9, &failure));
	rows = all_samples(h, jvm, &mem);
	cr_assert_eq(rows.count, 4);
	cr_assert_eq(rows.at[0].value[SAMPLE_RSS], 900);
	cr_assert_eq(rows.at[1].value[SAMPLE_RSS], 100);
	cr_assert_eq(rows.at[2].value[SAMPLE_RSS], 650);
	cr_assert_eq(rows.at[3].value[SAMPLE_RSS], 640);
	arena_drop(&mem);
	history_close(h);
}

Test(history, first_looks_and_those_of_events_are_not_thinned_and_all_goes_in_the_end)
{
	struct history *h = open_history(HISTORY_WRITE);
	struct arena mem = { 0 };
	past_looks looks;
	int64_t jvm, tick;

	TRY(history_begin(h, &failure));
	jvm = add_look(h, 10, "first");
	add_look(h, 20, "moved");
	add_look(h, 30, "limit");
	add_look(h, 40, "interval");
	TRY(history_tick(h, "here", "boot-1", 2 * 86400, 2 * 86400, &tick, &failure));
	TRY(history_commit(h, &failure));
	TRY(history_thin(h, 1e9, &failure));
	TRY(history_looks(h, jvm, &mem, &looks, &failure));
	cr_assert_eq(looks.count, 3);
	cr_assert_str_eq(looks.at[1].reason, "limit");
	cr_assert_str_eq(looks.at[2].reason, "interval");
	TRY(history_thin(h, 86400, &failure));
	TRY(history_looks(h, jvm, &mem, &looks, &failure));
	cr_assert_eq(looks.count, 0);
	arena_drop(&mem);
	history_close(h);
}

Test(history, ends_and_events_are_kept_with_their_words)
{
	struct history *h = open_history(HISTORY_WRITE);
	struct arena mem = { 0 };
	past_events events;
	past_jvms jvms;
	int64_t jvm, tick;

	TRY(history_begin(h, &failure));
	jvm = add_sample(h, 10, 1010, 1);
	TRY(history_tick(h, "here", "boot-1", 12, 1012, &tick, &failure));
	TRY(history_event(h, tick, jvm, "limit", "80 % are in use", "a.json\nb.zip", &failure));
	TRY(history_end(h, tick, jvm, "oom-kill", "the kernel killed it", &failure));
	TRY(history_commit(h, &failure));
	TRY(history_jvms(h, &mem, &jvms, &failure));
	cr_assert_eq(jvms.count, 1);
	cr_assert(jvms.at[0].ended);
	cr_assert_str_eq(jvms.at[0].end_kind, "oom-kill");
	cr_assert_eq(jvms.at[0].end_wall_s, 1012);
	cr_assert_eq(jvms.at[0].samples, 1);
	TRY(history_events(h, jvm, &mem, &events, &failure));
	cr_assert_eq(events.count, 1);
	cr_assert_str_eq(events.at[0].files, "a.json\nb.zip");
	arena_drop(&mem);
	history_close(h);
}

static void run_sql(const char *sql)
{
	sqlite3 *db;

	cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
	cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK, "%s", sqlite3_errmsg(db));
	sqlite3_close(db);
}

// The file of version 1 as it was: an event had no files, a sample fewer columns.
static const char VERSION_1[] =
	"PRAGMA application_id = 1785488487; PRAGMA user_version = 1;"
	"CREATE TABLE name(id INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
	"CREATE TABLE boot(id INTEGER PRIMARY KEY, host TEXT NOT NULL, boot TEXT NOT NULL, "
	"UNIQUE(host, boot));"
	"CREATE TABLE tick(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, at_s REAL NOT NULL, "
	"boot_s "
	"REAL NOT NULL, wall_s REAL NOT NULL);"
	"CREATE TABLE jvm(id INTEGER PRIMARY KEY, boot INTEGER NOT NULL, pid INTEGER NOT NULL, "
	"ns_pid "
	"INTEGER, started_ns INTEGER NOT NULL, main INTEGER, end_tick INTEGER, end_kind INTEGER, "
	"end_text TEXT, UNIQUE(boot, pid, started_ns));"
	"CREATE TABLE sample(tick INTEGER NOT NULL, jvm INTEGER NOT NULL, gc_cause INTEGER, "
	"os_rss, "
	"PRIMARY KEY(tick, jvm)) WITHOUT ROWID;"
	"CREATE TABLE look(id INTEGER PRIMARY KEY, tick INTEGER NOT NULL, jvm INTEGER NOT NULL, "
	"reason "
	"INTEGER NOT NULL);"
	"CREATE INDEX look_of ON look(jvm, tick);"
	"CREATE TABLE event(id INTEGER PRIMARY KEY, tick INTEGER NOT NULL, jvm INTEGER, kind "
	"INTEGER "
	"NOT NULL, text TEXT);"
	"INSERT INTO name VALUES(1, 'limit'); INSERT INTO boot VALUES(1, 'here', 'boot-1');"
	"INSERT INTO tick VALUES(1, 1, 0, 10, 1010); INSERT INTO jvm(id, boot, pid, ns_pid, "
	"started_ns) "
	"VALUES(1, 1, 7, 1, 42);"
	"INSERT INTO sample(tick, jvm, os_rss) VALUES(1, 1, 777);"
	"INSERT INTO event VALUES(1, 1, 1, 1, 'old');";

Test(history, a_file_of_version_1_is_brought_up_to_date_and_keeps_what_it_has)
{
	struct arena mem = { 0 };
	past_events events;
	struct history *h;
	struct fail why;
	sample_rows rows;

	run_sql(VERSION_1);
	cr_assert(history_is_one(path));
	cr_assert_not(history_open(path, HISTORY_READ, &h, &why));
	cr_assert(strstr(why.text, "version 1"), "%s", why.text);
	h = open_history(HISTORY_WRITE);
	TRY(history_begin(h, &failure));
	cr_assert_eq(add_sample(h, 20, 1020, 888), 1);
	TRY(history_commit(h, &failure));
	rows = all_samples(h, 1, &mem);
	cr_assert_eq(rows.count, 2);
	cr_assert_eq(rows.at[0].value[SAMPLE_RSS], 777);
	cr_assert_eq(rows.at[0].value[SAMPLE_THREADS], UNKNOWN_BYTES);
	TRY(history_events(h, 1, &mem, &events, &failure));
	cr_assert_str_eq(events.at[0].text, "old");
	cr_assert_null(events.at[0].files);
	arena_drop(&mem);
	history_close(h);
}

Test(history, a_newer_file_and_somebody_elses_are_refused_and_left_alone)
{
	struct history *h = open_history(HISTORY_WRITE);
	struct fail why;

	history_close(h);
	run_sql("PRAGMA user_version = 99");
	cr_assert_not(history_open(path, HISTORY_WRITE, &h, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	cr_assert(strstr(why.text, "newer"), "%s", why.text);
	end_file();
	run_sql("CREATE TABLE theirs(x)");
	cr_assert_not(history_is_one(path));
	cr_assert_not(history_open(path, HISTORY_WRITE, &h, &why));
	cr_assert(strstr(why.text, "no history"), "%s", why.text);
}

Test(history, counts_that_no_jvm_has_are_damage)
{
	struct history *h = open_history(HISTORY_WRITE);
	struct arena mem = { 0 };
	struct snapshot s;
	struct ledger l;
	struct fail why = { 0 };

	TRY(history_begin(h, &failure));
	add_look(h, 10, "first");
	TRY(history_commit(h, &failure));
	history_close(h);
	run_sql("UPDATE loader SET loaders = 4000000000");
	h = open_history(HISTORY_READ);
	cr_assert_not(history_load(h, 1, &mem, &s, &l, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	history_close(h);
	run_sql("UPDATE loader SET loaders = 1; UPDATE family SET name = NULL");
	h = open_history(HISTORY_READ);
	cr_assert_not(history_load(h, 1, &mem, &s, &l, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	arena_drop(&mem);
	history_close(h);
}

// Everything that a reader does; damage may be said, and must not be more.
static void read_all(void)
{
	struct arena mem = { 0 };
	struct history *h;
	struct fail why;
	past_jvms jvms;

	if (!history_open(path, HISTORY_READ, &h, &why))
		return;
	if (history_jvms(h, &mem, &jvms, &why))
		for (size_t i = 0; i < jvms.count && i < 4; i++) {
			past_looks looks;
			past_events events;
			sample_rows rows;

			history_samples(h, jvms.at[i].id, -INFINITY, INFINITY, &mem, &rows, &why);
			history_events(h, jvms.at[i].id, &mem, &events, &why);
			if (history_looks(h, jvms.at[i].id, &mem, &looks, &why))
				for (size_t k = 0; k < looks.count && k < 4; k++) {
					struct snapshot s;
					struct ledger l;

					history_load(h, looks.at[k].id, &mem, &s, &l, &why);
				}
		}
	history_close(h);
	arena_drop(&mem);
}

Test(history, damaged_bytes_anywhere_are_survived)
{
	struct history *h = open_history(HISTORY_WRITE);
	uint32_t state = 1;
	off_t size;
	int fd;

	TRY(history_begin(h, &failure));
	add_look(h, 10, "first");
	add_sample(h, 20, 1020, 5);
	TRY(history_commit(h, &failure));
	history_close(h);
	fd = open(path, O_RDWR);
	size = lseek(fd, 0, SEEK_END);
	cr_assert_gt(size, 0);
	for (int i = 0; i < 300; i++) {
		unsigned char old[8], bad[8];
		off_t at;

		state = state * 1664525 + 1013904223;
		at = (off_t)(state >> 4) % (size - 8);
		cr_assert_eq(pread(fd, old, 8, at), 8);
		for (int k = 0; k < 8; k++)
			bad[k] = (unsigned char)((state = state * 1664525 + 1013904223) >> 24);
		cr_assert_eq(pwrite(fd, bad, 1 + i % 8, at), 1 + i % 8);
		read_all();
		cr_assert_eq(pwrite(fd, old, 8, at), 8);
	}
	close(fd);
}
