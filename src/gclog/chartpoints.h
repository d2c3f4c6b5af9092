// SPDX-License-Identifier: Apache-2.0
// The course of a log in a fixed number of points: when there is no more room two neighbours become one, whose extremes
// are kept.

#ifndef GCLOG_CHARTPOINTS_H
#define GCLOG_CHARTPOINTS_H

#include "facts/gcstats.h"

// `p` is one pause, later than all before.
void chartpoints_add(struct gc_course *course, const struct gc_point *p);

#endif
