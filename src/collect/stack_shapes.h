// SPDX-License-Identifier: Apache-2.0
// Thread stacks by the shapes of mappings: a small inaccessible range right below a writable
// anonymous one.  Pure.  What it finds is an estimate: only sizes and protections speak for it.
//
// HotSpot protects the lowest pages of a Java thread's stack itself (reserved, red and yellow
// zones), so the protected range belongs to the stack; below other threads' stacks lies one guard
// page of glibc's, which does not.

#ifndef COLLECT_STACK_SHAPES_H
#define COLLECT_STACK_SHAPES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/range.h"

struct maps;
struct mapping;

enum { STACK_SIZES = 8 };
struct stack_sizes { // bytes; those that threads are known or likely to have, likeliest first
	uint64_t at[STACK_SIZES];
	size_t count;
};
void stack_sizes_add(struct stack_sizes *s, uint64_t bytes); // 0 and doubles are left out

// The stack in which `stack_pointer` lies: as HotSpot sets it, its guard zones included.  False:
// there is no such shape around it.
bool stack_shapes_at(const struct maps *maps, uint64_t stack_pointer,
		     const struct stack_sizes *sizes, struct range *out);
// A stack that mapping `index` of `maps` fills up to its end, exactly of a known size.
bool stack_shapes_exact(const struct maps *maps, size_t index, const struct stack_sizes *sizes,
			struct range *out);

#endif
