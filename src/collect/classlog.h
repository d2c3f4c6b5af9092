// SPDX-License-Identifier: Apache-2.0
// A log of class loading as a target: families, sources and rates.

#ifndef COLLECT_CLASSLOG_H
#define COLLECT_CLASSLOG_H

#include <stdbool.h>

struct arena;
struct classlog_facts;
struct fail;

// Whether the file begins like one: events among its first lines.  False for what can't be read.
bool classlog_is_one(const char *path);
// Reads it in pieces: memory is bounded whatever its size.  All of `out` lives in `mem`.  ABSENT: no
// event in it; OS: it can't be read.
bool classlog_read(const char *path, struct arena *mem, struct classlog_facts *out,
		   struct fail *why);

#endif
