// SPDX-License-Identifier: Apache-2.0
#include "collect/peek_names.h"

#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 14, MOST = SLOTS / 2 };

struct peek_names {
	struct arena *mem;
	struct peek_name slot[SLOTS]; // open hash
	size_t used;
};

struct peek_names *peek_names_new(struct arena *mem)
{
	struct peek_names *n = arena_new(mem, struct peek_names);

	n->mem = mem;
	return n;
}

static uint64_t hash_of(struct span text)
{
	uint64_t hash = UINT64_C(14695981039346656037);

	for (size_t i = 0; i < text.len; i++)
		hash = (hash ^ (unsigned char)text.at[i]) * UINT64_C(1099511628211);
	return hash;
}

void peek_names_count(struct peek_names *n, struct span text)
{
	size_t i = hash_of(text) % SLOTS;

	for (; n->slot[i].text; i = (i + 1) % SLOTS)
		if (strlen(n->slot[i].text) == text.len &&
		    !memcmp(n->slot[i].text, text.at, text.len)) {
			n->slot[i].count++;
			return;
		}
	if (n->used == MOST)
		return;
	n->used++;
	n->slot[i] = (struct peek_name){ arena_copy(n->mem, text.at, text.len), 1 };
}

static int by_count(const void *a, const void *b)
{
	const struct peek_name *x = a, *y = b;
	size_t p = strlen(x->text), q = strlen(y->text);

	if (x->count != y->count)
		return x->count > y->count ? -1 : 1;
	return p != q ? (p > q ? -1 : 1) : strcmp(x->text, y->text);
}

void peek_names_list(const struct peek_names *n, size_t most, struct arena *mem,
		     struct peek_name **rows, size_t *count)
{
	struct peek_name *all = arena_array(mem, struct peek_name, n->used + 1);
	size_t used = 0;

	for (size_t i = 0; i < SLOTS; i++)
		if (n->slot[i].text)
			all[used++] = n->slot[i];
	if (used)
		qsort(all, used, sizeof(*all), by_count);
	*rows = all;
	*count = used < most ? used : most;
}
