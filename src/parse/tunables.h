// SPDX-License-Identifier: Apache-2.0
// GLIBC_TUNABLES: "glibc.malloc.arena_max=2:glibc.malloc.trim_threshold=131072", and the numbers
// that glibc takes from it and from MALLOC_* variables.  Format notes: docs/formats/tunables.md.

#ifndef PARSE_TUNABLES_H
#define PARSE_TUNABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

// The next "name=value" between colons.  A part without '=' has an empty value and `*whole` false.
bool tunables_take(struct span *rest, struct span *name, struct span *value, bool *whole);
// As C's strtoul with base 0: what stands in front counts.  `*whole`: nothing was behind it.  False
// when there is no digit.
bool tunables_number(struct span text, uint64_t *out, bool *whole);

#endif
