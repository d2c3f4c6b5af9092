// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "diagnose/stems.h"
#include "facts/snapshot.h"

static struct arena mem;

static void begin(void)
{
	mem = (struct arena){ 0 };
}

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(stems, .init = begin, .fini = end);

Test(stems, numbers_fold_and_words_stay)
{
	cr_assert_str_eq(stems_fold("pool-12-thread-3", &mem), "pool-#-thread-#");
	cr_assert_str_eq(stems_fold("http-nio-8080-exec-1", &mem), "http-nio-#-exec-#");
	cr_assert_str_eq(stems_fold("ForkJoinPool.commonPool-worker-7", &mem),
			 "ForkJoinPool.commonPool-worker-#");
	cr_assert_str_eq(stems_fold("feed facade dead", &mem), "feed facade dead");
	cr_assert_str_eq(stems_fold("", &mem), "");
}

Test(stems, ids_in_hex_fold_as_a_whole)
{
	cr_assert_str_eq(stems_fold("job-4f3a99c1d0", &mem), "job-#");
	cr_assert_str_eq(stems_fold("req-01234567-89ab-cdef", &mem), "req-#-#ab-cdef");
}

static void give_thread(struct snapshot *s, const char *name, enum thread_kind kind)
{
	vec_push(s->mem, &s->threads, (struct thread_row){ .name = name, .kind = kind });
}

Test(stems, the_largest_stem_comes_first_with_its_pools)
{
	struct snapshot s;
	struct stems all;

	snapshot_init(&s, &mem);
	give_thread(&s, "main", THREAD_JAVA);
	give_thread(&s, "Signal Dispatcher", THREAD_VM);
	give_thread(&s, "pool-2-thread-1", THREAD_JAVA);
	give_thread(&s, "pool-1-thread-1", THREAD_JAVA);
	give_thread(&s, "pool-1-thread-2", THREAD_JAVA);
	give_thread(&s, "GC Thread#0", THREAD_GC);
	give_thread(&s, NULL, THREAD_JAVA);
	stems_of(&s, NULL, &mem, &all);
	cr_assert_eq(all.rows.count, 2);
	cr_assert_eq(all.threads, 4);
	cr_assert_str_eq(all.rows.at[0].stem, "pool-#-thread-#");
	cr_assert_eq(all.rows.at[0].threads, 3);
	cr_assert_eq(all.rows.at[0].pools, 2);
	cr_assert_eq(stems_find(&all, "main")->threads, 1);
	cr_assert_null(stems_find(&all, "nobody"));
}

Test(stems, names_that_the_kernel_cut_keep_their_stem_and_their_pools)
{
	struct snapshot s;
	struct stems all;

	snapshot_init(&s, &mem);
	give_thread(&s, "pool-1-thread-1", THREAD_JAVA);
	give_thread(&s, "pool-1-thread-2", THREAD_JAVA);
	give_thread(&s, "pool-10-thread-", THREAD_JAVA);
	give_thread(&s, "pool-100-thread", THREAD_JAVA);
	give_thread(&s, "pool-101-thread", THREAD_JAVA);
	stems_of(&s, NULL, &mem, &all);
	cr_assert_eq(all.rows.count, 1);
	cr_assert_str_eq(all.rows.at[0].stem, "pool-#-thread");
	cr_assert_eq(all.rows.at[0].threads, 5);
	cr_assert_eq(all.rows.at[0].pools, 4);
}

Test(stems, a_process_without_threads_has_no_stem)
{
	struct snapshot s;
	struct stems all;

	snapshot_init(&s, &mem);
	stems_of(&s, NULL, &mem, &all);
	cr_assert_eq(all.rows.count, 0);
	cr_assert_eq(all.threads, 0);
}
