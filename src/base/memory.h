// SPDX-License-Identifier: Apache-2.0
// The second seam of a capture: the target's memory as segments with a read callback.
//
// A live process, a capture, a heap dump and a test's buffer are the same thing to every reader:
// address ranges, each with a source that can fill a buffer.  A later segment covers an earlier one
// where they overlap.  Readers ask for exactly the bytes they use (a recorder keeps just those);
// sources may read ahead and cache, and memory_forget() drops what they cached, so that a torn
// structure can be read anew.  Byte order is the target's, which is the host's (little-endian).

#ifndef BASE_MEMORY_H
#define BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;

struct memory_source {
	// Fills all of [at, at + len) or fails: ABSENT (not mapped, not present or not in the
	// capture), DENIED, GONE.  Never asked for bytes outside its segment.
	bool (*read)(void *self, uint64_t at, void *to, size_t len, struct fail *why);
	void (*prefetch)(void *self, uint64_t start, uint64_t end); // a hint; may be NULL
	void (*forget)(void *self);                                 // may be NULL
};

struct memory_segment {
	uint64_t start, end; // end is exclusive
	const struct memory_source *source;
	void *self;
};

struct memory {
	struct memory_segment *segments; // sorted, without overlap
	size_t count, room;
	struct arena *mem;
};

enum { MEMORY_TEXT_LIMIT = 4096 }; // longest C string that memory_read_text() takes

void memory_init(struct memory *m, struct arena *mem); // `mem` holds the segment table
void memory_add_segment(struct memory *m, uint64_t start, uint64_t end,
			const struct memory_source *source, void *self);

// FAIL_ABSENT for an address that no segment covers; a read may span segments.
bool memory_read(const struct memory *m, uint64_t at, void *to, size_t len, struct fail *why);
bool memory_read_u8(const struct memory *m, uint64_t at, uint8_t *to, struct fail *why);
bool memory_read_u16(const struct memory *m, uint64_t at, uint16_t *to, struct fail *why);
bool memory_read_u32(const struct memory *m, uint64_t at, uint32_t *to, struct fail *why);
bool memory_read_u64(const struct memory *m, uint64_t at, uint64_t *to, struct fail *why);
// A NUL-terminated string of at most room - 1 characters; FAIL_CORRUPT when it is longer.
bool memory_read_text(const struct memory *m, uint64_t at, char *to, size_t room, struct fail *why);
void memory_prefetch(const struct memory *m, uint64_t start, uint64_t end);
void memory_forget(const struct memory *m);

#endif
