// SPDX-License-Identifier: Apache-2.0
// The events of a text, for tests.

#ifndef TESTS_GCLOG_COLLECTED_H
#define TESTS_GCLOG_COLLECTED_H

#include <math.h>
#include <string.h>

#include "facts/gcstats.h"
#include "gclog/gclog.h"
#include "gclog/stats.h"

enum { COLLECTED_ROOM = 64 };
struct collected {
	struct gc_event at[COLLECTED_ROOM];
	size_t count;
	struct gc_counter *counter;
	struct gc_stats stats;
	struct gclog_facts facts;
};

static void collect_one(void *arg, const struct gc_event *e)
{
	struct collected *c = arg;

	if (c->count < COLLECTED_ROOM)
		c->at[c->count++] = *e;
	gc_counter_add(c->counter, e);
}

// Reads all of `text`.
static void collect(const char *text, struct collected *c)
{
	struct gclog *g;

	memset(c, 0, sizeof(*c));
	c->counter = gc_counter_create();
	g = gclog_create(collect_one, c);
	gclog_feed(g, text, strlen(text));
	gclog_finish(g);
	c->facts = *gclog_facts(g);
	gc_counter_judge(c->counter, &c->facts, &c->stats);
	gc_counter_destroy(c->counter);
	gclog_destroy(g);
}

#endif
