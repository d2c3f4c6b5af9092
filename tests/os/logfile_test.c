// SPDX-License-Identifier: Apache-2.0
#include "os/logfile.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"

static struct fail why;
static struct logfile log_file;
static char dir[] = "/tmp/jledger-logfile-XXXXXX";
static char old_dir[4096];
static int writes; // each is a second after the one before

static void start(void)
{
	cr_assert(getcwd(old_dir, sizeof(old_dir)) && mkdtemp(dir) && !chdir(dir));
}

static void end(void)
{
	logfile_close(&log_file);
	cr_assert(!chdir(old_dir));
	cr_assert(!system(strcat(strcpy((char[64]){ 0 }, "rm -r "), dir)));
}

TestSuite(logfile, .init = start, .fini = end);

static void append(const char *name, const char *text)
{
	struct timespec at = { 1000000000 + writes++, 0 };
	FILE *f = fopen(name, "a");

	cr_assert(f && fputs(text, f) >= 0 && !fclose(f));
	cr_assert(!utimensat(AT_FDCWD, name, (struct timespec[]){ at, at }, 0));
}

static void rotate(const char *from, const char *to)
{
	cr_assert(!rename(from, to));
}

static void expect_rest(const char *text)
{
	char got[64] = { 0 };
	size_t n = 0, len = 0;

	do {
		cr_assert(logfile_read(&log_file, got + len, sizeof(got) - 1 - len, &n, &why), "%s",
			  why.text);
		len += n;
	} while (n);
	cr_expect_str_eq(got, text);
}

static void expect_next(const char *text)
{
	enum logfile_state state = logfile_state(&log_file);

	cr_expect(state == LOGFILE_MOVED || state == LOGFILE_GONE, "%d", state);
	cr_assert(logfile_reopen(&log_file));
	expect_rest(text);
}

Test(logfile, every_part_is_read_also_of_unified_logging_that_rotated_more_than_once)
{
	append("gc.log.1", "from an earlier round");
	append("gc.log", "a");
	cr_assert(logfile_open(&log_file, "gc.log", &why));
	expect_rest("a");
	append("gc.log", "b");
	rotate("gc.log", "gc.log.0");
	append("gc.log", "c");
	rotate("gc.log", "gc.log.1");
	append("gc.log", "d");
	rotate("gc.log", "gc.log.2");
	append("gc.log", "e");
	append("gc.log.notes", "no part of it");
	expect_rest("b");
	expect_next("c");
	expect_next("d");
	expect_next("e");
	cr_expect_eq(logfile_state(&log_file), LOGFILE_SAME);
}

Test(logfile, every_part_is_read_also_of_jdk_8_that_began_anew)
{
	append("gc.log.0", "oldest");
	append("gc.log.1.current", "a");
	cr_assert(logfile_open(&log_file, "gc.log.1.current", &why));
	expect_rest("a");
	rotate("gc.log.1.current", "gc.log.1");
	append("gc.log.2.current", "b");
	rotate("gc.log.2.current", "gc.log.2");
	cr_assert(!unlink("gc.log.0"));
	append("gc.log.0.current", "c");
	expect_next("b");
	expect_next("c");
	cr_expect_eq(logfile_state(&log_file), LOGFILE_SAME);
	append("gc.log.0.current", "d");
	expect_rest("d");
}

Test(logfile, until_the_next_part_is_there_nothing_changes)
{
	append("gc.log", "a");
	cr_assert(logfile_open(&log_file, "gc.log", &why));
	expect_rest("a");
	rotate("gc.log", "gc.log.0");
	cr_expect_eq(logfile_state(&log_file), LOGFILE_GONE);
	cr_expect_not(logfile_reopen(&log_file));
	append("gc.log.0", "b");
	expect_rest("b");
	append("gc.log", "c");
	expect_next("c");
}

Test(logfile, a_file_that_is_cut_is_read_anew)
{
	append("gc.log", "long");
	cr_assert(logfile_open(&log_file, "gc.log", &why));
	expect_rest("long");
	cr_assert(!truncate("gc.log", 0));
	append("gc.log", "ab");
	cr_expect_eq(logfile_state(&log_file), LOGFILE_CUT);
	expect_rest("ab");
}
