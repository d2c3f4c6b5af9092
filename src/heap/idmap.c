// SPDX-License-Identifier: Apache-2.0
#include "heap/idmap.h"

#include <stdlib.h>

#include "base/fail.h"
#include "base/units.h"

enum { CHUNKS_AT_FIRST = 1024 };
enum { CHUNK_BYTES = IDMAP_BLOCKS * sizeof(struct idmap_block) };

bool idmap_init(struct idmap *m, struct bigs *from, unsigned shift, uint64_t sorted_room,
		struct fail *why)
{
	*m = (struct idmap){ .from = from, .shift = shift };
	if (sorted_room) {
		if (!big_get(from, sorted_room * sizeof(uint64_t), &m->sorted_big, why))
			return false;
		m->sorted = m->sorted_big.at;
		m->sorted_room = sorted_room;
		return true;
	}
	m->chunks = calloc(CHUNKS_AT_FIRST, sizeof(*m->chunks));
	m->mask = CHUNKS_AT_FIRST - 1;
	return m->chunks || fail(why, FAIL_OS, "no memory");
}

static bool grow(struct idmap *m)
{
	uint32_t mask = m->mask * 2 + 1;
	struct idmap_chunk *more = calloc((size_t)mask + 1, sizeof(*more));

	if (!more)
		return false;
	for (uint32_t i = 0; i <= m->mask; i++) {
		uint32_t at = idmap_hash(m->chunks[i].key) & mask;

		if (!m->chunks[i].key)
			continue;
		while (more[at].key)
			at = (at + 1) & mask;
		more[at] = m->chunks[i];
	}
	free(m->chunks);
	m->chunks = more;
	m->mask = mask;
	m->last = NULL;
	return true;
}

// A piece for the key; NULL: no memory, or not worth it for that many objects.
static struct idmap_chunk *make(struct idmap *m, uint64_t key, uint64_t expected)
{
	uint32_t i;

	if ((uint64_t)m->used * CHUNK_BYTES > MIB(64) + 16 * expected ||
	    (m->used * 2 > m->mask && !grow(m)))
		return NULL;
	i = idmap_hash(key) & m->mask;
	while (m->chunks[i].key)
		i = (i + 1) & m->mask;
	m->chunks[i].blocks = aligned_alloc(64, CHUNK_BYTES);
	if (!m->chunks[i].blocks)
		return NULL;
	__builtin_memset(m->chunks[i].blocks, 0, CHUNK_BYTES);
	m->chunks[i].key = key;
	m->used++;
	bigs_note(m->from, CHUNK_BYTES);
	return &m->chunks[i];
}

bool idmap_add_slow(struct idmap *m, uint64_t id, uint64_t expected)
{
	uint64_t key = (id >> m->shift >> IDMAP_CHUNK_BITS) + 1;

	if (m->sorted) {
		if (m->count < m->sorted_room)
			m->sorted[m->count++] = id;
		return true;
	}
	if (id >> m->shift << m->shift != id)
		return false;
	m->last = (struct idmap_chunk *)idmap_chunk_of(m, key);
	if (!m->last)
		m->last = make(m, key, expected);
	return m->last && idmap_add(m, id, expected);
}

static int by_number(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

// Notes how many bits are set before each pair of words; returns how many are before the next block.
static uint64_t seal_block(struct idmap_block *b, uint64_t before)
{
	uint32_t n = 0;

	b->before = (uint32_t)before;
	b->within = 0;
	for (unsigned w = 0; w < 7; w++) {
		if (w && w % 2 == 0)
			b->within |= n << (w / 2 - 1) * 10;
		n += idmap_count_bits(b->bits[w]);
	}
	return before + n;
}

bool idmap_seal(struct idmap *m, struct fail *why)
{
	uint64_t n = 0;

	if (m->sorted) {
		qsort(m->sorted, m->count, sizeof(*m->sorted), by_number);
		for (uint64_t i = 0; i < m->count; i++)
			if (!n || m->sorted[i] != m->sorted[n - 1])
				m->sorted[n++] = m->sorted[i];
	} else {
		for (uint32_t i = 0; i <= m->mask; i++)
			for (unsigned b = 0; m->chunks[i].key && b < IDMAP_BLOCKS; b++) {
				n = seal_block(&m->chunks[i].blocks[b], n);
			}
	}
	m->count = n;
	return n < UINT32_MAX - 2 ||
	       fail(why, FAIL_CORRUPT, "the dump has more than 4.29 billion objects");
}

uint32_t idmap_find_sorted(const struct idmap *m, uint64_t id)
{
	uint64_t low = 0, high = m->count;

	while (low < high) {
		uint64_t middle = low + (high - low) / 2;

		if (m->sorted[middle] < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low < m->count && m->sorted[low] == id ? (uint32_t)low : IDMAP_NONE;
}

uint64_t idmap_next(const struct idmap *m, uint64_t id)
{
	uint64_t place = (id >> m->shift) + 1;
	const struct idmap_chunk *c;
	uint32_t bit = place & ((1u << IDMAP_CHUNK_BITS) - 1);

	if (m->sorted) {
		uint32_t i = idmap_find_sorted(m, id);

		return i != IDMAP_NONE && i + 1 < m->count ? m->sorted[i + 1] : 0;
	}
	c = idmap_chunk_of(m, (place >> IDMAP_CHUNK_BITS) + 1);
	if (!c || !bit)
		return 0;
	for (uint32_t at = bit; at < 1u << IDMAP_CHUNK_BITS;) {
		uint32_t in = at % IDMAP_BLOCK_BITS;
		uint64_t word = c->blocks[at / IDMAP_BLOCK_BITS].bits[in >> 6] >> (in & 63);

		if (word)
			return ((place >> IDMAP_CHUNK_BITS << IDMAP_CHUNK_BITS) + at +
				(uint32_t)__builtin_ctzll(word))
			       << m->shift;
		at += 64 - (in & 63);
	}
	return 0;
}

void idmap_drop(struct idmap *m)
{
	for (uint32_t i = 0; m->chunks && i <= m->mask; i++)
		if (m->chunks[i].key)
			free(m->chunks[i].blocks);
	free(m->chunks);
	big_drop(&m->sorted_big);
	*m = (struct idmap){ 0 };
}
