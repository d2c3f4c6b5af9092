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

// Objects of one length that lie anywhere; they are copied one behind the other.
struct memory_objects {
	const uint64_t *at;
	size_t count, len;
	bool anew; // as the target has them now, as memory_read_anew()
};

struct memory_source {
	// Fills all of [at, at + len) or fails: ABSENT (not mapped, not present or not in the
	// capture), DENIED, GONE.  Never asked for bytes outside its segment.
	bool (*read)(void *self, uint64_t at, void *to, size_t len, struct fail *why);
	void (*prefetch)(void *self, uint64_t start, uint64_t end); // a hint; may be NULL
	// As `read`, for many objects of one length at once; may be NULL.
	bool (*gather)(void *self, const struct memory_objects *objects, void *to,
		       struct fail *why);
	void (*forget)(void *self); // may be NULL
	// As `read`, past what is kept; may be NULL: then all that is kept goes first.
	bool (*read_anew)(void *self, uint64_t at, void *to, size_t len, struct fail *why);
	// As `read_anew`, where the answer is only compared; may be NULL: then it is that.
	bool (*ask)(void *self, uint64_t at, void *to, size_t len, struct fail *why);
	// As `read`, of what is searched through; may be NULL: then it is that.
	bool (*survey)(void *self, uint64_t at, void *to, size_t len, struct fail *why);
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
// All of them, or false.  Thousands of objects that lie apart cost a call each otherwise, or a copy
// of all that lies between them.
bool memory_gather(const struct memory *m, const struct memory_objects *objects, void *to,
		   struct fail *why);
void memory_prefetch(const struct memory *m, uint64_t start, uint64_t end);
void memory_forget(const struct memory *m);
// As the target has it now, whatever was read of it before; what is kept stays as it is.
bool memory_read_anew(const struct memory *m, uint64_t at, void *to, size_t len, struct fail *why);
// As memory_read_anew(), only to see whether what was read before still holds: of a recorded target
// the capture keeps what was read before, so that it stays of one moment.
bool memory_ask(const struct memory *m, uint64_t at, void *to, size_t len, struct fail *why);
// As memory_read(), of memory that is searched from end to end: a capture keeps what other readers
// have had of it, because they follow it further.
bool memory_survey(const struct memory *m, uint64_t at, void *to, size_t len, struct fail *why);
// Whether reading once more may bring something else: not from a capture or a buffer.
bool memory_can_change(const struct memory *m);

#endif
