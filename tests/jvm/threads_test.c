// SPDX-License-Identifier: Apache-2.0
#include "jvm/threads.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "image.h"
#include "jvm/classes.h"
#include "jvm/pthreads.h"
#include "jvm/vmstructs.h"

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

Test(threads, what_a_thread_allocated_is_what_was_retired_and_what_its_buffer_holds)
{
	uint64_t at[4] = { image_thread(&im, 77, "main"), image_thread(&im, 78, "no buffer"),
			   image_thread(&im, 79, "torn"), image_thread(&im, 80, "elsewhere") };
	const uint64_t eden = 0x80000000;

	im.vm.heap_start = eden;
	im.vm.heap_end = eden + (16 << 20);
	image_put(&im, at[0] + THREAD_ALLOCATED, 1 << 20);
	image_put(&im, at[0] + THREAD_BUFFER + 8, eden + 4096);
	image_put(&im, at[0] + THREAD_BUFFER + 16, eden + 4096 + 640);
	image_put(&im, at[1] + THREAD_ALLOCATED, 77);
	image_put(&im, at[2] + THREAD_BUFFER + 8, eden + 4096);
	image_put(&im, at[2] + THREAD_BUFFER + 16, eden);
	image_put(&im, at[3] + THREAD_BUFFER + 8, im.vm.heap_end);
	image_put(&im, at[3] + THREAD_BUFFER + 16, im.vm.heap_end + 4096);
	cr_assert(read_threads(at, 4), "%s", why.text);
	cr_expect(threads.java.at[0].allocated_known);
	cr_expect_eq(threads.java.at[0].allocated, (1 << 20) + 640);
	cr_expect_eq(threads.java.at[1].allocated, 77);
	cr_expect_not(threads.java.at[2].allocated_known, "a top below its start");
	cr_expect_not(threads.java.at[3].allocated_known, "no buffer lies outside of the heap");
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

static unsigned replace_until;
static uint64_t pair[2];

// A thread ends and another starts: the list is replaced, and its memory is somebody else's.
static void replace_list(struct image *image)
{
	uint64_t list = image_peek(image, image->threads_list);

	if (image->forgets >= replace_until)
		return;
	image_threads(image, pair, 2);
	image_put32(image, list + 8, 1);
}

Test(threads, a_list_that_is_replaced_while_it_is_copied_is_copied_again)
{
	pair[0] = image_thread(&im, 1, "main");
	pair[1] = image_thread(&im, 2, "other");
	image_threads(&im, pair, 2);
	cr_assert(classes_read(&im.vm, &im.mem, &classes, &why), "%s", why.text);
	im.on_forget = replace_list;
	replace_until = im.forgets + 6;
	cr_assert(threads_read(&im.vm, &classes, &im.mem, &threads, &why), "%s", why.text);
	cr_assert_eq(threads.java.count, 2);
	replace_until = UINT32_MAX;
	cr_assert_not(threads_read(&im.vm, &classes, &im.mem, &threads, &why));
	cr_assert(strstr(why.text, "replaced"), "%s", why.text);
}

// Threads in a list of links, as JDK 8 has them, and the VM's count of them.
static uint64_t link_threads(const uint64_t *at, size_t count)
{
	enum { NEXT = 136 };
	static struct vmstructs_field head = {
		"Threads", "_thread_list", "JavaThread*", true, 0, 0
	};
	static struct vmstructs_field next = {
		"JavaThread", "_next", "JavaThread*", false, NEXT, 0
	};
	static struct vmstructs_field counter = {
		"Threads", "_number_of_threads", "int", true, 0, 0
	};

	head.at = image_get(&im, 16);
	counter.at = image_get(&im, 16);
	im.vm.field[FIELD_THREADS_LIST] = NULL;
	im.vm.field[FIELD_THREADS_HEAD] = &head;
	im.vm.field[FIELD_JAVATHREAD_NEXT] = &next;
	im.vm.field[FIELD_THREADS_COUNT] = &counter;
	image_put(&im, head.at, at[0]);
	for (size_t i = 1; i < count; i++)
		image_put(&im, at[i - 1] + NEXT, at[i]);
	image_put32(&im, counter.at, (uint32_t)count);
	return counter.at;
}

Test(threads, a_list_of_links_that_ends_before_the_vms_count_is_not_believed)
{
	uint64_t at[3] = { image_thread(&im, 1, "main"), image_thread(&im, 2, "two"),
			   image_thread(&im, 3, "three") };
	uint64_t counter = link_threads(at, 3);

	cr_assert(classes_read(&im.vm, &im.mem, &classes, &why), "%s", why.text);
	cr_assert(threads_read(&im.vm, &classes, &im.mem, &threads, &why), "%s", why.text);
	cr_assert_eq(threads.java.count, 3);
	image_put32(&im, counter, 4);
	cr_assert_not(threads_read(&im.vm, &classes, &im.mem, &threads, &why));
	cr_assert(strstr(why.text, "3 Java threads listed, 4 counted"), "%s", why.text);
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

Test(threads, jdk_8_keeps_its_threads_among_the_values_of_pthread_setspecific)
{
	enum { SPECIFIC = 792 };
	uint64_t java[3] = { image_thread(&im, 1, "main"), image_thread(&im, 2, "two"),
			     image_thread(&im, 3, "three") };
	uint64_t own = image_thread(&im, 4, NULL);
	struct pthreads libc = { 0 };

	for (uint32_t i = 0; i < 3; i++) { // a word of their stacks that names them all the same
		vec_push(&im.mem, &libc.rows, describe(java[i], i + 1, java[i]));
		image_put(&im, libc.rows.at[i].pthread_at + SPECIFIC, java[i]);
	}
	vec_push(&im.mem, &libc.rows, describe(own, 4, 0));
	image_put(&im, libc.rows.at[3].pthread_at + SPECIFIC, own);
	cr_assert(read_threads(java, 3), "%s", why.text);
	threads_find_internal(&im.vm, &libc, &im.mem, &threads);
	cr_assert_eq(threads.internal.count, 1);
	cr_expect_eq(threads.internal.at[0].ns_tid, 4);
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
