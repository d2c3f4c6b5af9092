// SPDX-License-Identifier: Apache-2.0
// Class loaders: what each loaded, what of it lives, and classes that several of them have.

#ifndef HEAP_LOADING_H
#define HEAP_LOADING_H

#include "heap/paths.h"

struct loading_row {
	uint64_t loader;                    // id; 0: the boot loader
	uint32_t n;                         // its object; 0: none
	const char *type, *name;            // `name` NULL: it has none
	uint64_t classes, instances, bytes; // of instances of its classes that a root holds
	uint64_t retained;                  // of the loader
	struct path path;                   // why it is alive
};
struct loading_duplicate {
	const char *name;
	uint64_t definitions, loaders;
};
struct loadings {
	struct loading_row *at; // by retained, largest first
	size_t count;
	struct loading_duplicate *duplicates; // most definitions first
	size_t duplicate_count;
};
bool loadings_find(const struct graph *g, struct arena *mem, struct loadings *out,
		   struct fail *why);

#endif
