// SPDX-License-Identifier: Apache-2.0
#include "diagnose/collections.h"

#include <stdlib.h>
#include <string.h>

// By how much a counter rose from one pulse to another; 0 where it is not known at both.
static uint64_t risen(const struct pulse_row *from, const struct pulse_row *to, enum pulse_id id)
{
	return from->known[id] && to->known[id] && to->value[id] > from->value[id]
		       ? to->value[id] - from->value[id]
		       : 0;
}

static void count_cause(struct collections *c, struct arena *mem, const char *cause, uint64_t count)
{
	for (size_t i = 0; i < c->causes.count; i++)
		if (!strcmp(c->causes.at[i].cause, cause)) {
			c->causes.at[i].count += count;
			return;
		}
	vec_push(mem, &c->causes, (struct collection_cause){ cause, count });
}

static int by_count(const void *left, const void *right)
{
	const struct collection_cause *a = left, *b = right;

	if (a->count != b->count)
		return a->count > b->count ? -1 : 1;
	return strcmp(a->cause, b->cause);
}

static void add_step(struct collections *c, struct arena *mem, double begin_s,
		     const struct pulse_row *from, const struct pulse_row *to)
{
	uint64_t count = risen(from, to, PULSE_GC_COUNT);
	uint64_t full = risen(from, to, PULSE_GC_FULL_COUNT);
	uint64_t cycle = risen(from, to, PULSE_GC_CYCLES);

	c->count += count;
	c->full += full;
	c->cycle_pauses += cycle;
	if (!count && !cycle)
		return;
	if (to->gc_cause && count)
		count_cause(c, mem, to->gc_cause, count);
	if (to->known[PULSE_OLD_USED])
		vec_push(mem, &c->levels,
			 (struct collection_level){ .at_s = to->at_s - begin_s,
						    .old_used = to->value[PULSE_OLD_USED],
						    .full = full > 0,
						    .exact = full > 0 && full >= count,
						    .cycle = cycle > 0 });
}

void collections_sum(const struct evidence *e, struct arena *mem, struct collections *out)
{
	const struct pulse_row *first = NULL, *last = NULL;

	*out = (struct collections){ 0 };
	for (size_t i = 0; e->pulses && i < e->pulses->count; i++) {
		const struct pulse_row *p = &e->pulses->at[i];

		if (!p->known[PULSE_GC_COUNT])
			continue;
		if (last)
			add_step(out, mem, first->at_s, last, p);
		else
			first = p;
		last = p;
	}
	if (!first || last->at_s <= first->at_s)
		return;
	out->known = true;
	out->seconds = last->at_s - first->at_s;
	out->share = (double)risen(first, last, PULSE_GC_TIME) / 1e9 / out->seconds;
	out->full_share = (double)risen(first, last, PULSE_GC_FULL_TIME) / 1e9 / out->seconds;
	if (out->causes.count)
		qsort(out->causes.at, out->causes.count, sizeof(*out->causes.at), by_count);
}

uint64_t collections_for(const struct collections *c, const char *cause)
{
	for (size_t i = 0; i < c->causes.count; i++)
		if (!strcmp(c->causes.at[i].cause, cause))
			return c->causes.at[i].count;
	return 0;
}
