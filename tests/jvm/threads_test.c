// SPDX-License-Identifier: Apache-2.0
#include "jvm/threads.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "image.h"
#include "jvm/classes.h"
#include "jvm/pthreads.h"

static struct image im;
static struct hotspot_classes classes;
static struct hotspot_threads threads;
static struct fail why;

static void open_image(void)
{
	image_init(&im);
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(threads, .init = open_image, .fini = close_image);

static bool read_threads(const uint64_t *at, size_t count)
{
	image_threads(&im, at, count);
	return classes_read(&im.vm, &im.mem, &classes, &why) &&
	       threads_read(&im.vm, &classes, &im.mem, &threads, &why);
}

Test(threads, a_thread_has_its_whole_java_name_and_its_stack)
{
	const char *name = "a name that is longer than the fifteen bytes of the kernel";
	uint64_t at[2] = { image_thread(&im, 77, name), image_thread(&im, 78, "main") };

	cr_assert(read_threads(at, 2), "%s", why.text);
	cr_assert_eq(threads.java.count, 2);
	cr_assert_str_eq(threads.java.at[0].name, name);
	cr_assert_eq(threads.java.at[0].ns_tid, 77);
	cr_assert_eq(threads.java.at[0].stack_end - threads.java.at[0].stack_start, 16 << 10);
	cr_assert_eq(threads.torn, 0);
}

Test(threads, a_thread_that_starts_or_ends_has_no_name_or_is_left_out)
{
	uint64_t at[4] = { image_thread(&im, 1, NULL), image_thread(&im, 2, "gone"),
			   image_thread(&im, 3, "wild stack"), image_thread(&im, 4, "odd state") };

	image_put(&im, at[1] + THREAD_OS, 0);
	image_put(&im, at[2] + THREAD_BASE, 0x7fffffff0000);
	image_put32(&im, at[3] + THREAD_STATE, 57005);
	cr_assert(read_threads(at, 4), "%s", why.text);
	cr_assert_eq(threads.java.count, 1);
	cr_assert_null(threads.java.at[0].name);
	cr_assert_eq(threads.torn, 3);
}

Test(threads, the_vms_own_java_threads_are_told_by_their_cpp_class)
{
	uint64_t at[5] = { image_thread(&im, 1, "main"), image_thread(&im, 2, "C2 CompilerThread9"),
			   image_thread(&im, 3, "worker"),
			   image_thread(&im, 4, "C2 CompilerThread0"),
			   image_thread(&im, 5, "Service Thread") };

	image_put(&im, at[3], im.vtable + 24);
	image_put(&im, at[4], im.vtable + 48);
	cr_assert(read_threads(at, 5), "%s", why.text);
	cr_assert_eq(threads.java.at[1].kind, VM_THREAD_JAVA, "a name alone makes no compiler");
	cr_assert_eq(threads.java.at[3].kind, VM_THREAD_COMPILER);
	cr_assert_eq(threads.java.at[4].kind, VM_THREAD_SERVICE);
}

Test(threads, a_wild_list_is_refused)
{
	uint64_t at[2] = { image_thread(&im, 1, "main"), image_thread(&im, 2, "other") };
	uint64_t list;

	cr_assert(read_threads(at, 2), "%s", why.text);
	list = image_peek(&im, im.threads_list);
	image_put32(&im, list + 8, 100000000);
	cr_assert_not(threads_read(&im.vm, &classes, &im.mem, &threads, &why));
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	image_put32(&im, list + 8, 0);
	cr_assert_not(threads_read(&im.vm, &classes, &im.mem, &threads, &why));
	at[1] = at[0];
	cr_assert_not(read_threads(at, 2), "the same thread twice");
	at[1] = 0x123;
	cr_assert_not(read_threads(at, 2), "no pointer");
}

Test(threads, without_classes_there_are_stacks_but_no_names)
{
	uint64_t at = image_thread(&im, 1, "main");

	image_threads(&im, &at, 1);
	cr_assert(threads_read(&im.vm, NULL, &im.mem, &threads, &why), "%s", why.text);
	cr_assert_eq(threads.java.count, 1);
	cr_assert_null(threads.java.at[0].name);
}

Test(threads, names_read_across_collections_are_dropped)
{
	uint64_t at = image_thread(&im, 1, "main");

	im.on_forget = image_collect;
	cr_assert(read_threads(&at, 1), "%s", why.text);
	cr_assert_eq(threads.java.count, 1);
	cr_assert_null(threads.java.at[0].name);
	im.on_forget = NULL;
	image_put8(&im, im.vm.heap_at + HEAP_GC_ACTIVE, 1);
	cr_assert(read_threads(&at, 1), "%s", why.text);
	cr_assert_null(threads.java.at[0].name);
	image_put8(&im, im.vm.heap_at + HEAP_GC_ACTIVE, 0);
	cr_assert(read_threads(&at, 1), "%s", why.text);
	cr_assert_str_eq(threads.java.at[0].name, "main");
}

enum {
	TP_BELOW = 200,
	TP_AT = 15 << 10
}; // where Thread::current() and the descriptor lie in a stack

// Gives the thread a descriptor near the top of its stack, with Thread::current() below it.
static struct pthread_row describe(uint64_t thread, uint32_t tid, uint64_t current)
{
	struct pthread_row row = { .tid = tid };
	uint64_t os, base, size;

	cr_assert(memory_read_u64(&im.memory, thread + THREAD_OS, &os, &why));
	cr_assert(memory_read_u64(&im.memory, thread + THREAD_BASE, &base, &why));
	cr_assert(memory_read_u64(&im.memory, thread + THREAD_SIZE, &size, &why));
	row.stack_start = base - size;
	row.stack_end = base;
	row.pthread_at = base - size + TP_AT;
	image_put(&im, os + OS_PTHREAD, row.pthread_at);
	image_put(&im, row.pthread_at - TP_BELOW, current);
	return row;
}

Test(threads, the_vms_own_threads_are_those_whose_tls_names_a_thread_of_the_vm)
{
	uint64_t java[3] = { image_thread(&im, 1, "main"), image_thread(&im, 2, "two"),
			     image_thread(&im, 3, "three") };
	uint64_t own = image_thread(&im, 4, NULL), other = image_thread(&im, 5, NULL),
		 liar = image_thread(&im, 6, NULL);
	struct pthreads libc = { 0 };

	for (uint32_t i = 0; i < 3; i++)
		vec_push(&im.mem, &libc.rows, describe(java[i], i + 1, java[i]));
	vec_push(&im.mem, &libc.rows, describe(own, 4, own));
	vec_push(&im.mem, &libc.rows, describe(other, 5, 0));  // a native thread: no Thread
	vec_push(&im.mem, &libc.rows, describe(liar, 6, own)); // names the Thread of another
	cr_assert(read_threads(java, 3), "%s", why.text);
	threads_find_internal(&im.vm, &libc, &im.mem, &threads);
	cr_assert_eq(threads.internal.count, 1);
	cr_expect_eq(threads.internal.at[0].ns_tid, 4);
	cr_expect_eq(threads.internal.at[0].kind, VM_THREAD_INTERNAL);
}

Test(threads, without_a_common_tls_slot_the_vm_has_no_threads_of_its_own)
{
	uint64_t java[3] = { image_thread(&im, 1, "main"), image_thread(&im, 2, "two"),
			     image_thread(&im, 3, "three") };
	uint64_t own = image_thread(&im, 4, NULL);
	struct pthreads libc = { 0 };

	vec_push(&im.mem, &libc.rows, describe(java[0], 1, java[0]));
	vec_push(&im.mem, &libc.rows, describe(java[1], 2, 0));
	vec_push(&im.mem, &libc.rows, describe(java[2], 3, 0));
	vec_push(&im.mem, &libc.rows, describe(own, 4, own));
	cr_assert(read_threads(java, 3), "%s", why.text);
	threads_find_internal(&im.vm, &libc, &im.mem, &threads);
	cr_assert_eq(threads.internal.count, 0);
}
