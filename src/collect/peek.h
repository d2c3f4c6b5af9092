// SPDX-License-Identifier: Apache-2.0
// What somebody wants to look into: an address, or an account.
//
// Fragments of at most a page are sampled evenly over what is present of it, at most 16 MB; no page is
// brought in.

#ifndef COLLECT_PEEK_H
#define COLLECT_PEEK_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct fail;
struct target;

struct peek_question {
	uint64_t address;    // 0: an account
	const char *account; // an account's id, or malloc-in-use, or malloc-freed
	bool unmask;
};

// Writes the mapping that holds `address` into a new file of mode 0600, as it is; pages that are not
// present become holes.  `bytes` is what was copied.  ABSENT: nothing is mapped there.
bool peek_dump(const struct target *t, uint64_t address, const char *path, struct arena *mem,
	       uint64_t *bytes, struct fail *why);

#endif
