// SPDX-License-Identifier: Apache-2.0
#include "os/live.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"

static struct arena mem;
static struct fail why;
static struct live live;
static struct tree files;
static struct span got;
static char root[] = "/tmp/jledger-live-XXXXXX";

static const char *below(const char *path)
{
	return arena_format(&mem, "%s%s", root, path);
}

static void write_file(const char *name, const char *text)
{
	FILE *f = fopen(below(name), "w");

	cr_assert(f && fputs(text, f) >= 0);
	fclose(f);
}

static void start(void)
{
	cr_assert(mkdtemp(root));
	cr_assert(!mkdir(below("/proc"), 0755) && !mkdir(below("/proc/7"), 0755));
	write_file("/proc/7/status", "Name:\tx\n");
	write_file("/b", "");
	write_file("/a", "a");
	files = live_tree(&live, root);
}

static void end(void)
{
	if (system(arena_format(&mem, "rm -r %s", root)))
		cr_log_warn("%s is left", root);
	arena_drop(&mem);
}

TestSuite(live, .init = start, .fini = end);

Test(live, files_are_read_below_the_root)
{
	cr_assert(tree_read(&files, "/proc/7/status", &mem, &got, &why), "%s", why.text);
	cr_expect(span_is(got, "Name:\tx\n"));
	cr_assert(tree_read(&files, "/b", &mem, &got, &why));
	cr_expect_eq(got.len, 0);
}

Test(live, names_come_sorted_and_without_dots)
{
	struct tree_names names;

	cr_assert(tree_list(&files, "/", &mem, &names, &why), "%s", why.text);
	cr_assert_eq(names.count, 3);
	cr_expect_str_eq(names.at[0], "a");
	cr_expect_str_eq(names.at[1], "b");
	cr_expect_str_eq(names.at[2], "proc");
}

Test(live, a_missing_file_is_absent_and_a_missing_process_is_gone)
{
	cr_expect_not(tree_read(&files, "/c", &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_not(tree_read(&files, "/proc/7/nothing", &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_not(tree_read(&files, "/proc/8/status", &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_GONE);
}

Test(live, a_process_that_ended_is_gone)
{
	struct tree machine = live_tree(&live, "");
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	waitpid(pid, NULL, 0);
	cr_expect_not(
		tree_read(&machine, arena_format(&mem, "/proc/%d/maps", pid), &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_GONE, "%s", why.text);
}

Test(live, what_is_no_regular_file_is_never_opened, .timeout = 5)
{
	cr_assert(!mkfifo(below("/pipe"), 0600));
	cr_expect_not(tree_read(&files, "/pipe", &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_not(tree_read(&files, "/proc", &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}

Test(live, a_path_must_start_at_the_root)
{
	cr_expect_not(tree_read(&files, "a", &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}

Test(live, links_in_a_process_root_do_not_lead_out_of_it)
{
	cr_assert(!mkdir(below("/proc/7/root"), 0755));
	write_file("/proc/7/root/inside", "theirs");
	cr_assert(!symlink("/inside", below("/proc/7/root/link")));
	cr_assert(!symlink("/etc/passwd", below("/proc/7/root/escape")));
	cr_assert(tree_read(&files, "/proc/7/root/link", &mem, &got, &why), "%s", why.text);
	cr_expect(span_is(got, "theirs"));
	cr_expect_not(tree_read(&files, "/proc/7/root/escape", &mem, &got, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
	cr_expect_not(tree_read(&files, "/proc/7/root/../status", &mem, &got, &why));
}

Test(live, stat_and_link_tell_what_is_there)
{
	struct tree_stat st;
	const char *target;

	cr_assert(!symlink("a", below("/l")));
	cr_assert(tree_stat(&files, "/l", &st, &why));
	cr_expect_eq(st.size, 1);
	cr_expect(S_ISREG(st.mode) && st.inode && st.uid == geteuid());
	cr_assert(tree_link(&files, "/l", &mem, &target, &why));
	cr_expect_str_eq(target, "a");
	cr_expect_not(tree_link(&files, "/none", &mem, &target, &why));
	cr_expect_eq(why.kind, FAIL_ABSENT);
}

static bool make(void *arg, struct arena *to, struct span *out, struct fail *reason)
{
	if (!arg)
		return fail(reason, FAIL_ABSENT, "nothing to make");
	*out = span_of(arena_text(to, arg));
	return true;
}

Test(live, what_is_made_is_asked_from_its_maker)
{
	cr_assert(tree_made(&files, "x", make, "made", &mem, &got, &why));
	cr_expect(span_is(got, "made"));
	cr_expect_not(tree_made(&files, "x", make, NULL, &mem, &got, &why));
	cr_expect_str_eq(why.text, "nothing to make");
}

// ---- threads that end while they are listed

enum { PASSING = 300, STAYING = 40, ROUNDS = 10 };
static _Atomic bool pass, over;
static _Atomic int ids[STAYING];

static void *pass_away(void *arg)
{
	while (!pass)
		usleep(500 + (useconds_t)(uintptr_t)arg);
	return NULL;
}

static void *stay(void *arg)
{
	*(_Atomic int *)arg = (int)syscall(SYS_gettid);
	while (!over)
		usleep(10000);
	return NULL;
}

static bool lists(const struct tree_names *names, int id)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", id);
	for (size_t i = 0; i < names->count; i++)
		if (!strcmp(names->at[i], text))
			return true;
	return false;
}

// Those that stay and are not listed, while those before them in the kernel's list end.
static int count_left_out(const struct tree *own)
{
	const char *path = arena_format(&mem, "/proc/%d/task", getpid());
	pthread_t passing[PASSING], staying[STAYING];
	struct tree_names names;
	int left_out = 0;

	pass = over = false;
	for (uintptr_t i = 0; i < PASSING; i++)
		cr_assert(!pthread_create(&passing[i], NULL, pass_away, (void *)i));
	for (int i = 0; i < STAYING; i++) {
		ids[i] = 0;
		cr_assert(!pthread_create(&staying[i], NULL, stay, &ids[i]));
		while (!ids[i])
			usleep(100);
	}
	pass = true;
	do {
		cr_assert(tree_list(own, path, &mem, &names, &why), "%s", why.text);
		for (int i = 0; i < STAYING; i++)
			left_out += !lists(&names, ids[i]);
		for (size_t i = 1; i < names.count; i++)
			cr_assert_lt(strcmp(names.at[i - 1], names.at[i]), 0);
	} while (names.count > STAYING + 4);
	over = true;
	for (int i = 0; i < PASSING; i++)
		pthread_join(passing[i], NULL);
	for (int i = 0; i < STAYING; i++)
		pthread_join(staying[i], NULL);
	return left_out;
}

Test(live, a_thread_that_stays_is_listed_also_while_others_end)
{
	struct live machine;
	struct tree own = live_tree(&machine, "");
	int left_out = 0;

	for (int round = 0; round < ROUNDS; round++)
		left_out += count_left_out(&own);
	cr_expect_eq(left_out, 0, "%d", left_out);
}
