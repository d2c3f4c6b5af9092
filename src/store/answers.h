// SPDX-License-Identifier: Apache-2.0
// What a tree was asked and what it answered, in order: the file half of a capture's moment.
//
// The recorder adds, the replay takes.  A question may have been asked several times with different
// answers (status before and after the page scan): they are given back in the same order, and the
// last one again and again.  Everything is copied into the arena.

#ifndef STORE_ANSWERS_H
#define STORE_ANSWERS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/span.h"
#include "base/tree.h"

enum answer_op { ANSWER_READ, ANSWER_MADE, ANSWER_LIST, ANSWER_LINK, ANSWER_STAT, ANSWER_OPS };

struct answer {
	const struct fail *why;  // NULL: it succeeded
	struct span bytes;       // READ, MADE
	const char *entry;       // READ, MADE: where a package keeps the bytes; NULL: not packed
	struct tree_names names; // LIST
	const char *link;        // LINK
	struct tree_stat stat;   // STAT
};

struct question {
	enum answer_op op;
	const char *path;
	VEC(struct answer) answers;
	size_t next; // of the replay
};

struct answers {
	struct arena *mem;
	VEC(struct question *) questions; // in the order of the first asking
	void *by_name;                    // a tsearch() tree over them
};

// Empty; answers live in `mem`.
void answers_init(struct answers *a, struct arena *mem);
void answers_drop(struct answers *a); // frees the index; the rest dies with the arena

// The question as it stands, or NULL.
struct question *answers_find(const struct answers *a, enum answer_op op, const char *path);
// Adds an answer; one that equals the last of this question is not kept again.
void answers_add(struct answers *a, enum answer_op op, const char *path,
		 const struct answer *answer);
// The next answer in order, then the last for ever; NULL when this was never asked.
const struct answer *answers_next(struct answers *a, enum answer_op op, const char *path);

#endif
