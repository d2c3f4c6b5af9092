// SPDX-License-Identifier: Apache-2.0
// Which memory has a proven owner by the collectors that ran so far.
//
// Allocators' walkers stay out of it: a header inside the Java heap or a stack is somebody's data.
// What lies inside malloc by nature (direct buffers) is not taken.

#ifndef COLLECT_TAKEN_H
#define COLLECT_TAKEN_H

struct look;
struct malloc_view;

// Memory, mappings and pages of this look, and the certain claims so far; lives in look->mem.
void taken_view(struct look *look, struct malloc_view *out);

#endif
