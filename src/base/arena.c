// SPDX-License-Identifier: Apache-2.0
#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	USUAL = 64 << 10,  // bytes of a block
	LARGE = USUAL / 2, // a piece that gets a block of its own
	ALIGNMENT = 16,
	FIRST_ELEMENTS = 8,
};

struct arena_block {
	struct arena_block *older;
	size_t used, size;
	_Alignas(ALIGNMENT) char bytes[];
};

static void end_without_memory(void)
{
	fprintf(stderr, "jledger: out of memory\n");
	exit(3);
}

static struct arena_block *new_block(size_t size, struct arena_block *older)
{
	struct arena_block *b = calloc(1, sizeof(*b) + size);

	if (!b)
		end_without_memory();
	b->older = older;
	b->size = size;
	return b;
}

// The block that has room for `size` bytes.
static struct arena_block *block_for(struct arena *mem, size_t size)
{
	struct arena_block *last = mem->last;

	if (last && last->size - last->used >= size)
		return last;
	// What is large goes behind the open block, which stays open for small pieces.
	if (last && size > LARGE)
		return last->older = new_block(size, last->older);
	return mem->last = new_block(size > USUAL ? size : USUAL, last);
}

void *arena_get(struct arena *mem, size_t size)
{
	struct arena_block *b;
	void *piece;

	if (size > SIZE_MAX / 2)
		end_without_memory();
	size = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	b = block_for(mem, size);
	piece = b->bytes + b->used;
	b->used += size;
	return piece;
}

void *arena_get_array(struct arena *mem, size_t count, size_t size)
{
	size_t bytes;

	if (__builtin_mul_overflow(count, size, &bytes))
		end_without_memory();
	return arena_get(mem, bytes);
}

void *arena_grow(struct arena *mem, void *old, size_t count, size_t *room, size_t size)
{
	size_t more = *room ? *room * 2 : FIRST_ELEMENTS;
	void *now = arena_get_array(mem, more, size);

	if (count)
		memcpy(now, old, count * size);
	*room = more;
	return now;
}

void arena_drop(struct arena *mem)
{
	struct arena_block *b = mem->last, *older;

	for (; b; b = older) {
		older = b->older;
		free(b);
	}
	mem->last = NULL;
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

char *arena_format_list(struct arena *mem, const char *format, va_list arguments)
{
	va_list again;
	size_t room;
	char *to;
	int len;

	va_copy(again, arguments);
	len = vsnprintf(NULL, 0, format, again);
	va_end(again);
	room = len > 0 ? (size_t)len + 1 : 1;
	to = arena_get(mem, room);
	vsnprintf(to, room, format, arguments);
	return to;
}

char *arena_format(struct arena *mem, const char *format, ...)
{
	va_list arguments;
	char *to;

	va_start(arguments, format);
	to = arena_format_list(mem, format, arguments);
	va_end(arguments);
	return to;
}
