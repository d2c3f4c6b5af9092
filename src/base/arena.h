// SPDX-License-Identifier: Apache-2.0
// Allocation by lifetime: what is needed together is given back together, by arena_drop().
//
// There are three lifetimes (session, snapshot, frame), and who owns one hands its arena down; a
// function without an arena parameter lends what it returns.  No piece is ever freed alone, and
// none is ever refused: without memory the process says so and ends.  A zeroed struct arena is an
// empty one.

#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>

struct arena_block;
struct arena {
	struct arena_block *last;
};

void *arena_get(struct arena *mem, size_t size);                     // zeroed, aligned for any type
void *arena_get_array(struct arena *mem, size_t count, size_t size); // the same; ends on overflow
#define arena_new(mem, type)          ((type *)arena_get((mem), sizeof(type)))
#define arena_array(mem, type, count) ((type *)arena_get_array((mem), (count), sizeof(type)))
void arena_drop(struct arena *mem); // gives all of it back; the arena is empty then, and usable

char *arena_copy(struct arena *mem, const char *bytes, size_t len); // `len` bytes and a NUL
char *arena_text(struct arena *mem, const char *text);              // of a C string
__attribute__((format(printf, 2, 3))) char *arena_format(struct arena *mem, const char *format,
							 ...);
__attribute__((format(printf, 2, 0))) char *arena_format_list(struct arena *mem, const char *format,
							      va_list arguments);

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
// For vec_push(): a larger copy of `count` elements of `size` bytes; `*room` becomes its length.
void *arena_grow(struct arena *mem, void *old, size_t count, size_t *room, size_t size);

#endif
