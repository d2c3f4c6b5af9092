// SPDX-License-Identifier: Apache-2.0
#include "collect/texts.h"

#include <string.h>

enum { FIRST_BUCKETS = 1024 };

static uint64_t hash_of(const char *text)
{
	uint64_t h = UINT64_C(0xcbf29ce484222325);

	for (; *text; text++)
		h = (h ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return h;
}

static void rehash(struct texts *t)
{
	t->size = t->size ? t->size * 4 : FIRST_BUCKETS;
	t->buckets = arena_array(t->mem, uint32_t, t->size);
	for (size_t i = 0; i < t->texts.count; i++) {
		size_t b = t->hashes.at[i] & (t->size - 1);

		while (t->buckets[b])
			b = (b + 1) & (t->size - 1);
		t->buckets[b] = (uint32_t)i + 1;
	}
}

uint32_t texts_number(struct texts *t, const char *text)
{
	uint64_t hash = hash_of(text);
	size_t b;

	if (t->texts.count * 2 >= t->size)
		rehash(t);
	for (b = hash & (t->size - 1); t->buckets[b]; b = (b + 1) & (t->size - 1))
		if (t->hashes.at[t->buckets[b] - 1] == hash &&
		    !strcmp(t->texts.at[t->buckets[b] - 1], text))
			return t->buckets[b] - 1;
	t->buckets[b] = (uint32_t)t->texts.count + 1;
	vec_push(t->mem, &t->texts, arena_text(t->mem, text));
	vec_push(t->mem, &t->hashes, hash);
	return (uint32_t)t->texts.count - 1;
}
