// SPDX-License-Identifier: Apache-2.0
#include "collect/gclogs.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "gclog/gclog.h"
#include "gclog/stats.h"
#include "os/logfile.h"

enum { CHUNK = 128 << 10, HEAD = 256 << 10 };

struct gclogs {
	const char **files;
	size_t count;
	struct gclogs_window window;
	gclogs_sink *also;
	void *arg;
	struct gclog *log;
	struct gc_counter *counter;
	struct logfile open; // the one that is read, or followed
	bool is_open;
	char buffer[CHUNK];
};

static bool is_within(const struct gclogs_window *w, const struct gc_event *e)
{
	// Without the time that is asked for there is no saying that it was within.
	if (w->has_from && !((w->from_wall ? e->wall_s : e->uptime_s) >= w->from))
		return false;
	return !w->has_to || (w->to_wall ? e->wall_s : e->uptime_s) <= w->to;
}

static void take(void *arg, const struct gc_event *e)
{
	struct gclogs *g = arg;

	if (!is_within(&g->window, e))
		return;
	gc_counter_add(g->counter, e);
	if (g->also)
		g->also(g->arg, e);
}

struct gclogs *gclogs_create(const char *const *files, size_t count,
			     const struct gclogs_window *window, gclogs_sink *also, void *arg)
{
	struct gclogs *g = calloc(1, sizeof(*g));

	if (!g || !(g->files = calloc(count, sizeof(*files))))
		abort();
	memcpy(g->files, files, count * sizeof(*files));
	g->count = count;
	g->window = *window;
	g->also = also;
	g->arg = arg;
	g->log = gclog_create(take, g);
	g->counter = gc_counter_create();
	return g;
}

void gclogs_destroy(struct gclogs *g)
{
	if (g->is_open)
		logfile_close(&g->open);
	gc_counter_destroy(g->counter);
	gclog_destroy(g->log);
	free(g->files);
	free(g);
}

struct first {
	const char *file;
	double uptime_s, wall_s;
	bool any; // it has an event
	size_t given;
};

static void note_first(void *arg, const struct gc_event *e)
{
	struct first *f = arg;

	f->any = true;
	if (isnan(f->uptime_s))
		f->uptime_s = e->uptime_s;
	if (isnan(f->wall_s))
		f->wall_s = e->wall_s;
}

static void find_first(struct gclogs *g, struct first *f)
{
	struct logfile file;
	struct gclog *log;
	size_t got, all = 0;

	f->uptime_s = f->wall_s = NAN;
	if (!logfile_open(&file, f->file, NULL))
		return;
	log = gclog_create(note_first, f);
	while (all < HEAD && isnan(f->uptime_s) && isnan(f->wall_s) &&
	       logfile_read(&file, g->buffer, CHUNK, &got, NULL) && got) {
		gclog_feed(log, g->buffer, got);
		all += got;
	}
	gclog_finish(log);
	gclog_destroy(log);
	logfile_close(&file);
}

static int by_time(const void *a, const void *b)
{
	const struct first *x = a, *y = b;
	double tx = x->wall_s, ty = y->wall_s;

	if (x->any != y->any)
		return x->any ? -1 : 1; // one without events is the newest: it was just begun
	if (isnan(tx) || isnan(ty)) {
		tx = x->uptime_s;
		ty = y->uptime_s;
	}
	if (!isnan(tx) && !isnan(ty) && tx != ty)
		return tx < ty ? -1 : 1;
	return x->given < y->given ? -1 : 1;
}

// The parts of a rotated log are named in any order; their first events say which it is.  Without
// stamps in all of them it is the order that they were given in.
static void sort_files(struct gclogs *g)
{
	struct first *first;
	bool all = true;

	if (g->count < 2)
		return;
	first = calloc(g->count, sizeof(*first));
	if (!first)
		abort();
	for (size_t i = 0; i < g->count; i++) {
		first[i].file = g->files[i];
		first[i].given = i;
		if (!strcmp(g->files[i], "-"))
			all = false; // can be read but once
		else
			find_first(g, &first[i]);
		all &= !first[i].any || !isnan(first[i].uptime_s) || !isnan(first[i].wall_s);
	}
	if (all)
		qsort(first, g->count, sizeof(*first), by_time);
	for (size_t i = 0; i < g->count; i++)
		g->files[i] = first[i].file;
	free(first);
}

static bool read_rest(struct gclogs *g, bool *any, struct fail *why)
{
	size_t got;

	for (;;) {
		const struct gclog_facts *facts = gclog_facts(g->log);

		if (!logfile_read(&g->open, g->buffer, CHUNK, &got, why))
			return false;
		if (!got)
			return true;
		*any = true;
		gclog_feed(g->log, g->buffer, got);
		if (facts->foreign)
			return fail(why, FAIL_ABSENT,
				    "%s is a log of %s, which is no HotSpot VM: jledger reads "
				    "HotSpot's alone",
				    g->open.path, facts->foreign);
	}
}

bool gclogs_read(struct gclogs *g, struct fail *why)
{
	bool any;

	sort_files(g);
	for (size_t i = 0; i < g->count; i++) {
		if (g->is_open)
			logfile_close(&g->open);
		g->is_open = logfile_open(&g->open, g->files[i], why);
		if (!g->is_open)
			return false;
		if (i)
			gclog_next_file(g->log, (unsigned)i);
		if (!read_rest(g, &any, why))
			return false;
	}
	return true;
}

bool gclogs_follow(struct gclogs *g, bool *more, struct fail *why)
{
	*more = false;
	if (!read_rest(g, more, why))
		return false;
	if (*more)
		return true;
	gclog_flush(g->log);
	switch (logfile_state(&g->open)) {
	case LOGFILE_CUT:
		gclog_next_file(g->log, (unsigned)g->count - 1);
		*more = true;
		break;
	case LOGFILE_MOVED:
	case LOGFILE_GONE:
		// What was written between the last read and the move is in the old file still.
		if (!read_rest(g, more, why))
			return false;
		if (!*more && logfile_reopen(&g->open)) {
			gclog_next_file(g->log, (unsigned)g->count - 1);
			*more = true;
		}
		break;
	case LOGFILE_SAME:
		break;
	}
	return true;
}

void gclogs_finish(struct gclogs *g)
{
	gclog_finish(g->log);
}

const char *const *gclogs_order(const struct gclogs *g)
{
	return g->files;
}

void gclogs_judge(struct gclogs *g, struct gc_stats *out)
{
	gc_counter_judge(g->counter, gclog_facts(g->log), out);
}
