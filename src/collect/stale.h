// SPDX-License-Identifier: Apache-2.0
// Memory that the scan saw, that nobody could explain, and that is not there any more.
//
// The scan is the first thing of a look, malloc's explanation the last.  A JVM that gives large buffers
// back meanwhile takes the explanation along: the look is out of date, and worth another one.

#ifndef COLLECT_STALE_H
#define COLLECT_STALE_H

#include <stddef.h>
#include <stdint.h>

struct look;
struct malloc_view;
struct range;

// Present bytes of anonymous memory in this look's scan that are neither taken nor malloc's `own` (sorted) and whose
// mapping is gone by now; 0 where they are too few to matter: then nothing is read for it.
uint64_t stale_bytes(const struct look *look, const struct malloc_view *view,
		     const struct range *own, size_t own_count);

#endif
