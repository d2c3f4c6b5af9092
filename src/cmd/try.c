// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/units.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/moment.h"
#include "cmd/pause.h"
#include "cmd/target.h"
#include "collect/discover.h"
#include "collect/experiment.h"
#include "present/trial.h"

// Memory of unloaded classes is returned by a thread of the VM, shortly after the collection.
static const double SETTLED_S = 0.3;

struct attempt {
	const struct options *o;
	struct subject subject;
	enum trial_kind kind;
	struct moment before, after;
	struct experiment_done done;
	struct arena mem;
};

// What will happen, in numbers where there are some.
static const char *impact(struct attempt *a)
{
	const struct snapshot *s = &a->before.snapshot;
	uint64_t count = snapshot_get(s, F_GC_FULL_COUNT, 0),
		 ns = snapshot_get(s, F_GC_FULL_TIME, 0);
	uint64_t used = snapshot_get(s, F_HEAP_USED, UNKNOWN_BYTES);
	const char *heap = "", *before = "none was made so far";

	if (a->kind == TRIAL_TRIM)
		return arena_format(
			&a->mem,
			"try trim makes malloc of process %d give free memory back. Each "
			"arena is locked while it is walked: threads that allocate in it "
			"wait, mostly some milliseconds, up to a second with gigabytes. Where "
			"the JVM has no command for it (JDK 8, others of before late 2023), a "
			"library that calls malloc_trim() is put into its /tmp, loaded, and "
			"removed: two pages of it stay mapped",
			s->pid);
	if (used != UNKNOWN_BYTES)
		heap = arena_format(&a->mem, " of a heap with %.0f MB in use", units_in_mb(used));
	if (count && ns)
		before = arena_format(&a->mem, "the last took %.2f s on average",
				      (double)ns / (double)count / 1e9);
	return arena_format(
		&a->mem,
		"try gc makes process %d collect its whole heap. Its threads stand still "
		"for a full collection%s (%s); softly reachable objects and the history "
		"of the collector may change",
		s->pid, heap, before);
}

static bool is_wanted(struct attempt *a, struct fail *why)
{
	char answer[16] = "";

	if (a->o->yes)
		return true;
	complain("%s", impact(a));
	if (!isatty(STDIN_FILENO))
		return fail(why, FAIL_DENIED,
			    "nothing was done; --yes does it without being asked");
	fprintf(stderr, "Go on? [y/N] ");
	return (fgets(answer, sizeof(answer), stdin) && (*answer == 'y' || *answer == 'Y')) ||
	       fail(why, FAIL_DENIED, "nothing was done");
}

static bool run_experiment(struct attempt *a, enum experiment e, struct fail *why)
{
	struct target target;
	bool done;

	if (!subject_open(&a->subject, 0, a->o, &a->mem, &target, why))
		return false;
	done = experiment_run(&target, &a->before.snapshot, e, &a->mem, &a->done, why);
	discover_close(&target);
	return done;
}

static bool look_after(struct attempt *a, struct trial *out, struct fail *why)
{
	const struct trial_moment before = { &a->before.snapshot, &a->before.ledger };
	const struct trial_moment after = { &a->after.snapshot, &a->after.ledger };

	moment_drop(&a->after);
	pause_for(SETTLED_S);
	if (!moment_take(&a->subject, 0, a->o, &a->after, why))
		return false;
	if (a->after.snapshot.fact[F_STARTED_AT].value !=
	    a->before.snapshot.fact[F_STARTED_AT].value)
		return fail(why, FAIL_GONE, "process %d ended, and another has its number",
			    a->before.snapshot.pid);
	trial_judge(a->kind, &before, &after, a->done.said, &a->mem, out);
	return true;
}

// Where GC.run is switched off, a histogram collects nevertheless: decision 0014.
static bool attempt(struct attempt *a, struct trial *out, struct fail *why)
{
	bool trim = a->kind == TRIAL_TRIM;

	if (!run_experiment(a, trim ? EXPERIMENT_TRIM : EXPERIMENT_GC, why) ||
	    !look_after(a, out, why))
		return false;
	if (trim || out->effect)
		return true;
	complain("%s: %s; trying GC.class_histogram, which collects first", a->done.command,
		 out->why_not);
	return run_experiment(a, EXPERIMENT_HISTOGRAM, why) && look_after(a, out, why);
}

static void show(struct attempt *a, const struct trial *trial)
{
	struct trial_report t = {
		.name = a->o->argument[1],
		.command = a->done.command,
		.said = a->done.said,
		.took_s = a->done.took_s,
		.trial = trial,
	};
	const struct report common = { .colour = a->o->colour, .tool_version = JLEDGER_VERSION };

	ledger_grow(&a->after.ledger, &a->before.ledger);
	t.before = t.after = common;
	t.before.now = t.before.first = t.after.first = &a->before.snapshot;
	t.before.ledger = t.before.first_ledger = t.after.first_ledger = &a->before.ledger;
	t.after.now = &a->after.snapshot;
	t.after.ledger = &a->after.ledger;
	t.after.window_s = a->after.snapshot.at_s - a->before.snapshot.at_s;
	if (a->o->json)
		trial_print_json(&t, stdout);
	else
		trial_print_text(&t, stdout);
}

static const char *find_mistake(const struct options *o)
{
	if (strcmp(o->argument[1], "gc") != 0 && strcmp(o->argument[1], "trim") != 0)
		return "try takes gc or trim";
	if (!strcmp(o->argument[0], "all"))
		return "try takes one JVM; jledger ps lists them";
	return NULL;
}

static int run(const struct options *o)
{
	struct attempt a = { .o = o };
	const char *mistake = find_mistake(o);
	struct trial trial;
	struct fail why;
	bool done;

	if (mistake) {
		complain("%s", mistake);
		return EXIT_USAGE;
	}
	a.kind = !strcmp(o->argument[1], "gc") ? TRIAL_GC : TRIAL_TRIM;
	if (!subject_resolve(o->argument[0], &a.mem, &a.subject, &why)) {
		complain("%s", why.text);
		arena_drop(&a.mem);
		return EXIT_UNREADABLE;
	}
	done = (!a.subject.is_capture ||
		fail(&why, FAIL_ABSENT, "%s is a capture; try takes a running JVM",
		     o->argument[0])) &&
	       moment_take(&a.subject, 0, o, &a.before, &why) && is_wanted(&a, &why) &&
	       attempt(&a, &trial, &why);
	if (done)
		show(&a, &trial);
	else
		complain("%s", why.text);
	moment_drop(&a.before);
	moment_drop(&a.after);
	subject_close(&a.subject);
	arena_drop(&a.mem);
	return done ? EXIT_DONE : EXIT_UNREADABLE;
}

const struct command cmd_try = {
	.name = "try",
	.sentence = "an experiment on a running JVM, and what it proves",
	.arguments = "TARGET gc|trim",
	.min_arguments = 2,
	.max_arguments = 2,
	.chunks = CHUNKS_FEW,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(YES),
	.about =
		"CHANGES THE TARGET: says what will happen, and asks on a terminal; scripts give "
		"--yes. The JVM is asked by its attach protocol, which starts a thread in it the "
		"first time.\n\n"
		"gc runs a full collection: all threads of the target stand still for it, some "
		"tenths of a second for a gigabyte of live objects. The ledger is taken before and "
		"after; what the collector and the classes gave back, and which families of "
		"classes "
		"were unloaded, tells garbage from what is held. Where -XX:+DisableExplicitGC "
		"makes "
		"GC.run do nothing, GC.class_histogram is run, which collects before it counts.\n\n"
		"trim makes malloc return what is free. Its arenas are locked meanwhile: threads "
		"that allocate wait. A JVM has System.trim_native_heap for it (JDK 11 and later, "
		"in "
		"updates of late 2023). Into one that has not, a library of one call (malloc_trim) "
		"is loaded: written to the JVM's own /tmp with mode 0600 and its user's id, and "
		"removed once loaded; two pages of it stay mapped. That needs glibc's malloc, and "
		"that -XX:-EnableDynamicAgentLoading was not given.\n\n"
		"An experiment that had no effect says so, and why.",
	.examples = "jledger try 4711 gc ## would a full collection free it?\n"
		    "jledger try 4711 trim --yes --json ## what malloc gives back, for a script\n",
	.run = run,
};
