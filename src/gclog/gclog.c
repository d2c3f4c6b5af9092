// SPDX-License-Identifier: Apache-2.0
#include "gclog/gclog.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "gclog/dialects.h"
#include "gclog/scan.h"

enum {
	LINE_ROOM = 64 << 10, // a longer line is read up to here
	FOREIGN_LINES = 400,  // how far a foreign VM's log is looked for while there is no event
};

struct gclog {
	struct gclog_output out;
	struct gclog_facts facts;
	struct unified unified;
	struct preunified preunified;
	unsigned file;
	uint64_t line; // in this file
	bool pasted;   // blanks of web pages (U+00A0) were seen in these bytes
	size_t carried;
	char carry[LINE_ROOM];
	char plain[LINE_ROOM]; // a line with blanks for them
};

struct gclog *gclog_create(gclog_sink *sink, void *arg)
{
	struct gclog *g = calloc(1, sizeof(*g));

	if (!g)
		abort();
	g->out = (struct gclog_output){ sink, arg, &g->facts };
	g->facts.max_heap = g->facts.max_meta = g->facts.region = UNKNOWN_BYTES;
	g->facts.swap = g->facts.swap_free = UNKNOWN_BYTES;
	return g;
}

void gclog_destroy(struct gclog *g)
{
	free(g);
}

const struct gclog_facts *gclog_facts(const struct gclog *g)
{
	return &g->facts;
}

static void note_stranger(struct gclog *g, const struct gclog_line *l)
{
	struct gc_stranger *s;

	g->facts.unknown++;
	if (g->facts.stranger_count == GC_STRANGERS)
		return;
	s = &g->facts.strangers[g->facts.stranger_count++];
	s->file = l->file;
	s->line = l->number;
	scan_copy(s->text, sizeof(s->text), l->at, l->end);
}

// A stop of JDK 6 to 8 stands on a line of its own, with or without a stamp.
static bool take_stop(struct gclog *g, const struct gclog_line *l, const char *p)
{
	struct gc_event e;

	gc_event_clear(&e);
	scan_stamps(&p, l->end, &e.uptime_s, &e.wall_s);
	scan_blanks(&p, l->end);
	if (!gclog_stop(p, l->end, &e))
		return false;
	e.file = l->file;
	e.line = e.last_line = l->number;
	if (!g->preunified.now.depth)
		preunified_flush(&g->preunified, &g->out);
	g->out.sink(g->out.arg, &e);
	return true;
}

static void set_dialect(struct gclog *g, enum gclog_dialect d)
{
	if (g->facts.dialect == GCLOG_UNKNOWN)
		g->facts.dialect = d;
}

static enum gclog_told take_preunified(struct gclog *g, const struct gclog_line *l)
{
	const char *p = l->at;

	while (p < l->end && (*p == ' ' || *p == '\t'))
		p++;
	if (p < l->end && (*p == 'T' || scan_is_digit(*p))) {
		const char *words = scan_past_stamps(p, l->end);

		if (words < l->end && *words == 'T' && take_stop(g, l, p))
			return GCLOG_EVENT;
	}
	// Ages are most lines of a log that has them, and no header begins so.
	if (SCAN_TEXT(&(const char *){ p }, l->end, "- age "))
		return GCLOG_DETAIL;
	if (!SCAN_TEXT(&(const char *){ p }, l->end, "Desired survivor") &&
	    gclog_header(&g->facts, p, l->end) == GCLOG_DETAIL)
		return set_dialect(g, GCLOG_PREUNIFIED), GCLOG_DETAIL;
	return preunified_line(&g->preunified, l, &g->out);
}

static void read_line(struct gclog *g, const char *p, const char *end)
{
	struct gclog_line l = { p, end, ++g->line, g->file };
	enum gclog_told told = GCLOG_NOT_OURS;
	const char *foreign;

	g->facts.lines++;
	while (l.end > l.at && (l.end[-1] == '\r' || l.end[-1] == ' '))
		l.end--;
	if (g->facts.dialect == GCLOG_FOREIGN || l.at == l.end)
		return;
	if (g->facts.dialect != GCLOG_PREUNIFIED ||
	    (*l.at == '[' && l.end - l.at > 1 && scan_is_digit(l.at[1])))
		told = unified_line(&g->unified, &l, &g->out);
	if (told == GCLOG_NOT_OURS)
		told = take_preunified(g, &l);
	else if (told == GCLOG_EVENT || g->unified.any)
		set_dialect(g, GCLOG_UNIFIED);
	if (told == GCLOG_EVENT)
		set_dialect(g, GCLOG_PREUNIFIED);
	if (told != GCLOG_STRANGE)
		return;
	foreign = g->facts.dialect == GCLOG_UNKNOWN && g->facts.lines <= FOREIGN_LINES
			  ? gclog_foreign(l.at, l.end)
			  : NULL;
	if (foreign) {
		g->facts.dialect = GCLOG_FOREIGN;
		g->facts.foreign = foreign;
		return;
	}
	note_stranger(g, &l);
}

// A log that was pasted from a web page has U+00A0 where HotSpot wrote blanks.
static void take_line(struct gclog *g, const char *p, const char *end)
{
	size_t len = 0;

	if (!g->pasted || !scan_find(p, end, "\xc2\xa0")) {
		read_line(g, p, end);
		return;
	}
	for (; p < end && len < LINE_ROOM; p++) {
		if (end - p > 1 && (unsigned char)p[0] == 0xc2 && (unsigned char)p[1] == 0xa0)
			p++, g->plain[len++] = ' ';
		else
			g->plain[len++] = *p;
	}
	read_line(g, g->plain, g->plain + len);
}

static void take_carried(struct gclog *g, const char *more, size_t len)
{
	size_t room = LINE_ROOM - g->carried;

	if (len > room)
		len = room;
	memcpy(g->carry + g->carried, more, len);
	g->carried += len;
}

void gclog_feed(struct gclog *g, const char *bytes, size_t len)
{
	const char *p = bytes, *end = bytes + len;

	g->pasted = memchr(bytes, 0xc2, len) != NULL || (g->pasted && g->carried);
	while (p < end) {
		const char *newline = memchr(p, '\n', (size_t)(end - p));

		if (!newline) {
			take_carried(g, p, (size_t)(end - p));
			return;
		}
		if (g->carried) {
			take_carried(g, p, (size_t)(newline - p));
			take_line(g, g->carry, g->carry + g->carried);
			g->carried = 0;
		} else {
			take_line(g, p, newline);
		}
		p = newline + 1;
	}
}

static void end_line(struct gclog *g)
{
	if (!g->carried)
		return;
	take_line(g, g->carry, g->carry + g->carried);
	g->carried = 0;
}

void gclog_next_file(struct gclog *g, unsigned index)
{
	end_line(g);
	g->file = index;
	g->line = 0;
}

void gclog_flush(struct gclog *g)
{
	unified_flush(&g->unified, &g->out);
	if (!g->preunified.now.depth)
		preunified_flush(&g->preunified, &g->out);
}

void gclog_finish(struct gclog *g)
{
	end_line(g);
	preunified_finish(&g->preunified, &g->out);
	unified_flush(&g->unified, &g->out);
}
