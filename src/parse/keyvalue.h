// SPDX-License-Identifier: Apache-2.0
// Parser for files of "key value" lines: memory.stat and memory.events of cgroups, memory.oom_control,
// /proc/PID/status; and for the one number of a cgroup limit.  Opens nothing and copies nothing.
// Format notes: docs/formats/keyvalue.md.

#ifndef PARSE_KEYVALUE_H
#define PARSE_KEYVALUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

// What stands behind `key` on its line, blanks around it cut off.  The key ends at a blank, a tab,
// ':' or '='.  The first line with that key counts.  False: no such line; `value` is untouched.
bool keyvalue_find(struct span text, const char *key, struct span *value);
// The decimal number behind `key`; one that " kB" follows comes back in bytes.  False also when
// there is no number or it overflows.
bool keyvalue_find_number(struct span text, const char *key, uint64_t *value);
// A file that holds one limit: "max" (v2) and what no machine has (v1 writes 2^63 less a page) come
// back as UINT64_MAX: no limit.  False when it is no number.
bool keyvalue_parse_limit(struct span text, uint64_t *bytes);

#endif
