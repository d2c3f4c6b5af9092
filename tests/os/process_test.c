// SPDX-License-Identifier: Apache-2.0
#include "os/process.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fail.h"

static struct fail why;
static struct process process;
static char directory[] = "/tmp/jledger-test-XXXXXX";
static pid_t child;

static void start(void)
{
	int ready[2];
	char byte;

	cr_assert(mkdtemp(directory) && !pipe(ready));
	child = fork();
	if (!child) {
		alarm(20);
		if (chdir(directory) || write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		_exit(0);
	}
	cr_assert_eq(read(ready[0], &byte, 1), 1);
	cr_assert(process_open(child, &process, &why), "%s", why.text);
}

static void stop(void)
{
	process_close(&process);
	if (child > 0) {
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
	}
	rmdir(directory);
}

TestSuite(process, .init = start, .fini = stop, .timeout = 20);

static bool exists(const char *name, struct stat *st)
{
	char path[96];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return !lstat(path, st);
}

Test(process, a_mark_stands_in_the_process_s_directory_until_it_is_taken_away)
{
	struct process_mark mark;
	struct stat st;

	cr_assert(process_mark(&process, "cwd", ".sign", &mark, &why));
	cr_assert(exists(".sign", &st));
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_expect_eq(st.st_size, 0);
	process_unmark(&mark);
	cr_expect_not(exists(".sign", &st));
}

Test(process, a_file_that_was_there_stays)
{
	struct process_mark mark;
	struct stat st;
	char path[96];

	snprintf(path, sizeof(path), "%s/.sign", directory);
	cr_assert(!symlink("/nowhere", path));
	cr_expect(process_mark(&process, "cwd", ".sign", &mark, &why));
	process_unmark(&mark);
	cr_expect(exists(".sign", &st) && S_ISLNK(st.st_mode), "and a link is not followed");
	unlink(path);
}

static const char LIBRARY[] = "/tmp/.jledger-process-test.so";

static bool put_library(struct process_mark *mark)
{
	process.uid = geteuid();
	process.gid = getegid();
	return process_put_library(&process, LIBRARY + 5, SPAN("library"), mark, &why);
}

Test(process, a_library_stands_in_the_process_s_tmp_until_it_is_taken_away)
{
	struct process_mark mark;
	struct stat st;

	cr_assert(put_library(&mark), "%s", why.text);
	cr_assert(!lstat(LIBRARY, &st));
	cr_expect_eq(st.st_mode & 07777, 0600);
	cr_expect_eq(st.st_size, 7);
	cr_expect_eq(st.st_uid, geteuid());
	process_unmark(&mark);
	cr_expect(lstat(LIBRARY, &st));
}

Test(process, a_library_replaces_one_that_was_left_and_nothing_else)
{
	struct process_mark mark;
	struct stat st;
	FILE *old = fopen(LIBRARY, "w");

	cr_assert(old && !fclose(old));
	cr_expect(put_library(&mark), "%s", why.text);
	process_unmark(&mark);
	cr_assert(!symlink("/nowhere", LIBRARY));
	cr_expect_not(put_library(&mark));
	cr_expect(!lstat(LIBRARY, &st) && S_ISLNK(st.st_mode));
	unlink(LIBRARY);
}

Test(process, a_signal_reaches_it_and_its_end_is_seen)
{
	cr_expect_not(process_is_gone(&process));
	cr_assert(process_signal(&process, SIGTERM, &why));
	waitpid(child, NULL, 0);
	child = 0;
	cr_expect(process_is_gone(&process));
	cr_expect_not(process_signal(&process, SIGTERM, &why));
	cr_expect_eq(why.kind, FAIL_GONE);
}
