// SPDX-License-Identifier: Apache-2.0
#include "jvm/pthreads.h"

#include <inttypes.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/addresses.h"
#include "parse/maps.h"

enum {
	RECORD = 2048, // bytes of a descriptor that are looked at
	WORDS = RECORD / 8,
	FIRST = 64,      // the thread control block's head is skipped
	ASKED = 12,      // threads that vote
	SELF_AGAIN = 16, // the descriptor's address stands in it twice
	LIST_LIMIT = 1 << 17,
	GUARD_LIMIT = 16 << 20,
	TRIES = 3,
	// Behind the list of used stacks stand, since glibc 2.34, that of the program's own stacks
	// and that of kept ones.
	CACHE_BEHIND_USED = 32,
};

struct shape { // offsets in struct pthread
	uint64_t tid, block, list;
};

struct record {
	uint64_t words[WORDS];
};

static uint32_t half(const struct record *r, uint64_t offset)
{
	uint32_t v;

	memcpy(&v, (const char *)r->words + offset, sizeof(v));
	return v;
}

static bool is_node(uint64_t at)
{
	return at >= 4096 && at < UINT64_C(1) << 47 && at % 8 == 0;
}

// {stackblock, stackblock_size, guardsize} at word `i` describe the seed's stack.
static bool is_block(const struct record *r, size_t i, const struct pthread_seed *s)
{
	uint64_t block = r->words[i], size = r->words[i + 1], guard = r->words[i + 2];

	return block && block % 4096 == 0 && guard <= GUARD_LIMIT && guard % 4096 == 0 &&
	       block < s->stack_end && size == s->stack_end - block && s->stack_start >= block &&
	       s->stack_start - block <= guard + 65536;
}

// {next, prev} at word `i` are a link of a circle.
static bool is_link(const struct memory *memory, const struct record *r, size_t i, uint64_t at)
{
	uint64_t next = r->words[i], before = r->words[i + 1], back, forth;

	return is_node(next) && is_node(before) && next != at + 8 * i &&
	       memory_read_u64(memory, next + 8, &back, NULL) && back == at + 8 * i &&
	       memory_read_u64(memory, before, &forth, NULL) && forth == at + 8 * i;
}

struct votes {
	unsigned tid[RECORD / 4], block[WORDS], list[WORDS], asked;
};

static void vote(const struct memory *memory, const struct pthread_seed *s, struct votes *v)
{
	struct record r;

	if (!is_node(s->pthread_at) || !memory_read(memory, s->pthread_at, &r, sizeof(r), NULL) ||
	    r.words[0] != s->pthread_at || r.words[SELF_AGAIN / 8] != s->pthread_at)
		return;
	v->asked++;
	for (size_t o = FIRST; o < RECORD; o += 4)
		v->tid[o / 4] += half(&r, o) == s->tid;
	for (size_t i = FIRST / 8; i + 2 < WORDS; i++)
		v->block[i] += is_block(&r, i, s);
	for (size_t i = FIRST / 8; i + 1 < WORDS; i++)
		v->list[i] += is_link(memory, &r, i, s->pthread_at);
}

bool pthreads_elect(const unsigned *votes, size_t count, unsigned asked, size_t *out)
{
	size_t best = 0;

	for (size_t i = 1; i < count; i++)
		if (votes[i] > votes[best])
			best = i;
	*out = best;
	return asked >= 2 && votes[best] * 10 >= asked * 8;
}

static bool calibrate(const struct memory *memory, const struct pthread_seed *seeds, size_t count,
		      struct arena *mem, struct shape *out, struct fail *why)
{
	struct votes *v = arena_new(mem, struct votes);
	size_t tid, block, list;

	for (size_t i = 0; i < count && v->asked < ASKED; i++)
		vote(memory, &seeds[i], v);
	if (!pthreads_elect(v->tid, RECORD / 4, v->asked, &tid) ||
	    !pthreads_elect(v->block, WORDS, v->asked, &block) ||
	    !pthreads_elect(v->list, WORDS, v->asked, &list))
		return fail(why, FAIL_ABSENT,
			    "layout unknown: thread descriptors of this libc (%u seen)", v->asked);
	*out = (struct shape){ tid * 4, block * 8, list * 8 };
	return true;
}

// A descriptor lies in its own stack block; one without a block is the first thread's.  A `*newborn`
// stays out of the lists.
static bool read_row(const struct memory *memory, const struct maps *maps,
		     const struct shape *shape, uint64_t at, struct pthread_row *out, bool *newborn)
{
	struct record r;
	uint64_t block, size, guard;

	if (!is_node(at) || !memory_read(memory, at, &r, sizeof(r), NULL) || r.words[0] != at ||
	    r.words[SELF_AGAIN / 8] != at)
		return false;
	block = r.words[shape->block / 8];
	size = r.words[shape->block / 8 + 1];
	guard = r.words[shape->block / 8 + 2];
	if (!block || block % 4096 || at < block || size > UINT64_C(1) << 36 ||
	    at - block >= size || guard > GUARD_LIMIT || guard % 4096 || guard >= size)
		return false;
	// A thread that was started after the maps were read stands on a stack that they don't have.
	*newborn = !maps_find(maps, block + size - 1) && !maps_find(maps, at);
	if (!*newborn && !maps_find(maps, block + size - 1))
		return false;
	*out = (struct pthread_row){ .pthread_at = at,
				     .tid = half(&r, shape->tid),
				     .stack_start = block + guard,
				     .stack_end = block + size,
				     .top = block + size,
				     .guard = guard };
	if (out->tid >> 31) // a negative id marks the end
		out->tid = 0;
	return true;
}

struct reader {
	const struct memory *memory;
	const struct maps *maps;
	struct arena *mem;
	struct shape shape;
	struct pthreads *out;
};

// Goes round a circle from the link at `start`.  All but one link must be descriptors; that one,
// the list's head, is returned.  With `start_is_head` all links behind it must be.
static bool walk(const struct reader *r, uint64_t start, bool start_is_head, bool cached,
		 uint64_t *head)
{
	size_t first = r->out->rows.count;
	uint64_t at = start, found = start_is_head ? start : 0;
	unsigned steps = 0;

	do {
		uint64_t link[2], back;
		struct pthread_row row;
		bool newborn;

		if (!is_node(at) || ++steps > LIST_LIMIT ||
		    !memory_read(r->memory, at, link, sizeof(link), NULL) || !is_node(link[0]) ||
		    !memory_read_u64(r->memory, link[0] + 8, &back, NULL) || back != at)
			goto bad;
		if (at != found &&
		    read_row(r->memory, r->maps, &r->shape, at - r->shape.list, &row, &newborn)) {
			row.cached = cached;
			if (!newborn)
				vec_push(r->mem, &r->out->rows, row);
		} else if (at != found && found) {
			goto bad;
		} else {
			found = at;
		}
		at = link[0];
	} while (at != start);
	if (!found)
		goto bad;
	*head = found;
	return true;
bad:
	r->out->rows.count = first;
	return false;
}

bool pthreads_read(const struct memory *memory, const struct maps *maps,
		   const struct pthread_seed *seeds, size_t count, struct arena *mem,
		   struct pthreads *out, struct fail *why)
{
	struct pthreads p = { 0 };
	struct reader r = { .memory = memory, .maps = maps, .mem = mem, .out = &p };

	if (!calibrate(memory, seeds, count, mem, &r.shape, why))
		return false;
	for (int try = 0; try < TRIES; try++) {
		if (try)
			memory_forget(memory);
		for (size_t i = 0; i < count; i++) {
			uint64_t head, cache;
			size_t used;

			p.rows.count = 0;
			if (!walk(&r, seeds[i].pthread_at + r.shape.list, false, false, &head))
				continue; // it may have ended meanwhile
			used = p.rows.count;
			p.cache_known = walk(&r, head + CACHE_BEHIND_USED, true, true, &cache);
			for (size_t k = used; k < p.rows.count; k++)
				p.rows.at[k].tid = 0;
			*out = p;
			return true;
		}
	}
	return fail(why, FAIL_CORRUPT, "glibc's list of threads changed while it was read");
}
