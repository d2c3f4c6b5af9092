// SPDX-License-Identifier: Apache-2.0
// Arrays with an element for each object of a heap dump: anonymous memory within a limit, and beyond
// it pages of a file that has no name any more.
//
// The file is the kernel's page cache, which gives way under a memory limit where anonymous memory
// would be killed.  Nothing stays behind when the program ends, however it ends.

#ifndef HEAP_BIG_H
#define HEAP_BIG_H

#include <stdbool.h>
#include <stdint.h>

struct fail;

struct bigs {
	uint64_t limit;        // of anonymous bytes; UINT64_MAX: none
	uint64_t used, peak;   // anonymous bytes
	const char *directory; // where files may be made; NULL: nowhere
};

struct big {
	struct bigs *from;
	void *at; // zeroed at first
	uint64_t len;
	bool in_file;
};

// OS: no memory and no room in the directory; the text says which option helps.
bool big_get(struct bigs *from, uint64_t len, struct big *out, struct fail *why);
void big_drop(struct big *b); // also of a zeroed one
// What is not needed for a while moves into a file; where it can't, it stays.
void big_park(struct big *b);
// Notes anonymous bytes that come from elsewhere; false: beyond the limit.
bool bigs_note(struct bigs *b, uint64_t bytes);
// A file without a name in the directory; -1: none can be made, errno says why.
int bigs_file(const struct bigs *b);

#endif
