// SPDX-License-Identifier: Apache-2.0
#include "os/tasks.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <semaphore.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "os/live.h"

static struct arena mem;
static struct fail why;
static struct tasks got;
static sem_t started, finish;
static char *inside; // the stack of the thread

static void *sleep_in_thread(void *arg)
{
	char here;

	inside = &here;
	sem_post(&started);
	sem_wait(&finish);
	return NULL;
}

Test(tasks, a_thread_has_its_name_ids_and_a_stack_pointer_inside_its_stack)
{
	struct live live;
	struct tree files = live_tree(&live, "");
	const struct task *named = NULL;
	pthread_t thread;

	sem_init(&started, 0, 0);
	sem_init(&finish, 0, 0);
	cr_assert(!pthread_create(&thread, NULL, sleep_in_thread, NULL));
	pthread_setname_np(thread, "a \\ b");
	sem_wait(&started);
	usleep(50000); // until it waits
	cr_assert(tasks_read(&files, getpid(), &mem, &got, &why), "%s", why.text);
	for (size_t i = 0; i < got.count; i++)
		if (!strcmp(got.at[i].name, "a \\ b"))
			named = &got.at[i];
	cr_assert_not_null(named);
	cr_expect_eq(named->ns_tid, named->tid);
	if (!got.stack_pointers_denied)
		cr_expect((uintptr_t)inside - named->stack_pointer < 4096,
			  "stack pointer %lx, local variable at %p",
			  (unsigned long)named->stack_pointer, (void *)inside);
	sem_post(&finish);
	pthread_join(thread, NULL);
	arena_drop(&mem);
}

// ---- recorded files

struct recorded {
	const char *path, *text; // NULL: denied
};
static const struct recorded FILES[] = {
	{ "/proc/9/task/9/status", "Name:\tjava\nNSpid:\t9\t1\n" },
	{ "/proc/9/task/9/syscall", "202 0x7f 0x109 0x0 0x0 0x0 0xff 0x7ffd00001000 0x7f00\n" },
	{ "/proc/9/task/10/status", "Name:\tGC Thread#0\nNSpid:\t10\t2\n" },
	{ "/proc/9/task/10/syscall", "running\n" },
	{ "/proc/9/task/95/status", "Name:\tx\nNSpid:\t95\t4\n" },
	{ "/proc/9/task/95/syscall", NULL },
};

static bool recorded_read(void *self, const char *path, struct arena *to, struct span *out,
			  struct fail *reason)
{
	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
		if (!strcmp(FILES[i].path, path)) {
			if (!FILES[i].text)
				return fail(reason, FAIL_DENIED, "denied");
			*out = span_of(FILES[i].text);
			return true;
		}
	return fail(reason, FAIL_ABSENT, "absent");
}

static bool recorded_list(void *self, const char *path, struct arena *to, struct tree_names *out,
			  struct fail *reason)
{
	static const char *NAMES[] = { "10", "11", "9", "95", "x" };

	*out = (struct tree_names){ NAMES, 5 };
	return true;
}

Test(tasks, threads_come_by_rising_tid_without_those_that_ended)
{
	static const struct tree_ops OPS = { .read = recorded_read, .list = recorded_list };
	struct tree files = { &OPS, NULL };

	cr_assert(tasks_read(&files, 9, &mem, &got, &why));
	cr_assert_eq(got.count, 3);
	cr_expect_eq(got.at[0].tid, 9);
	cr_expect_eq(got.at[0].ns_tid, 1);
	cr_expect_eq(got.at[0].stack_pointer, 0x7ffd00001000);
	cr_expect_str_eq(got.at[1].name, "GC Thread#0");
	cr_expect_eq(got.at[1].stack_pointer, 0);
	cr_expect_eq(got.at[2].ns_tid, 4);
	cr_expect(got.stack_pointers_denied);
	arena_drop(&mem);
}
