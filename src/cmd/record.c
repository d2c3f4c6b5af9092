// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/pause.h"
#include "collect/discover.h"
#include "diagnose/diagnosis.h"
#include "present/openmetrics.h"
#include "present/report.h"
#include "record/listener.h"
#include "record/recording.h"

static const double EVERY_S = 10, KEEP_S = 30 * 86400.0;

static struct report report_of(const struct evidence *e, const struct diagnosis *d)
{
	return (struct report){
		.now = e->now,
		.first = e->first,
		.ledger = e->ledger,
		.first_ledger = e->first_ledger,
		.diagnosis = d,
		.window_s = e->window_s,
		.pulses = e->pulses,
		.tool_version = JLEDGER_VERSION,
		.has_command = command_takes_jvm,
	};
}

static void write_ledger(void *arg, const struct evidence *e, FILE *to)
{
	struct report r = report_of(e, NULL);

	report_map_json(&r, to);
}

static void write_verdict_json(void *arg, const struct evidence *e, const struct diagnosis *d,
			       FILE *to)
{
	struct report r = report_of(e, d);

	report_doctor_json(&r, to);
}

static void write_verdict_text(void *arg, const struct evidence *e, const struct diagnosis *d,
			       FILE *to)
{
	struct report r = report_of(e, d);

	report_doctor_text(&r, to);
}

static void say(void *arg, const char *text)
{
	complain("%s", text);
}

struct publisher {
	const char *path, *part;   // of the metrics' file; NULL: not wanted
	struct listener *listener; // NULL: likewise
	bool failing;
};

// Whole or not there: who collects it may come at any time.
static void write_textfile(struct publisher *p, const char *text, size_t len)
{
	FILE *to = fopen(p->part, "we");
	bool done = to != NULL;

	if (to) {
		done = fwrite(text, 1, len, to) == len && !fflush(to);
		done = !fclose(to) && done;
	}
	done = done && !rename(p->part, p->path);
	if (!done && !p->failing)
		complain("%s: %s", p->path, strerror(errno));
	p->failing = !done;
}

static void publish(void *arg, const struct watched_rows *rows)
{
	struct publisher *p = arg;
	char *text = NULL;
	size_t len = 0;
	FILE *to = open_memstream(&text, &len);

	if (!to)
		return;
	openmetrics_print(rows, to);
	if (!fclose(to)) {
		if (p->listener)
			listener_set(p->listener, text, len);
		if (p->path)
			write_textfile(p, text, len);
	}
	free(text);
}

static bool record(struct recording *r, const struct recording_settings *s, struct fail *why)
{
	while (!pause_is_over()) {
		if (recording_is_due(r) && !recording_tick(r, why))
			return false;
		if (recording_has_ended(r))
			return true;
		recording_wait(r);
	}
	return true;
}

static const char *find_mistake(const struct options *o)
{
	if (!o->output || !*o->output)
		return "record needs -o FILE.db";
	if (!strcmp(o->output, "-"))
		return "a history is a file that is written to again and again: it can't be -";
	if (o->has_every && o->every_s > 3600)
		return "--every takes at most an hour here";
	return NULL;
}

static int run(const struct options *o)
{
	const struct recording_settings settings = {
		.target = o->argument[0],
		.path = o->output,
		.every_s = o->has_every ? o->every_s : EVERY_S,
		.keep_s = o->keep_s > 0 ? o->keep_s : KEEP_S,
		.triggers = { o->on.limit_share, o->on.growth_per_s, o->on.full_gc_per_min,
			      o->on.rss, o->on.rss_share },
		.exec = o->exec,
	};
	struct publisher publisher = { 0 };
	const struct recording_writers writers = {
		.arg = &publisher,
		.publish = o->textfile || o->listen ? publish : NULL,
		.ledger = write_ledger,
		.verdict_json = write_verdict_json,
		.verdict_text = write_verdict_text,
		.say = say,
	};
	const char *mistake = find_mistake(o);
	struct arena mem = { 0 };
	struct recording *r;
	struct fail why;
	bool done;

	if (mistake) {
		complain("%s", mistake);
		return EXIT_USAGE;
	}
	if (o->textfile) {
		publisher.path = arena_format(&mem, "%s/jledger.prom", o->textfile);
		publisher.part = arena_format(&mem, "%s/.jledger.prom.part", o->textfile);
	}
	pause_note_signals();
	done = (!o->listen || listener_open(o->listen, &publisher.listener, &why)) &&
	       recording_open(&settings, &writers, discover_live_lean(&mem), &r, &why);
	if (done) {
		done = record(r, &settings, &why);
		recording_close(r);
	}
	if (!done)
		complain("%s", why.text);
	listener_close(publisher.listener);
	arena_drop(&mem);
	return done ? EXIT_DONE : EXIT_UNREADABLE;
}

const struct command cmd_record = {
	.name = "record",
	.sentence = "JVMs into a history, and a black box near the limit",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = OPTION_BIT(OUTPUT) | OPTION_BIT(EVERY) | OPTION_BIT(KEEP) |
		   OPTION_BIT(ON_LIMIT) | OPTION_BIT(ON_GROWTH) | OPTION_BIT(ON_FULL_GC) |
		   OPTION_BIT(ON_RSS) | OPTION_BIT(EXEC) | OPTION_BIT(TEXTFILE) |
		   OPTION_BIT(LISTEN),
	.about =
		"Watches TARGET, or with all every JVM of the machine as they come and go, and "
		"writes what it sees into the history -o names (an SQLite file). Every ten "
		"seconds, or --every so often, it reads the kernel's status of each JVM, its "
		"container's counters and its jvmstat file. The whole ledger is taken two seconds "
		"after a JVM's start, every ten minutes, and when something moved by 2 %, as far "
		"as a thousandth of a core goes. Samples are thinned as they age: the last of a "
		"minute, of ten minutes after a day, of an hour after a week, and those with the "
		"least and the most memory; after --keep they are gone. What has been written "
		"stays when the recorder is killed; the last minutes lie in a small file beside "
		"the history (-ring) too, from which the next start takes what is missing.\n\n"
		"--on-limit, --on-growth, --on-full-gc and --on-rss say when to look closely: then "
		"the ledger (.map.json), the verdict (.doctor.json, .doctor.txt) and a capture "
		"(.jlc.zip) are written beside the history, and the --exec command runs, its words "
		"split at blanks. Each fires once, and again when it has calmed down and ten "
		"minutes have passed. Of a container the kernel is asked to wake the recorder "
		"(thresholds of cgroup v1, for which it needs the right to write to "
		"cgroup.event_control; memory.events and pressure of v2); beside that the usage is "
		"read every few seconds. What counts is usage without inactive page cache.\n\n"
		"--listen serves, and --textfile writes, what is known after each tick in "
		"Prometheus' text format: "
		"names that dashboards for client_java know (jvm_...), the rest and the ledger's "
		"accounts as jledger_..., with the labels pid, main, container and account "
		"alone.\n\n"
		"How a JVM ended is kept with it: the kernel's exit status, its log where that may "
		"be read, the container's count of OOM kills, a crash log or a heap dump. doctor "
		"and map take the history as their target, also when the JVM is dead.\n\n"
		"No JVM is stopped, signalled, written to or attached to, and smaps is not read. "
		"Ends with Ctrl-C, or when the one process that a number names has ended.",
	.examples = "jledger record all -o jvms.db --on-limit 80% ## a black box for the machine\n"
		    "jledger record shop.jar -o shop.db --on-growth 20m/s --exec "
		    "/bin/page-me ## with an alarm\n"
		    "jledger doctor jvms.db --last ## what killed the JVM that ended last\n",
	.run = run,
};
