// SPDX-License-Identifier: Apache-2.0
// Shortest ways from the roots to objects, without the references that a collector would cut.

#ifndef HEAP_PATHS_H
#define HEAP_PATHS_H

#include "heap/graph.h"

struct path_step {
	uint32_t n;
	const char *object; // the class's name; of a class "class X"
	struct edge via;    // how the step before holds it; of the first it stands for nothing
	uint64_t count,
		retained; // in merged paths: how many of the targets lie below, their retained bytes
	unsigned depth;
};
struct path {
	const char *root;        // "static field's class", "thread 'main'", "JNI global" ...
	struct path_step *steps; // root first
	size_t count;
};

// Ways to each of `targets`, in their order; a target that is not reached has a path of no steps.  The
// walk ends as soon as all are reached.  `skip`: kinds of references to pass by.
bool paths_find(const struct graph *g, unsigned skip, const uint32_t *targets, size_t count,
		struct arena *mem, struct path *out, struct fail *why);

// The ways to all instances of a class as one tree, largest branch first, at most `limit` steps.
struct path_tree {
	struct path_step *steps; // in preorder; `depth` says which hangs on which
	const char **roots;      // of steps of depth 0, else NULL
	size_t count;
	uint64_t reached, missed; // instances
};
bool paths_merge(const struct graph *g, unsigned skip, const struct klass *k, size_t limit,
		 struct arena *mem, struct path_tree *out, struct fail *why);

// "array[3]", ".table", "static SESSIONS", as the step is reached.
const char *path_via(const struct edge *e, struct arena *mem);
// What kind of root holds the object, most telling first; NULL: none does.
const char *path_root(const struct graph *g, uint32_t n, struct arena *mem);
// "java.util.HashMap", "class shop.Cart".
const char *path_object(const struct graph *g, uint32_t n, struct arena *mem);
// A thread's name; NULL: it is no thread or has none.
const char *path_thread_name(const struct graph *g, uint32_t n, struct arena *mem);

#endif
