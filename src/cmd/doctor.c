// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/gclog_verdict.h"
#include "cmd/watch.h"
#include "present/doctor_html.h"
#include "present/html.h"
#include "store/capture.h"
#include "store/history.h"

struct seen {
	bool finding;                    // at or above --fail-on
	bool incomplete;                 // some fact is missing
	const struct aftermath_old *old; // of --against; NULL: not given
	FILE *page;                      // of --html; NULL: not given
	const struct gclog_verdict *log; // of --gc-log; NULL: not given
};

static void judge_outcome(const struct report *r, const struct options *o, struct seen *out)
{
	const struct diagnosis *d = r->diagnosis;

	for (size_t i = 0; i < d->held; i++) {
		const struct finding *f = &d->all[i];

		if (f->cause->kind != KIND_CAUSE || o->fail_on == FAIL_ON_NOTHING)
			continue;
		if (f->verdict == VERDICT_CONFIRMED || o->fail_on == FAIL_ON_LIKELY)
			out->finding = true;
	}
	if (!r->log_alone && (r->now->misses.count || !r->ledger->by_page))
		out->incomplete = true;
}

static struct evidence evidence_of(const struct report *r)
{
	return (struct evidence){
		.now = r->now,
		.first = r->first,
		.ledger = r->ledger,
		.first_ledger = r->first_ledger,
		.window_s = r->window_s,
		.pulses = r->pulses,
	};
}

static void show(const struct report *r, const struct options *o, void *arg)
{
	struct evidence e = evidence_of(r);
	struct seen *out = arg;
	struct aftermath after;
	struct report with = *r;
	struct arena mem = { 0 };
	struct diagnosis d;

	if (out->log && !gclog_verdict_fits(out->log, r->now)) {
		complain("the GC log is of the collector %s, and process %d runs %s: it is another "
			 "JVM's and is left out",
			 out->log->stats.collector, r->now->pid, r->now->fact[F_COLLECTOR].text);
	} else if (out->log) {
		gclog_verdict_add(out->log, &e);
		with.log = &out->log->report;
	}
	diagnose(&e, &mem, &d);
	with.diagnosis = &d;
	with.has_command = command_takes_jvm;
	if (out->old) {
		aftermath_of(out->old, &e, &d, &mem, &after);
		with.aftermath = &after;
		with.aftermath_of = o->against;
	}
	if (out->page)
		doctor_html_section(&with, out->page);
	if (out->page == stdout)
		; // which holds the page alone
	else if (o->json)
		report_doctor_json(&with, stdout);
	else
		report_doctor_text(&with, stdout);
	judge_outcome(&with, o, out);
	arena_drop(&mem);
}

// Growth needs a window; long enough for a few collections and for pace to show.
static const double USUAL_WINDOW_S = 30;

struct keeper {
	struct arena mem;
	struct aftermath_old old;
};

static void keep(const struct report *r, const struct options *o, void *arg)
{
	struct evidence e = evidence_of(r);
	struct keeper *k = arg;
	struct diagnosis d;

	diagnose(&e, &k->mem, &d);
	aftermath_keep(&e, &d, &k->mem, &k->old);
}

// What the older capture says, over all its moments.
static int look_back(const struct options *o, struct keeper *k)
{
	struct options old = *o;

	if (!capture_is_one(o->against)) {
		complain("--against takes a capture, which '%s' is not", o->against);
		return EXIT_UNREADABLE;
	}
	old.argument[0] = o->against;
	old.has_for = old.has_every = false;
	return watch_closely(&old, keep, k);
}

// Before the target is watched for half a minute.
static bool open_page(const struct options *o, struct seen *out)
{
	if (!o->html)
		return true;
	out->page = strcmp(o->html, "-") != 0 ? fopen(o->html, "we") : stdout;
	if (!out->page) {
		complain("%s: %s", o->html, strerror(errno));
		return false;
	}
	html_begin("jledger doctor", out->page);
	return true;
}

static bool close_page(const struct options *o, struct seen *out)
{
	bool failed;

	if (!out->page)
		return true;
	html_end(out->page);
	failed = fflush(out->page) || ferror(out->page);
	if (out->page != stdout)
		failed |= fclose(out->page) != 0;
	if (failed)
		complain("%s could not be written", o->html);
	return !failed;
}

// Beside --gc-log a further file is another part of the log, so that a pattern of the shell names them all.
static bool is_target(const char *argument)
{
	char *end;

	strtoul(argument, &end, 10);
	return !*end || !strcmp(argument, "all") || access(argument, F_OK) ||
	       capture_is_one(argument) || history_is_one(argument);
}

static bool sort_arguments(struct options *o)
{
	const char *target = NULL;

	for (int i = 0; i < o->arguments; i++) {
		if (!o->gc_logs || is_target(o->argument[i])) {
			if (target)
				return false;
			target = o->argument[i];
		} else if (o->gc_logs < ARGUMENT_LIMIT) {
			o->gc_log[o->gc_logs++] = o->argument[i];
		}
	}
	o->argument[0] = target;
	o->arguments = target != NULL;
	return target || o->gc_logs;
}

// A log and nothing else.
static int judge_log(const struct options *o, struct gclog_verdict *v)
{
	struct seen out = { 0 };

	if (o->against || o->has_for || o->has_every) {
		complain("%s looks at a JVM, and only a GC log was named", o->against ? "--against"
									   : o->has_for
										   ? "--for"
										   : "--every");
		return EXIT_USAGE;
	}
	gclog_verdict_judge_alone(v, o);
	if (!gclog_verdict_page(v, o))
		return EXIT_UNREADABLE;
	if (o->html && !strcmp(o->html, "-"))
		; // which holds the page alone
	else if (o->json)
		report_doctor_json(&v->alone, stdout);
	else
		gc_print_verdict(&v->report, stdout);
	judge_outcome(&v->alone, o, &out);
	return out.finding ? EXIT_FINDING : EXIT_DONE;
}

static int watch(const struct options *o, const struct gclog_verdict *log, struct keeper *k)
{
	struct seen out = { .log = log };
	int code = o->against ? look_back(o, k) : EXIT_DONE;

	if (code != EXIT_DONE)
		return code;
	out.old = o->against ? &k->old : NULL;
	if (!open_page(o, &out))
		return EXIT_UNREADABLE;
	code = watch_closely(o, show, &out);
	if (!close_page(o, &out))
		return EXIT_UNREADABLE;
	if (code != EXIT_DONE)
		return code;
	if (out.finding)
		return EXIT_FINDING;
	return out.incomplete && o->require_complete ? EXIT_INCOMPLETE : EXIT_DONE;
}

// Of a capture the moments are what they are.
static int run(const struct options *o)
{
	struct options with = *o;
	struct keeper k = { 0 };
	int code;

	if (o->json && o->html && !strcmp(o->html, "-")) {
		complain("--json and --html - both write to standard output");
		return EXIT_USAGE;
	}
	if (!sort_arguments(&with)) {
		complain(with.gc_logs || o->arguments ? "doctor takes one target"
						      : "doctor needs a TARGET, or --gc-log FILE; "
							"jledger doctor -h says more");
		return EXIT_USAGE;
	}
	if (with.arguments && !o->has_for && !o->has_every) {
		with.has_for = true;
		with.for_s = USUAL_WINDOW_S;
	}
	if (!with.gc_logs) {
		code = watch(&with, NULL, &k);
	} else {
		struct gclog_verdict *v = calloc(1, sizeof(*v));
		struct fail why;

		if (!v)
			abort();
		if (!gclog_verdict_read(v, with.gc_log, (size_t)with.gc_logs, &why)) {
			complain("%s", why.text);
			code = EXIT_UNREADABLE;
		} else {
			code = with.arguments ? watch(&with, v, &k) : judge_log(&with, v);
		}
		gclog_verdict_drop(v);
		free(v);
	}
	arena_drop(&k.mem);
	return code;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.sentence = "what is wrong with a JVM, what proves it, what to do",
	.arguments = "TARGET",
	.min_arguments = 0, // with --gc-log
	.max_arguments = ARGUMENT_LIMIT,
	.chunks = CHUNKS_ONCE,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(FOR) | OPTION_BIT(EVERY) |
		   OPTION_BIT(NO_ATTACH) | OPTION_BIT(PSS) | OPTION_BIT(CAUSES) |
		   OPTION_BIT(AGAINST) | OPTION_BIT(GC_LOG) | OPTION_BIT(FAIL_ON) |
		   OPTION_BIT(HTML) | OPTION_BIT(REQUIRE_COMPLETE) | OPTION_BIT(FROM) |
		   OPTION_BIT(TO) | OPTION_BIT(LAST),
	.about =
		"Considers every root cause of the catalogue and gives each a verdict: confirmed, "
		"likely, ruled out (by which fact) or cannot tell (which fact is missing, and how "
		"to get it). What holds is printed with the bytes it explains, its evidence and "
		"its remedy; --causes prints all of them. Growth needs a window: the target is "
		"looked at, watched for 30 seconds or as long as --for says (the jvmstat file is "
		"read meanwhile, not its memory), and looked at again. --for 0 answers at once, by "
		"what is there.\n\n"
		"--against names an older capture, of this run or of another: each cause that held "
		"there is said to be fixed, not fixed or not to be told, and new ones are named. "
		"Take the capture with --samples, so that it has a window too.\n\n"
		"--html writes one page that loads nothing, with all of it: what holds and its "
		"proof, the ledger, what was ruled out and what can't be told.\n\n"
		"--gc-log takes the JVM's GC log in, so that one verdict is made of both: what "
		"either saw "
		"holds, and what the other says against it stands beside it. Without a target the "
		"log is "
		"judged alone. Its parts may follow as further files.\n\n"
		"Of a history (jledger record) each JVM of it is judged by what was recorded, also "
		"when it is long dead: since when its memory grows and how fast, how it ended, and "
		"what grew since the look in front of that. --from and --to choose a span of time, "
		"--last the JVM that ended last.\n\n"
		"Only a cause makes a JVM unhealthy. Risks and notes stand apart and never change "
		"the exit code.\n\n"
		"The target is not stopped, not signalled and not written to. Where its memory may "
		"not be read, the attach protocol of the JVM is asked for what it knows, which "
		"starts a thread in the target the first time; --no-attach forbids it.",
	.examples = "jledger doctor 4711 ## watch for half a minute, then say what is wrong\n"
		    "jledger doctor 4711 --for 0 --causes ## at once: every cause with its verdict "
		    "and reason\n"
		    "jledger doctor 4711 --html report.html ## the same as a page to send\n"
		    "jledger doctor 4711 --gc-log gc.log ## with what its GC log tells of the "
		    "hours before\n"
		    "jledger doctor --gc-log gc.log.* ## a log alone, of several parts\n"
		    "jledger doctor jvms.db --last ## what killed the JVM that ended last\n"
		    "jledger doctor all --json --fail-on confirmed ## for a script: exit 1 when a "
		    "cause is confirmed\n",
	.run = run,
};
