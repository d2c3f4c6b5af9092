// SPDX-License-Identifier: Apache-2.0
// What holds of any bytes that are read as a GC log: no crash, bounded time, sane events, and the
// same events however the bytes are cut when they come.

#ifndef FUZZ_GCLOG_CHECK_H
#define FUZZ_GCLOG_CHECK_H

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "facts/gcstats.h"
#include "gclog/gclog.h"
#include "gclog/stats.h"

struct seen {
	uint64_t events, hash;
	uint64_t last_line;
	struct gc_counter *counter;
};

static void mix(struct seen *s, const void *bytes, size_t len)
{
	const unsigned char *p = bytes;

	for (size_t i = 0; i < len; i++)
		s->hash = (s->hash ^ p[i]) * 0x100000001b3u;
}

static void see(void *arg, const struct gc_event *e)
{
	struct seen *s = arg;

	if (e->type >= GC_TYPE_COUNT || e->kind >= GC_KIND_COUNT || !e->line ||
	    e->last_line < e->line || !memchr(e->name, 0, sizeof(e->name)) ||
	    !memchr(e->cause, 0, sizeof(e->cause)) || e->duration_s < 0)
		abort();
	s->events++;
	mix(s, &e->line, sizeof(e->line));
	mix(s, &e->type, sizeof(e->type));
	mix(s, &e->flags, sizeof(e->flags));
	mix(s, &e->duration_s, sizeof(e->duration_s));
	mix(s, e->name, strlen(e->name));
	if (s->counter)
		gc_counter_add(s->counter, e);
}

static void read_in(const unsigned char *bytes, size_t len, size_t step, struct seen *s,
		    struct gc_stats *stats)
{
	struct gclog *g = gclog_create(see, s);

	for (size_t at = 0; at < len; at += step)
		gclog_feed(g, (const char *)bytes + at, len - at < step ? len - at : step);
	gclog_finish(g);
	if (stats) {
		gc_counter_judge(s->counter, gclog_facts(g), stats);
		if (stats->lines < stats->unknown_lines || stats->pauses.all.count > s->events)
			abort();
	}
	gclog_destroy(g);
}

static int check_gclog(const unsigned char *bytes, size_t len)
{
	struct seen whole = { .counter = gc_counter_create() }, cut = { 0 };
	struct gc_stats stats;

	read_in(bytes, len, len ? len : 1, &whole, &stats);
	read_in(bytes, len, 7, &cut, NULL);
	gc_counter_destroy(whole.counter);
	if (whole.events != cut.events || whole.hash != cut.hash)
		abort();
	return 0;
}

#endif
