// SPDX-License-Identifier: Apache-2.0
#include "present/threads.h"

#include <stdio.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/pause.h"
#include "cmd/target.h"
#include "collect/discover.h"
#include "collect/look.h"
#include "collect/threadcpu.h"

static const double WINDOW_S = 5;
enum { ROWS = 20 };

// The look goes first: it costs the target nothing, but ourselves time that is not the window's.
static bool watch(const struct subject *s, const struct options *o, struct arena *mem,
		  struct snapshot *now, struct thread_cpus cpu[2], struct fail *why)
{
	struct target target;
	bool done;

	if (s->is_capture || s->history)
		return fail(why, FAIL_ABSENT, "CPU in a window is told of a running JVM only");
	if (!subject_open(s, 0, o, mem, &target, why))
		return false;
	done = look_at(&target, mem, now, why) && threadcpu_read(&target, mem, &cpu[0], why);
	if (done) {
		pause_for(o->has_for ? o->for_s : WINDOW_S);
		done = threadcpu_read(&target, mem, &cpu[1], why);
	}
	discover_close(&target);
	return done;
}

static int run(const struct options *o)
{
	struct arena mem = { 0 };
	struct subject subject;
	struct snapshot now;
	struct thread_cpus cpu[2];
	struct threads_report r = { &now, &cpu[0], &cpu[1], o->has_top ? o->top : ROWS };
	struct fail why;
	int code = EXIT_DONE;

	if (!subject_resolve(o->argument[0], &mem, &subject, &why)) {
		complain("%s", why.text);
		return EXIT_UNREADABLE;
	}
	if (!watch(&subject, o, &mem, &now, cpu, &why)) {
		complain("%s", why.text);
		code = EXIT_UNREADABLE;
	} else if (o->json) {
		threads_print_json(&r, stdout);
	} else {
		threads_print_text(&r, stdout);
	}
	subject_close(&subject);
	arena_drop(&mem);
	return code;
}

const struct command cmd_threads = {
	.name = "threads",
	.sentence = "who uses the CPU: threads by kind, with stack memory",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(FOR) | OPTION_BIT(TOP) |
		   OPTION_BIT(NO_ATTACH),
	.about = "Shows what each thread of TARGET used of the CPU within --for (5 s without it), "
		 "the "
		 "busiest first, with Java's whole name, its kind, the kernel's state letter and "
		 "how "
		 "much of its stack is in memory; above that the sums by kind: how much of the CPU "
		 "the "
		 "collector takes, and how much the compiler.\n\n"
		 "Kinds are java, gc, jit, vm (the VM's other threads) and native (of libraries). "
		 "What "
		 "threads used that ended in the window is a line of its own, in steps of 10 ms. A "
		 "thread that began after the look has no name and counts as native.\n\n"
		 "All comes from the kernel's accounts and the VM's memory, read from outside: "
		 "nothing "
		 "runs in the target, and no safepoint is asked for.",
	.examples = "jledger threads 4711 ## who is busy\n"
		    "jledger threads 4711 --for 30s --top 0 ## all threads, over half a minute\n",
	.run = run,
};
