// SPDX-License-Identifier: Apache-2.0
// musl's list of threads: a circle without a head, and a stack with the descriptor, thread-local storage
// and keys above it in one mapping.
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/pthreads.h"
#include "parse/maps.h"

enum {
	WORDS = 32,       // of a descriptor that are looked at
	FIRST_BLOCK = 4,  // behind its address, dtv and links
	FIRST_TID = 32,   // in bytes
	LINKS_WITHIN = 6, // words in which the links stand
	ASKED = 12,       // threads that vote
	LIST_LIMIT = 1 << 17,
	GUARD_LIMIT = 16 << 20,
	TRIES = 3,
};

// {map_base, map_size, stack, stack_size, guard_size} stand in a row, {prev, next} as well.
struct shape {
	size_t tid;         // in halves of words
	size_t block, link; // in words
};

struct record {
	uint64_t words[WORDS];
};

static bool read_record(const struct memory *memory, uint64_t at, struct record *r)
{
	return at >= 4096 && at < UINT64_C(1) << 47 && at % 8 == 0 &&
	       memory_read(memory, at, r, sizeof(*r), NULL) && r->words[0] == at;
}

static uint32_t half(const struct record *r, size_t i)
{
	uint32_t v;

	memcpy(&v, (const char *)r->words + 4 * i, sizeof(v));
	return v;
}

// Five words that hang together: the stack ends where it began less its size, behind the guard.
static bool is_block(const struct record *r, size_t i, uint64_t at)
{
	uint64_t base = r->words[i], size = r->words[i + 1], top = r->words[i + 2];
	uint64_t stack = r->words[i + 3], guard = r->words[i + 4];

	return base && base % 4096 == 0 && size % 4096 == 0 && size < UINT64_C(1) << 36 &&
	       guard % 4096 == 0 && guard <= GUARD_LIMIT && guard < size && at > base &&
	       at - base < size && top > base && top - base <= size && stack < size &&
	       top - stack == base + guard;
}

static bool is_link(const struct memory *memory, const struct record *r, size_t i, uint64_t at)
{
	struct record previous, next;

	return r->words[i] != at && read_record(memory, r->words[i], &previous) &&
	       read_record(memory, r->words[i + 1], &next) && previous.words[i + 1] == at &&
	       next.words[i] == at;
}

struct votes {
	unsigned tid[2 * WORDS], block[WORDS], link[WORDS], asked;
};

static void vote(const struct memory *memory, const struct pthread_seed *s, struct votes *v)
{
	struct record r;

	if (!read_record(memory, s->pthread_at, &r))
		return;
	v->asked++;
	for (size_t i = FIRST_TID / 4; i < 2 * WORDS; i++)
		v->tid[i] += half(&r, i) == s->tid;
	for (size_t i = FIRST_BLOCK; i + 4 < WORDS; i++)
		v->block[i] += is_block(&r, i, s->pthread_at) && r.words[i + 2] == s->stack_end;
	for (size_t i = 1; i < LINKS_WITHIN; i++)
		v->link[i] += is_link(memory, &r, i, s->pthread_at);
}

static bool calibrate(const struct memory *memory, const struct pthread_seed *seeds, size_t count,
		      struct shape *out, struct fail *why)
{
	struct votes v = { 0 };

	for (size_t i = 0; i < count && v.asked < ASKED; i++)
		vote(memory, &seeds[i], &v);
	return (pthreads_elect(v.tid, 2 * WORDS, v.asked, &out->tid) &&
		pthreads_elect(v.block, WORDS, v.asked, &out->block) &&
		pthreads_elect(v.link, WORDS, v.asked, &out->link)) ||
	       fail(why, FAIL_ABSENT, "layout unknown: thread descriptors of this libc (%u seen)",
		    v.asked);
}

// The first thread's stack is the kernel's: it has no block.  False: no descriptor.
static bool take(const struct maps *maps, struct arena *mem, const struct shape *shape,
		 const struct record *r, struct pthreads *out)
{
	const uint64_t *w = r->words + shape->block;

	if (!w[0] && !w[1])
		return true;
	if (!is_block(r, shape->block, r->words[0]))
		return false;
	if (maps_find(maps, w[0] + w[1] - 1)) // else it is newer than the maps
		vec_push(mem, &out->rows,
			 (struct pthread_row){ .pthread_at = r->words[0],
					       .tid = half(r, shape->tid),
					       .stack_start = w[0] + w[4],
					       .stack_end = w[0] + w[1],
					       .top = w[2],
					       .guard = w[4] });
	return true;
}

static bool walk(const struct memory *memory, const struct maps *maps, const struct shape *shape,
		 uint64_t start, struct arena *mem, struct pthreads *out)
{
	uint64_t at = start, before = 0, last = 0; // of the circle, as the first says
	struct record r;

	out->rows.count = 0;
	for (unsigned steps = 0; steps < LIST_LIMIT; steps++) {
		if (!read_record(memory, at, &r) || (before && r.words[shape->link] != before) ||
		    !take(maps, mem, shape, &r, out))
			return false;
		if (!before)
			last = r.words[shape->link];
		before = at;
		at = r.words[shape->link + 1];
		if (at == start)
			return before == last;
	}
	return false;
}

bool pthreads_read_musl(const struct memory *memory, const struct maps *maps,
			const struct pthread_seed *seeds, size_t count, struct arena *mem,
			struct pthreads *out, struct fail *why)
{
	struct pthreads p = { .cache_known = true }; // an ended thread's stack is unmapped at once
	struct shape shape;

	if (!calibrate(memory, seeds, count, &shape, why))
		return false;
	for (int try = 0; try < TRIES; try++) {
		if (try)
			memory_forget(memory);
		for (size_t i = 0; i < count; i++)
			if (walk(memory, maps, &shape, seeds[i].pthread_at, mem, &p)) {
				*out = p;
				return true;
			}
	}
	return fail(why, FAIL_CORRUPT, "musl's list of threads changed while it was read");
}
