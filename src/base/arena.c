// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024 };

struct arena_block {
	struct arena_block *before;
	size_t used, size;
	_Alignas(max_align_t) char bytes[];
};

static void out_of_memory(void)
{
	fprintf(stderr, "jledger: out of memory\n");
	exit(3);
}

void *arena_get(struct arena *mem, size_t size)
{
	struct arena_block *b = mem->last;

	if (size > SIZE_MAX / 2)
		out_of_memory();
	size = (size + 15) & ~(size_t)15;
	if (!b || b->size - b->used < size) {
		size_t room = size > BLOCK_SIZE ? size : BLOCK_SIZE;

		b = calloc(1, sizeof(*b) + room);
		if (!b)
			out_of_memory();
		b->size = room;
		// A block of its own for a big piece leaves the open block open.
		if (size > BLOCK_SIZE / 2 && mem->last) {
			b->before = mem->last->before;
			mem->last->before = b;
		} else {
			b->before = mem->last;
			mem->last = b;
		}
	}
	b->used += size;
	return b->bytes + b->used - size;
}

void *arena_get_array(struct arena *mem, size_t count, size_t size)
{
	if (size && count > SIZE_MAX / 2 / size)
		out_of_memory();
	return arena_get(mem, count * size);
}

void *arena_grow(struct arena *mem, void *old, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : 8;
	void *now = arena_get_array(mem, more, size);

	if (count)
		memcpy(now, old, count * size);
	*room = more;
	return now;
}

char *arena_copy(struct arena *mem, const char *bytes, size_t len)
{
	char *to = arena_get(mem, len + 1);

	if (len)
		memcpy(to, bytes, len);
	return to;
}

char *arena_text(struct arena *mem, const char *text)
{
	return arena_copy(mem, text, strlen(text));
}

char *arena_format(struct arena *mem, const char *format, ...)
{
	va_list ap, again;
	char *to;
	int n;

	va_start(ap, format);
	va_copy(again, ap);
	n = vsnprintf(NULL, 0, format, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	to = arena_get(mem, (size_t)n + 1);
	vsnprintf(to, (size_t)n + 1, format, again);
	va_end(again);
	return to;
}

void arena_drop(struct arena *mem)
{
	while (mem->last) {
		struct arena_block *b = mem->last;

		mem->last = b->before;
		free(b);
	}
}
