// SPDX-License-Identifier: Apache-2.0
// From the texts of diagnostic commands to facts, rows and claims.  Each takes the text of one
// command and fails as its parser does.

#ifndef COLLECT_ATTACH_TABLES_H
#define COLLECT_ATTACH_TABLES_H

#include <stdbool.h>

#include "base/span.h"

struct fail;
struct look;

// GC.heap_info: the heap's range, spaces and sums, and Metaspace in whole KB.
bool attach_take_heap(struct look *look, struct span text, struct fail *why);
// VM.metaspace scale=1 vslist: nodes and sums to the byte.
bool attach_take_metaspace(struct look *look, struct span text, struct fail *why);
// Compiler.codecache: ranges and sums of the code heaps.
bool attach_take_code(struct look *look, struct span text, struct fail *why);
// VM.flags -all: all flags, and the facts that are a flag's value.
bool attach_take_flags(struct look *look, struct span text, struct fail *why);
// VM.classloader_stats: loaders with classes.  Sizes in words or bytes are told apart by
// Metaspace's sums.
bool attach_take_loaders(struct look *look, struct span text, struct fail *why);
// Thread.print: left in look->printed for shape_threads_read().
bool attach_take_threads(struct look *look, struct span text, struct fail *why);
// VM.native_memory summary: checks, where tracking is on.
bool attach_take_nmt(struct look *look, struct span text, struct fail *why);

#endif
