// SPDX-License-Identifier: Apache-2.0
// Immediate dominators of a flow graph that a depth-first walk has numbered.
//
// Semi-NCA (Georgiadis, 2005): semidominators with path compression, then the nearest common ancestor
// in the tree built so far.  Node 1 is the start; every node's number is above its parent's, as a walk
// in preorder gives.  Pure.

#ifndef HEAP_DOMINATORS_H
#define HEAP_DOMINATORS_H

#include <stdbool.h>
#include <stdint.h>

struct bigs;
struct fail;

struct flow {
	uint32_t last;    // nodes 1 .. last
	uint32_t *parent; // in the walk's tree, of 2 .. last; [0] and [1] are not used
	// Where else a node is entered from, beside its parent: from[first[n] .. first[n + 1]).
	uint32_t *first; // last + 2 entries
	const uint32_t *from;
};

// Turns `parent` into immediate dominators; `first` is used up.
bool dominators_find(struct flow *f, struct bigs *bigs, struct fail *why);

#endif
