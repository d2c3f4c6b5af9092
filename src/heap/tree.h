// SPDX-License-Identifier: Apache-2.0
// The dominator tree from above: who is dominated by whom, in groups, and what a class retains.

#ifndef HEAP_TREE_H
#define HEAP_TREE_H

#include "heap/graph.h"

// The `limit` nodes that `of` immediately dominates and that retain most, largest first.
struct tree_top {
	uint32_t *at;
	size_t count;
	uint64_t all;       // how many it dominates immediately
	uint64_t all_bytes; // what they retain
};
void tree_largest(const struct graph *g, uint32_t of, size_t limit, struct arena *mem,
		  struct tree_top *out);

enum tree_by { TREE_BY_CLASS, TREE_BY_PACKAGE, TREE_BY_LOADER };
struct tree_group {
	const char *name;
	uint64_t key;   // the class's or loader's id
	uint64_t count; // of nodes
	uint64_t own, retained;
	uint32_t largest; // the node that retains most
};
struct tree_groups {
	struct tree_group *at; // by retained, largest first
	size_t count;
};
// What `of` immediately dominates, in groups.  A class object belongs to itself, its package, its
// loader.
void tree_group(const struct graph *g, uint32_t of, enum tree_by by, struct arena *mem,
		struct tree_groups *out);

// Retained bytes of each class, by its index in d->classes: of its instances that no other instance of
// it dominates, and of the class itself where none of them dominates it.
bool tree_class_retained(struct graph *g, uint64_t *out, struct fail *why);

// "shop.cart" of "shop.cart.Item", "[Lshop.cart.Item;"; "" where there is none.
const char *tree_package(const char *class_name, struct arena *mem);
// A loader in words: its type and name, "<boot>" for 0.
const char *tree_loader(const struct graph *g, uint64_t loader, struct arena *mem);

#endif
