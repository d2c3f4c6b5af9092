// SPDX-License-Identifier: Apache-2.0
// Rows of the tables, pointers and links are damaged one at a time: what is then still a number must
// be the number of the undamaged VM.
#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "fakevm_heaps.h"
#include "jvm/spaces.h"

enum { MUTATIONS = 600 };

static uint64_t next(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

struct numbers {
	bool has_vm, has_spaces;
	struct hotspot vm;
	struct spaces spaces;
};

static struct numbers read_numbers(struct fakevm *fake)
{
	struct numbers n = { 0 };

	n.has_vm = hotspot_open(&fake->memory, &fake->maps, NULL, 1, &fake->mem, &n.vm, NULL);
	n.has_spaces = n.has_vm && spaces_read(&n.vm, &fake->mem, &n.spaces, NULL);
	return n;
}

static uint64_t mutate(uint64_t old, uint64_t *state)
{
	switch (next(state) % 5) {
	case 0:
		return old ^ (uint64_t)1 << next(state) % 64;
	case 1:
		return 0;
	case 2:
		return next(state);
	case 3:
		return old + 8 * (1 + next(state) % 8);
	default:
		return old - 4096 * (1 + next(state) % 16);
	}
}

// A space's top is a value that nothing else repeats: it may move between its bounds unseen.
static bool is_top(struct fakevm *fake, uint64_t at)
{
	uint64_t top = fakevm_get(fake, at);

	return at >= FAKEVM_OBJECTS + 16 && top > FAKEVM_HEAP &&
	       top <= FAKEVM_HEAP + FAKEVM_HEAP_SIZE && fakevm_get(fake, at - 16) <= top &&
	       fakevm_get(fake, at - 8) >= top && fakevm_get(fake, at - 16) >= FAKEVM_HEAP;
}

static void check_same(const struct numbers *now, const struct numbers *was, uint64_t at,
		       uint64_t word)
{
	if (!now->has_vm)
		return;
	cr_assert(now->vm.gc == was->vm.gc || now->vm.gc == GC_UNKNOWN, "gc, word 0x%lx", at);
	cr_assert(now->vm.heap_start == was->vm.heap_start || !now->vm.heap_end, "0x%lx", at);
	cr_assert(now->vm.heap_end == was->vm.heap_end || !now->vm.heap_end, "0x%lx", at);
	cr_assert(now->vm.jdk == was->vm.jdk || !now->vm.jdk, "jdk %d, word 0x%lx", now->vm.jdk,
		  at);
	if (!now->has_spaces)
		return;
	cr_assert_eq(now->spaces.committed, was->spaces.committed, "committed, word 0x%lx", at);
	cr_assert(now->spaces.used == was->spaces.used || now->spaces.used == SPACES_UNKNOWN,
		  "used %lu, word 0x%lx is 0x%lx", now->spaces.used, at, word);
}

// Mutates words of [start, end) that hold something.
static void mutate_range(struct fakevm *fake, uint64_t start, uint64_t end)
{
	struct numbers was = read_numbers(fake);
	uint64_t state = 0x9e3779b97f4a7c15u;

	cr_assert(was.has_spaces);
	for (int done = 0; done < MUTATIONS;) {
		uint64_t at = start + next(&state) % ((end - start) / 8) * 8;
		uint64_t old = fakevm_get(fake, at);
		struct numbers now;

		if (!old || is_top(fake, at))
			continue;
		fakevm_set(fake, at, mutate(old, &state));
		now = read_numbers(fake);
		check_same(&now, &was, at, fakevm_get(fake, at));
		fakevm_set(fake, at, old);
		done++;
	}
}

Test(mutations, of_serials_tables_give_the_same_numbers_or_none)
{
	struct fakevm *fake = fakevm_create();

	fakevm_add_serial(fake);
	fakevm_finish(fake);
	mutate_range(fake, fake->table_at[0], fake->table_at[0] + fake->rows[0] * 48);
	fakevm_free(fake);
}

Test(mutations, of_serials_objects_give_the_same_numbers_or_none)
{
	struct fakevm *fake = fakevm_create();

	fakevm_add_serial(fake);
	fakevm_finish(fake);
	mutate_range(fake, FAKEVM_OBJECTS, FAKEVM_OBJECTS + fake->objects_used);
	fakevm_free(fake);
}

Test(mutations, of_g1s_tables_give_the_same_numbers_or_none)
{
	struct fakevm *fake = fakevm_create();

	fakevm_add_g1(fake);
	fakevm_finish(fake);
	mutate_range(fake, fake->table_at[0], fake->table_at[0] + fake->rows[0] * 48);
	fakevm_free(fake);
}

Test(mutations, of_an_old_g1s_objects_give_the_same_numbers_or_none)
{
	struct fakevm *fake = fakevm_create();

	fakevm_add_g1_before_9(fake);
	fakevm_finish(fake);
	mutate_range(fake, FAKEVM_OBJECTS, FAKEVM_OBJECTS + fake->objects_used);
	fakevm_free(fake);
}
