// SPDX-License-Identifier: Apache-2.0
// What stands in brackets before a line of unified logging: "[2.345s][info][gc]", in any set and order.
//
// Which there are is found anew where a line has others than the one before.  Stamps are read only when an
// event needs them.  Only for src/gclog.

#ifndef GCLOG_DECORATIONS_H
#define GCLOG_DECORATIONS_H

#include <stdbool.h>

struct gc_event;
struct unified;

struct decorations {
	// Of the line: not read yet.
	const char *date, *date_end, *time, *time_end;
	bool stamped, levelled, gc;
};

// Returns what is behind the decorations, the line itself where it has none, or NULL: its first bracket is
// no decoration.  `u` keeps where they end for the next line.
const char *decorations_take(const char *p, const char *end, struct decorations *d,
			     struct unified *u);
// Times of the line into the event; what the line does not have stays as it was.
void decorations_stamp(const struct decorations *d, struct gc_event *e);

#endif
