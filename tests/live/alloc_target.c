// SPDX-License-Identifier: Apache-2.0
// A program that prints every block, stack and mapping that it makes, for checks page by page.
//
// Lines on stdout: "KIND START END" with hexadecimal addresses, then "ready"; it then sleeps until
// its input ends.  Kinds: malloc (a block's bytes, header left out), stack (a thread's, as
// pthread_getattr_np has it), native (its own mmap, no allocator's).  All that it prints is touched.
// Arguments: "blocked" puts a mapping behind the heap before it allocates, "lookalike" writes into
// its own mappings what looks like headers of malloc, "busy" keeps allocating after "ready".
#include <malloc.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { THREADS = 6, SMALL_BLOCKS = 1500, BIG_BLOCKS = 24, NATIVE = 12, PAGE = 4096 };

static bool lookalike, busy;
static pthread_mutex_t printing = PTHREAD_MUTEX_INITIALIZER;
static pthread_barrier_t all_made;

static void say(const char *kind, const void *at, size_t size)
{
	pthread_mutex_lock(&printing);
	printf("%s %lx %lx\n", kind, (unsigned long)(uintptr_t)at,
	       (unsigned long)((uintptr_t)at + size));
	pthread_mutex_unlock(&printing);
}

static void touch(void *at, size_t size)
{
	memset(at, 0x5a, size);
}

static void make_block(size_t size)
{
	char *at = malloc(size);

	if (!at)
		exit(1);
	touch(at, size);
	say("malloc", at, size);
}

static void make_aligned(size_t alignment, size_t size)
{
	char *at = memalign(alignment, size);

	if (!at)
		exit(1);
	touch(at, size);
	say("malloc", at, size);
}

// The words of a chunk with a mapping of its own, a heap's and an arena's neighbour, as data.
static void make_native(unsigned number)
{
	size_t size = (size_t)(1 + number % 5) * 7 * PAGE;
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		exit(1);
	touch(at, size);
	if (lookalike && number < 2) {
		uint64_t words[2] = { 0, (size - PAGE) | 2 };

		memcpy(at + PAGE, words, sizeof(words));
	}
	say("native", at, size);
}

static void make_stack(void)
{
	pthread_attr_t attr;
	void *at;
	size_t size;

	if (pthread_getattr_np(pthread_self(), &attr) || pthread_attr_getstack(&attr, &at, &size))
		exit(1);
	say("stack", at, size);
	pthread_attr_destroy(&attr);
}

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

static void *work(void *arg)
{
	uint32_t state = (uint32_t)(uintptr_t)arg * 77 + 1;

	make_stack();
	for (unsigned i = 0; i < SMALL_BLOCKS; i++)
		make_block(16 + next(&state) % (i % 50 ? 600 : 60000));
	for (unsigned i = 0; i < BIG_BLOCKS; i++) {
		make_block((size_t)200 * 1024 + next(&state) % (900 * 1024));
		if (i % 4 == 0)
			make_native(i / 4 + (uint32_t)(uintptr_t)arg);
	}
	pthread_barrier_wait(&all_made);
	while (busy) {
		size_t size = 16 + next(&state) % (next(&state) % 20 ? 4000 : 400000);
		char *at = malloc(size);

		if (at)
			at[size - 1] = 1;
		free(at);
	}
	pause();
	return NULL;
}

int main(int argc, char **argv)
{
	pthread_t thread;
	char byte;

	for (int i = 1; i < argc; i++) {
		lookalike |= !strcmp(argv[i], "lookalike");
		busy |= !strcmp(argv[i], "busy");
		if (!strcmp(argv[i], "blocked")) {
			char *end = sbrk(0);
			char *at = mmap(end, 16 * PAGE, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

			if (at != end)
				return 1;
			touch(at, 16 * PAGE);
			say("native", at, 16 * PAGE);
		}
	}
	mallopt(M_MMAP_THRESHOLD, 128 * 1024);
	pthread_barrier_init(&all_made, NULL, THREADS + 1);
	for (unsigned i = 0; i < NATIVE; i++) {
		make_native(i);
		make_block((size_t)150 * 1024 + i * 40000);
	}
	for (unsigned i = 0; i < 6; i++)
		make_aligned((size_t)64 << (2 * i), (size_t)300 * 1024 + i * 5000);
	for (unsigned i = 0; i < 3 * SMALL_BLOCKS; i++)
		make_block(16 + i % 3000);
	for (uintptr_t i = 0; i < THREADS; i++)
		if (pthread_create(&thread, NULL, work, (void *)i))
			return 1;
	pthread_barrier_wait(&all_made);
	puts("ready");
	fflush(stdout);
	return read(0, &byte, 1) == 1 ? 0 : 0;
}
