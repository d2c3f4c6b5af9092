// SPDX-License-Identifier: Apache-2.0
#include "present/gc.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/units.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/gc_live.h"
#include "cmd/gclog_verdict.h"
#include "cmd/pause.h"
#include "collect/gclogs.h"
#include "gclog/scan.h"

// How long a line may wait that a followed log got: the reading is a few calls.
static const double FOLLOW_EVERY_S = 0.2;

struct printing {
	const struct options *o;
	const struct gclogs *logs;
	bool as_text; // of a followed log
};

static void print_event(void *arg, const struct gc_event *e)
{
	const struct printing *p = arg;
	const char *file = gclogs_order(p->logs)[e->file];

	if (p->o->events == EVENTS_CSV)
		gc_event_print_csv(e, file, stdout);
	else if (p->o->events == EVENTS_JSON)
		gc_event_print_json(e, file, stdout);
	else if (p->as_text && (e->type == GC_PAUSE || e->type == GC_STALL))
		gc_event_print_text(e, stdout);
}

// Seconds since the VM's start, as a duration; or a date with a time.
static bool parse_time(const char *text, double *value, bool *wall, struct fail *why)
{
	const char *p = text, *end = text + strlen(text);

	*wall = scan_date(&p, end, value);
	if (*wall)
		return p == end ||
		       fail(why, FAIL_CORRUPT, "'%s': a date is 2026-11-25T10:00:00+0100", text);
	return units_parse_duration(text, value, why);
}

static bool parse_window(const struct options *o, struct gclogs_window *w, struct fail *why)
{
	*w = (struct gclogs_window){ .has_from = o->from, .has_to = o->to };
	return (!o->from || parse_time(o->from, &w->from, &w->from_wall, why)) &&
	       (!o->to || parse_time(o->to, &w->to, &w->to_wall, why));
}

static bool follow(struct gclogs *g, const struct options *o, struct fail *why)
{
	double left = o->has_for ? o->for_s : 1e18;

	pause_note_signals();
	fflush(stdout);
	while (left > 0 && !pause_is_over() && !ferror(stdout)) {
		bool more;

		if (!gclogs_follow(g, &more, why))
			return false;
		if (more)
			continue;
		fflush(stdout);
		pause_for(left < FOLLOW_EVERY_S ? left : FOLLOW_EVERY_S);
		left -= FOLLOW_EVERY_S;
	}
	return true;
}

static bool print_summary(const struct options *o, struct gclogs *g)
{
	struct gclog_verdict *v = calloc(1, sizeof(*v));

	bool written;

	if (!v)
		abort();
	gclog_verdict_take(v, g, (size_t)o->arguments);
	gclog_verdict_judge_alone(v, o);
	written = gclog_verdict_page(v, o);
	if (o->html && !strcmp(o->html, "-"))
		; // which holds the page alone
	else if (o->json)
		gc_print_json(&v->report, stdout);
	else
		gc_print_text(&v->report, stdout);
	gclog_verdict_drop(v);
	free(v);
	return written;
}

static bool read_all(struct gclogs *g, const struct options *o, struct fail *why)
{
	if (!gclogs_read(g, why))
		return false;
	if (o->follow && !follow(g, o, why))
		return false;
	gclogs_finish(g);
	return true;
}

static bool is_number(const char *text)
{
	return *text && strspn(text, "0123456789") == strlen(text) && access(text, F_OK);
}

static int run(const struct options *o)
{
	struct printing printing = { .o = o, .as_text = o->follow && !o->json };
	struct gclogs_window window;
	struct gclogs *g;
	struct fail why;
	int code = EXIT_DONE;

	if (!parse_window(o, &window, &why)) {
		complain("%s", why.text);
		return EXIT_USAGE;
	}
	if (o->html && (o->events != EVENTS_NONE || (o->json && !strcmp(o->html, "-")))) {
		complain("--html is the summary as a page: it goes without --events, and --html - "
			 "without --json");
		return EXIT_USAGE;
	}
	if (o->json && o->events == EVENTS_CSV) {
		complain(
			"--json and --events csv contradict each other: --events json gives lines");
		return EXIT_USAGE;
	}
	if (is_number(o->argument[0]))
		return gc_live_run(o);
	if (o->jstat) {
		complain("--jstat takes a PID, not the file %s", o->argument[0]);
		return EXIT_USAGE;
	}
	g = gclogs_create(o->argument, (size_t)o->arguments, &window, print_event, &printing);
	printing.logs = g;
	if (o->events == EVENTS_CSV)
		gc_events_print_csv_head(stdout);
	if (!read_all(g, o, &why)) {
		complain("%s", why.text);
		code = EXIT_UNREADABLE;
	} else if (o->events == EVENTS_NONE) {
		if (!print_summary(o, g))
			code = EXIT_UNREADABLE;
	}
	gclogs_destroy(g);
	return code;
}

const struct command cmd_gc = {
	.name = "gc",
	.sentence = "a GC log or a running JVM: pauses, causes, rates, live set",
	.arguments = "FILE...|PID",
	.min_arguments = 1,
	.max_arguments = ARGUMENT_LIMIT,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(FOLLOW) | OPTION_BIT(EVENTS) |
		   OPTION_BIT(FROM) | OPTION_BIT(TO) | OPTION_BIT(FOR) | OPTION_BIT(EVERY) |
		   OPTION_BIT(CAUSES) | OPTION_BIT(HTML) | OPTION_BIT(JSTAT) |
		   OPTION_BIT(NO_ATTACH),
	.about =
		"Reads a GC log of a HotSpot VM, from JDK 1.4 to today: Serial, Parallel, ParNew, "
		"CMS, "
		"G1, Shenandoah and ZGC, generational ones too, with any decorations and details. "
		"FILE may be compressed by gzip; - is standard input. Several files are the parts "
		"of "
		"one log, whatever their order: their stamps put them in order.\n\n"
		"Printed are the pauses with their percentiles, and the throughput they leave; "
		"causes; "
		"how fast was allocated and promoted; the live set with where it goes (Theil-Sen's "
		"slope, its 95 % interval, and when the heap is full at that pace); Metaspace or "
		"the "
		"permanent generation; the collector's CPU in cores; stops and the time to "
		"safepoint; "
		"and in words what stands out, with the lines that say so. A Full GC within a "
		"young "
		"pause counts once.\n\n"
		"What other threads wrote into a record is taken out of it, and what is damaged "
		"loses "
		"its own record and no other. Lines that are not known to belong to a GC log are "
		"counted and the first are shown. A log of another VM (IBM J9, JRockit, HP-UX, Go "
		"and "
		"others) is refused by name. Memory does not depend on the log's length.\n\n"
		"--follow goes on reading a log that is being written, also where it is rotated or "
		"cut, "
		"and prints each pause as it comes; the summary follows at the end (an interrupt, "
		"or "
		"--for).\n\n"
		"At the end stands a verdict: the causes that a GC log can prove, with the lines "
		"that say "
		"it, what contradicts, and what to do; --causes prints what was ruled out and why. "
		"--html "
		"writes all of it as one page that loads nothing, with charts of heap, pauses and "
		"rates.\n\n"
		"Of TIME, 90, 90s or 5m are since the VM's start, and 2026-11-25T10:00:00+0100 is "
		"a "
		"date; without a zone it is UTC. Events that lack that clock are left out.\n\n"
		"Of a PID the heap is shown by space as it is at this moment, from the VM's own "
		"structures, with collections and safepoints since the start; with --for also what "
		"came in that time, and the CPU of the collector's threads. --jstat prints the "
		"columns of the JDK's own jstat, --every an interval; these are what the VM noted "
		"at "
		"its last collection, and a JVM with -XX:-UsePerfData has none.",
	.examples = "jledger gc gc.log ## what it says\n"
		    "jledger gc gc.log.* --json ## a rotated log, for scripts\n"
		    "jledger gc gc.log --html gc.html ## with charts, to send\n"
		    "jledger gc gc.log --events csv ## each event a line, for a table\n"
		    "jledger gc gc.log --follow ## as it goes\n"
		    "jledger gc 4711 --for 10s ## the collector of a running JVM\n"
		    "jledger gc 4711 --jstat gcutil --every 1s ## as jstat -gcutil 4711 1s\n"
		    "zcat old.gz | jledger gc - --from 1h --to 2h ## the second hour of a log\n",
	.run = run,
};
