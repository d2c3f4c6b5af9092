// SPDX-License-Identifier: Apache-2.0
// Object ids to numbers 0, 1, 2 ...: a bit for each place where an object may begin, and counts.
//
// Ids are addresses that lie close together, so a bitmap of the touched 2 MB pieces takes less than a
// byte an object, and one cache line answers a question.  Ids that are no addresses (serial numbers)
// get a bit for each number; ids that lie too far apart for any bitmap are sorted and searched.
//
// Life: idmap_init(), idmap_add() of every id (twice is once), idmap_seal(), questions, idmap_drop().

#ifndef HEAP_IDMAP_H
#define HEAP_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/big.h"

#define IDMAP_NONE UINT32_MAX // no number
enum { IDMAP_CHUNK_BITS = 18, IDMAP_BLOCK_BITS = 448 };
enum { IDMAP_BLOCKS = ((1 << IDMAP_CHUNK_BITS) + IDMAP_BLOCK_BITS - 1) / IDMAP_BLOCK_BITS };

// A cache line.
struct idmap_block {
	uint32_t before; // numbers given before it
	uint32_t within; // bits in the first 2, 4 and 6 words, 10 bits each
	uint64_t bits[7];
};

struct idmap_chunk {
	uint64_t key; // id >> (shift + IDMAP_CHUNK_BITS), plus 1; 0: free
	struct idmap_block *blocks;
};

struct idmap {
	struct bigs *from;
	unsigned shift;             // log2 of the ids' granule
	struct idmap_chunk *chunks; // a hash table
	uint32_t mask, used;
	struct idmap_chunk *last;
	uint64_t count;   // distinct ids, once sealed
	uint64_t *sorted; // the other way; `chunks` is NULL then
	uint64_t sorted_room;
	struct big sorted_big;
};

// `shift` 3: ids are multiples of 8.  `sorted_room`: not 0 for the way that sorts, the ids at most.
bool idmap_init(struct idmap *m, struct bigs *from, unsigned shift, uint64_t sorted_room,
		struct fail *why);
// False: the id is no multiple of the granule, or the pieces are too sparse for `expected` objects; the
// caller begins again another way.
bool idmap_add_slow(struct idmap *m, uint64_t id, uint64_t expected);
bool idmap_seal(struct idmap *m, struct fail *why); // CORRUPT: more than 4 G objects
uint32_t idmap_find_sorted(const struct idmap *m, uint64_t id);
// The smallest id above this one in the same piece, 0 where none is.
uint64_t idmap_next(const struct idmap *m, uint64_t id);
void idmap_drop(struct idmap *m);

static inline uint32_t idmap_hash(uint64_t key)
{
	return (uint32_t)((key * UINT64_C(0x9e3779b97f4a7c15)) >> 40);
}

static inline const struct idmap_chunk *idmap_chunk_of(const struct idmap *m, uint64_t key)
{
	uint32_t i = idmap_hash(key) & m->mask;

	while (m->chunks[i].key != key) {
		if (!m->chunks[i].key)
			return NULL;
		i = (i + 1) & m->mask;
	}
	return &m->chunks[i];
}

static inline bool idmap_add(struct idmap *m, uint64_t id, uint64_t expected)
{
	uint64_t place = id >> m->shift;
	uint32_t bit = place & ((1u << IDMAP_CHUNK_BITS) - 1);

	if (!m->last || m->last->key != (place >> IDMAP_CHUNK_BITS) + 1 || id != place << m->shift)
		return idmap_add_slow(m, id, expected);
	m->last->blocks[bit / IDMAP_BLOCK_BITS].bits[bit % IDMAP_BLOCK_BITS >> 6] |=
		UINT64_C(1) << (bit % IDMAP_BLOCK_BITS & 63);
	return true;
}

// The cache line that answers for the id; NULL: no object is near.
static inline const struct idmap_block *idmap_block_of(const struct idmap *m, uint64_t id,
						       uint32_t *bit)
{
	uint64_t place = id >> m->shift;
	const struct idmap_chunk *c;
	uint32_t in;

	if (id != place << m->shift)
		return NULL;
	c = idmap_chunk_of(m, (place >> IDMAP_CHUNK_BITS) + 1);
	if (!c)
		return NULL;
	in = place & ((1u << IDMAP_CHUNK_BITS) - 1);
	*bit = in % IDMAP_BLOCK_BITS;
	return &c->blocks[in / IDMAP_BLOCK_BITS];
}

// Inline, where a processor's own instruction can't be taken for granted.
static inline uint32_t idmap_count_bits(uint64_t v)
{
	v -= v >> 1 & UINT64_C(0x5555555555555555);
	v = (v & UINT64_C(0x3333333333333333)) + (v >> 2 & UINT64_C(0x3333333333333333));
	v = (v + (v >> 4)) & UINT64_C(0x0f0f0f0f0f0f0f0f);
	return (uint32_t)(v * UINT64_C(0x0101010101010101) >> 56);
}

static inline uint32_t idmap_rank(const struct idmap_block *b, uint32_t bit)
{
	uint32_t word = bit >> 6, n = b->before;
	uint64_t one = UINT64_C(1) << (bit & 63);

	if (!(b->bits[word] & one))
		return IDMAP_NONE;
	if (word >= 2)
		n += b->within >> (word / 2 - 1) * 10 & 1023;
	if (word & 1)
		n += idmap_count_bits(b->bits[word - 1]);
	return n + idmap_count_bits(b->bits[word] & (one - 1));
}

// The number of an id; IDMAP_NONE: no such object.
static inline uint32_t idmap_find(const struct idmap *m, uint64_t id)
{
	const struct idmap_block *b;
	uint32_t bit;

	if (m->sorted)
		return idmap_find_sorted(m, id);
	b = idmap_block_of(m, id, &bit);
	return b ? idmap_rank(b, bit) : IDMAP_NONE;
}

#endif
