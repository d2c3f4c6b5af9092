// SPDX-License-Identifier: Apache-2.0
// Memory that dies together.
//
// An arena hands out memory that is never freed piece by piece; arena_drop() ends all of it.
// Three lifetimes exist (session, snapshot, frame), each an arena handed down; a function without
// an arena parameter lends.  Allocation never fails: the process reports and exits.

#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stddef.h>

struct arena {
	struct arena_block *last;
};

void *arena_get(struct arena *mem, size_t size); // zeroed, aligned for any type
char *arena_copy(struct arena *mem, const char *bytes, size_t len); // adds a NUL
char *arena_text(struct arena *mem, const char *text);              // a copy of a C string
__attribute__((format(printf, 2, 3))) char *arena_format(struct arena *mem, const char *format, ...);
void arena_drop(struct arena *mem); // leaves it empty and usable

#define arena_new(mem, type)          ((type *)arena_get((mem), sizeof(type)))
#define arena_array(mem, type, count) ((type *)arena_get_array((mem), (count), sizeof(type)))
void *arena_get_array(struct arena *mem, size_t count, size_t size); // exits on overflow

// A growing array in an arena.  Declare `struct { TYPE *at; size_t count, room; }` (or a named
// struct with these three members) and push to it; growing copies, so pointers into `at` do not
// outlive the next push.
#define VEC(type)                                                                                  \
	struct {                                                                                   \
		type *at;                                                                          \
		size_t count, room;                                                                \
	}
#define vec_push(mem, vec, ...)                                                                    \
	do {                                                                                       \
		if ((vec)->count == (vec)->room)                                                   \
			(vec)->at = arena_grow((mem), (vec)->at, (vec)->count, &(vec)->room,       \
					       sizeof(*(vec)->at));                                \
		(vec)->at[(vec)->count++] = (__VA_ARGS__);                                         \
	} while (0)
void *arena_grow(struct arena *mem, void *old, size_t count, size_t *room, size_t size);

#endif
