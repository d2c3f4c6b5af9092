// SPDX-License-Identifier: Apache-2.0
// The two seams over what a capture holds: answers to the questions that were asked, and only those.
//
// A question that nobody asked when the capture was made is ABSENT.  Touches no file and no process
// of this machine.

#ifndef STORE_REPLAY_H
#define STORE_REPLAY_H

#include "base/memory.h"
#include "base/tree.h"
#include "store/answers.h"
#include "store/image.h"

struct unpacker;

struct replay {
	struct unpacker *package; // where answers with an `entry` are unpacked from; may be NULL
	struct answers answers;
	struct image image;
};

// The tree over `r`, which must outlive it.
struct tree replay_tree(struct replay *r);
extern const struct memory_source REPLAY_SOURCE; // `self` is the struct replay

#endif
