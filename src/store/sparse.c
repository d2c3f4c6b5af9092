// SPDX-License-Identifier: Apache-2.0
#include "store/sparse.h"

#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

#include "base/fail.h"
#include "store/image.h"

enum { CELL = 256, FIRST_BITS = 10 };

struct sparse_cell {
	uint64_t start; // a multiple of CELL
	uint64_t has[CELL / 64];
	unsigned char bytes[CELL];
};

void sparse_init(struct sparse *s, struct arena *mem)
{
	const void *random = (const void *)getauxval(AT_RANDOM); // 16 bytes from the kernel

	*s = (struct sparse){
		.mem = mem,
		.room = (size_t)1 << FIRST_BITS,
		.shift = 64 - FIRST_BITS,
		.factor = 0x9e3779b97f4a7c15u,
	};
	if (random)
		memcpy(&s->factor, random, sizeof(s->factor));
	s->factor |= 1;
	s->table = arena_array(mem, struct sparse_cell *, s->room);
}

static struct sparse_cell **slot_of(const struct sparse *s, uint64_t start)
{
	size_t mask = s->room - 1;
	size_t i = (size_t)(((start / CELL) * s->factor) >> s->shift);

	while (s->table[i] && s->table[i]->start != start)
		i = (i + 1) & mask;
	return &s->table[i];
}

static void grow(struct sparse *s)
{
	struct sparse_cell **old = s->table;
	size_t room = s->room;

	s->room *= 2;
	s->shift--;
	s->table = arena_array(s->mem, struct sparse_cell *, s->room);
	for (size_t i = 0; i < room; i++)
		if (old[i])
			*slot_of(s, old[i]->start) = old[i];
}

static struct sparse_cell *cell_of(struct sparse *s, uint64_t start)
{
	struct sparse_cell **slot = slot_of(s, start);

	if (!*slot) {
		if (s->count++ * 2 >= s->room) {
			grow(s);
			slot = slot_of(s, start);
		}
		*slot = arena_new(s->mem, struct sparse_cell);
		(*slot)->start = start;
	}
	return *slot;
}

static void mark(struct sparse_cell *cell, size_t from, size_t len)
{
	for (size_t i = from; i < from + len; i++)
		cell->has[i / 64] |= (uint64_t)1 << (i % 64);
}

void sparse_put(struct sparse *s, uint64_t at, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;

	while (len) {
		size_t offset = (size_t)(at % CELL), n = CELL - offset;
		struct sparse_cell *cell = cell_of(s, at - offset);

		if (n > len)
			n = len;
		memcpy(cell->bytes + offset, from, n);
		mark(cell, offset, n);
		at += n;
		from += n;
		len -= n;
	}
}

void sparse_add(struct sparse *s, uint64_t at, const void *bytes, size_t len)
{
	const unsigned char *from = bytes;

	for (size_t i = 0; i < len; i++, at++) {
		size_t offset = (size_t)(at % CELL);
		struct sparse_cell *cell = cell_of(s, at - offset);

		if (cell->has[offset / 64] >> (offset % 64) & 1)
			continue;
		cell->bytes[offset] = from[i];
		mark(cell, offset, 1);
	}
}

void sparse_fail(struct sparse *s, uint64_t at, size_t len, const struct fail *why)
{
	struct fail *copy = arena_new(s->mem, struct fail);

	*copy = *why;
	vec_push(s->mem, &s->failures,
		 (struct sparse_failure){ at, at + len, s->failures.count, copy });
}

static int by_start(const void *left, const void *right)
{
	const struct sparse_cell *a = *(struct sparse_cell *const *)left;
	const struct sparse_cell *b = *(struct sparse_cell *const *)right;

	return a->start < b->start ? -1 : a->start > b->start;
}

static bool has(const struct sparse_cell *cell, size_t i)
{
	return cell->has[i / 64] >> (i % 64) & 1;
}

static void pack_cell(const struct sparse_cell *cell, struct arena *mem, char *bytes, size_t *used,
		      struct image *out)
{
	for (size_t i = 0; i < CELL;) {
		struct image_run *last =
			out->runs.count ? &out->runs.at[out->runs.count - 1] : NULL;
		size_t from = i;

		while (i < CELL && has(cell, i))
			i++;
		if (i == from) {
			i++;
			continue;
		}
		memcpy(bytes + *used, cell->bytes + from, i - from);
		if (last && last->start + last->len == cell->start + from)
			last->len += i - from;
		else
			vec_push(mem, &out->runs,
				 (struct image_run){ cell->start + from, i - from, *used });
		*used += i - from;
	}
}

static int by_range(const void *left, const void *right)
{
	const struct sparse_failure *a = left, *b = right;

	if (a->start != b->start)
		return a->start < b->start ? -1 : 1;
	if (a->end != b->end)
		return a->end < b->end ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

// One hole a range: the latest failure is what counts.
static void pack_failures(const struct sparse *s, struct arena *mem, struct image *out)
{
	size_t count = s->failures.count;
	struct sparse_failure *sorted = arena_array(mem, struct sparse_failure, count);

	if (!count)
		return;
	memcpy(sorted, s->failures.at, count * sizeof(*sorted));
	qsort(sorted, count, sizeof(*sorted), by_range);
	for (size_t i = 0; i < count; i++) {
		if (i + 1 < count && sorted[i].start == sorted[i + 1].start &&
		    sorted[i].end == sorted[i + 1].end)
			continue;
		vec_push(mem, &out->holes,
			 (struct image_hole){ sorted[i].start, sorted[i].end, sorted[i].why->kind,
					      sorted[i].why->os_errno,
					      arena_text(mem, sorted[i].why->text) });
	}
}

void sparse_pack(const struct sparse *s, struct arena *mem, struct image *out)
{
	struct sparse_cell **sorted = arena_array(mem, struct sparse_cell *, s->count + 1);
	size_t count = 0, used = 0;
	char *bytes = arena_get_array(mem, s->count + 1, CELL);

	*out = (struct image){ 0 };
	for (size_t i = 0; i < s->room; i++)
		if (s->table[i])
			sorted[count++] = s->table[i];
	// NOLINTNEXTLINE(bugprone-sizeof-expression): a table of pointers
	qsort(sorted, count, sizeof(*sorted), by_start);
	for (size_t i = 0; i < count; i++)
		pack_cell(sorted[i], mem, bytes, &used, out);
	out->bytes = (struct span){ bytes, used };
	pack_failures(s, mem, out);
}
