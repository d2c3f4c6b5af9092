// SPDX-License-Identifier: Apache-2.0
#include "jvm/pthreads.h"

#include <criterion/criterion.h>

#include "base/fail.h"
#include "image.h"

enum { TID = 720, LIST = 704, BLOCK = 1680, STACK = 64 << 10, THREADS = 5 };

static struct image im;
static struct pthreads found;
static struct pthread_seed seeds[3];
static uint64_t at[THREADS], heads;
static struct fail why;

static void link_list(uint64_t head, const uint64_t *nodes, size_t count)
{
	uint64_t before = head;

	for (size_t i = 0; i < count; i++) {
		image_put(&im, before, nodes[i] + LIST);
		image_put(&im, nodes[i] + LIST + 8, before);
		before = nodes[i] + LIST;
	}
	image_put(&im, before, head);
	image_put(&im, head + 8, before);
}

static uint64_t add_thread(uint32_t tid)
{
	uint64_t stack, self;

	im.used = (im.used + 4095) & ~UINT64_C(4095);
	stack = image_get(&im, STACK);
	self = stack + STACK - 2304;
	image_put(&im, self, self);
	image_put(&im, self + 16, self);
	image_put32(&im, self + TID, tid);
	image_put(&im, self + BLOCK, stack);
	image_put(&im, self + BLOCK + 8, STACK);
	image_put(&im, self + BLOCK + 16, 4096);
	return self;
}

// Three threads that the VM knows, one that it does not, and the stack of an ended one.
static void open_image(void)
{
	image_init(&im);
	heads = image_get(&im, 64);
	for (uint32_t i = 0; i < THREADS; i++)
		at[i] = add_thread(i < 4 ? 100 + i : 0);
	for (int i = 0; i < 3; i++)
		seeds[i] = (struct pthread_seed){ at[i], at[i] + 2304 - STACK + 4096, at[i] + 2304,
						  100 + (uint32_t)i };
	link_list(heads, at, 4);
	link_list(heads + 16, NULL, 0);
	link_list(heads + 32, at + 4, 1);
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(pthreads, .init = open_image, .fini = close_image);

static bool read_list(void)
{
	return pthreads_read(&im.memory, &im.maps, seeds, 3, &im.mem, &found, &why);
}

static const struct pthread_row *row(uint32_t tid)
{
	for (size_t i = 0; i < found.rows.count; i++)
		if (found.rows.at[i].tid == tid)
			return &found.rows.at[i];
	return NULL;
}

Test(pthreads, a_thread_that_the_vm_does_not_know_has_its_stack)
{
	cr_assert(read_list(), "%s", why.text);
	cr_assert_eq(found.rows.count, 5);
	cr_assert_eq(row(103)->stack_start, at[3] + 2304 - STACK + 4096);
	cr_assert_eq(row(103)->stack_end, at[3] + 2304);
	cr_assert_eq(row(103)->guard, 4096);
}

Test(pthreads, a_stack_kept_for_reuse_is_told_from_a_threads)
{
	cr_assert(read_list(), "%s", why.text);
	cr_assert(found.cache_known);
	cr_assert(row(0)->cached);
	cr_assert_not(row(103)->cached);
}

Test(pthreads, another_libc_does_not_calibrate)
{
	for (int i = 0; i < 3; i++)
		image_put32(&im, at[i] + TID, 1);
	cr_assert_not(read_list());
	cr_assert_eq(why.kind, FAIL_ABSENT);
}

Test(pthreads, a_list_that_does_not_close_is_refused)
{
	image_put(&im, at[3] + LIST, at[1] + LIST);
	cr_assert_not(read_list());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(pthreads, a_broken_list_of_kept_stacks_costs_only_these)
{
	image_put(&im, heads + 32, 0x1234);
	cr_assert(read_list(), "%s", why.text);
	cr_assert_not(found.cache_known);
	cr_assert_eq(found.rows.count, 4);
}
