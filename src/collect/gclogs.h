// SPDX-License-Identifier: Apache-2.0
// Reads the files of one GC log, in the order that their stamps say, into what gclog/ makes of them.

#ifndef COLLECT_GCLOGS_H
#define COLLECT_GCLOGS_H

#include <stdbool.h>
#include <stddef.h>

#include "facts/gcstats.h"

struct fail;
struct gclogs;

// Events are taken from `from` on and up to `to`: seconds since the VM's start, or since 1970.
struct gclogs_window {
	bool has_from, has_to, from_wall, to_wall;
	double from, to;
};

typedef void gclogs_sink(void *arg, const struct gc_event *e);

// "-" is standard input.  `also` is given each event too; NULL.  `files` must outlive it.
struct gclogs *gclogs_create(const char *const *files, size_t count,
			     const struct gclogs_window *window, gclogs_sink *also, void *arg);
void gclogs_destroy(struct gclogs *g);
// All that is there.  ABSENT, DENIED, OS: a file can't be read; CORRUPT: what is compressed is
// damaged (events before it were taken); ABSENT also when the log is another VM's.
bool gclogs_read(struct gclogs *g, struct fail *why);
// Of the last file: what was written since, also where it was rotated.  False: nothing was.
bool gclogs_follow(struct gclogs *g, bool *more, struct fail *why);
// Ends it: what is cut off at the end is taken as it is.
void gclogs_finish(struct gclogs *g);
// The files in the order in which they were read: gc_place.file is an index of it.
const char *const *gclogs_order(const struct gclogs *g);
void gclogs_judge(struct gclogs *g, struct gc_stats *out);

#endif
