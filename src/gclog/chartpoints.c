// SPDX-License-Identifier: Apache-2.0
#include "gclog/chartpoints.h"

#include <math.h>

static void merge(struct gc_point *to, const struct gc_point *p)
{
	to->end_s = p->end_s;
	to->pauses += p->pauses;
	to->full |= p->full;
	to->sum_s += p->sum_s;
	to->max_s = fmax(to->max_s, p->max_s);
	to->allocated += p->allocated;
	to->promoted += p->promoted;
	if (p->before != UNKNOWN_BYTES && (to->before == UNKNOWN_BYTES || p->before > to->before))
		to->before = p->before;
	if (p->after < to->after)
		to->after = p->after;
	if (p->capacity != UNKNOWN_BYTES)
		to->capacity = p->capacity;
}

void chartpoints_add(struct gc_course *course, const struct gc_point *p)
{
	struct gc_point *last = course->count ? &course->at[course->count - 1] : NULL;

	if (!course->per_point)
		course->per_point = 1;
	if (last && last->pauses < course->per_point) {
		merge(last, p);
		return;
	}
	if (course->count == GC_POINTS) {
		for (size_t i = 0; i < GC_POINTS / 2; i++) {
			course->at[i] = course->at[2 * i];
			merge(&course->at[i], &course->at[2 * i + 1]);
		}
		course->count = GC_POINTS / 2;
		course->per_point *= 2;
	}
	course->at[course->count++] = *p;
}
