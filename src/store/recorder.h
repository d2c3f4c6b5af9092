// SPDX-License-Identifier: Apache-2.0
// The recording seams: a tree in front of a tree, a memory in front of a memory.
//
// Both pass every question on and keep what came back, failures too.  Nothing is masked here and
// nothing is written.  The memory is asked as it is at the time of each read, so segments may be
// added to it after recorder_open().

#ifndef STORE_RECORDER_H
#define STORE_RECORDER_H

#include "base/arena.h"
#include "base/memory.h"
#include "base/tree.h"
#include "store/answers.h"
#include "store/sparse.h"

#define RECORDER_MEMORY_END ((uint64_t)1 << 47) // user addresses of x86-64 end below it

struct recorder {
	struct arena mem; // of all that was kept
	const struct tree *files;
	const struct memory *memory;
	struct answers answers;
	struct sparse sparse;
	uint64_t file_bytes, memory_bytes; // passed through, repeated reads counted again
};

void recorder_open(struct recorder *r, const struct tree *files, const struct memory *memory);
void recorder_close(struct recorder *r); // drops what was kept
struct tree recorder_tree(struct recorder *r);
extern const struct memory_source RECORDER_SOURCE; // `self` is the struct recorder

#endif
