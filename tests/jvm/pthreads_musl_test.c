// SPDX-License-Identifier: Apache-2.0
#include <criterion/criterion.h>

#include "base/fail.h"
#include "image.h"
#include "jvm/pthreads.h"

// Offsets of musl 1.2 on x86-64.
enum { PREVIOUS = 16, NEXT = 24, TID = 48, BLOCK = 72 };
enum { GUARD = 4096, SIZE = 64 << 10, ABOVE = 2048, THREADS = 4 };

static struct image im;
static struct pthreads found;
static struct pthread_seed seeds[3];
static uint64_t at[THREADS + 1]; // the last is the first thread's
static struct fail why;

static uint64_t add_thread(uint32_t tid)
{
	uint64_t base, self, top;

	im.used = (im.used + 4095) & ~UINT64_C(4095);
	base = image_get(&im, SIZE);
	top = base + SIZE - ABOVE;
	self = top + 256;
	image_put(&im, self, self);
	image_put32(&im, self + TID, tid);
	image_put(&im, self + BLOCK, base);
	image_put(&im, self + BLOCK + 8, SIZE);
	image_put(&im, self + BLOCK + 16, top);
	image_put(&im, self + BLOCK + 24, top - base - GUARD);
	image_put(&im, self + BLOCK + 32, GUARD);
	return self;
}

// Three threads that the VM knows, one that it does not, and the first one without a stack of musl's.
static void open_image(void)
{
	image_init(&im);
	for (uint32_t i = 0; i < THREADS; i++)
		at[i] = add_thread(100 + i);
	at[THREADS] = image_get(&im, 256);
	image_put(&im, at[THREADS], at[THREADS]);
	for (int i = 0; i <= THREADS; i++) {
		image_put(&im, at[i] + NEXT, at[(i + 1) % (THREADS + 1)]);
		image_put(&im, at[i] + PREVIOUS, at[(i + THREADS) % (THREADS + 1)]);
	}
	for (int i = 0; i < 3; i++)
		seeds[i] = (struct pthread_seed){ at[i], at[i] - 256 + ABOVE - SIZE + GUARD,
						  at[i] - 256, 100 + (uint32_t)i };
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(pthreads_musl, .init = open_image, .fini = close_image);

static bool read_list(void)
{
	return pthreads_read_musl(&im.memory, &im.maps, seeds, 3, &im.mem, &found, &why);
}

Test(pthreads_musl, each_thread_has_its_stack_and_what_stands_above_it)
{
	cr_assert(read_list(), "%s", why.text);
	cr_assert_eq(found.rows.count, THREADS);
	for (size_t i = 0; i < THREADS; i++) {
		const struct pthread_row *r = &found.rows.at[i];

		cr_expect_eq(r->tid, 100 + i);
		cr_expect_eq(r->top, at[i] - 256);
		cr_expect_eq(r->stack_end, at[i] - 256 + ABOVE);
		cr_expect_eq(r->stack_start, at[i] - 256 + ABOVE - SIZE + GUARD);
		cr_expect_eq(r->guard, GUARD);
		cr_expect_not(r->cached);
	}
}

Test(pthreads_musl, another_libc_does_not_calibrate)
{
	for (int i = 0; i < 3; i++)
		image_put(&im, at[i] + BLOCK + 24, 4096);
	cr_assert_not(read_list());
	cr_assert_eq(why.kind, FAIL_ABSENT);
}

Test(pthreads_musl, a_list_that_does_not_close_is_refused)
{
	image_put(&im, at[3] + NEXT, at[1]);
	cr_assert_not(read_list());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

Test(pthreads_musl, a_descriptor_that_contradicts_itself_is_refused)
{
	image_put(&im, at[3] + BLOCK + 32, 12345);
	cr_assert_not(read_list());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}
