// SPDX-License-Identifier: Apache-2.0
#include "cmd/command.h"
#include "cmd/watch.h"

struct outcome {
	bool finding;    // at or above --fail-on
	bool incomplete; // some fact is missing
};

static void judge_outcome(const struct report *r, const struct options *o, struct outcome *out)
{
	const struct diagnosis *d = r->diagnosis;

	for (size_t i = 0; i < d->held; i++) {
		const struct finding *f = &d->all[i];

		if (f->cause->kind != KIND_CAUSE || o->fail_on == FAIL_ON_NOTHING)
			continue;
		if (f->verdict == VERDICT_CONFIRMED || o->fail_on == FAIL_ON_LIKELY)
			out->finding = true;
	}
	if (r->now->misses.count || !r->ledger->by_page)
		out->incomplete = true;
}

static void show(const struct report *r, const struct options *o, void *arg)
{
	struct evidence e = {
		.now = r->now,
		.first = r->first,
		.ledger = r->ledger,
		.first_ledger = r->first_ledger,
		.window_s = r->window_s,
	};
	struct outcome *out = arg;
	struct report with = *r;
	struct arena mem = { 0 };
	struct diagnosis d;

	diagnose(&e, &mem, &d);
	with.diagnosis = &d;
	with.has_command = command_exists;
	if (o->json)
		report_doctor_json(&with, stdout);
	else
		report_doctor_text(&with, stdout);
	judge_outcome(&with, o, out);
	arena_drop(&mem);
}

static int run(const struct options *o)
{
	struct outcome out = { 0 };
	int code = watch_target(o, show, &out);

	if (code != EXIT_DONE)
		return code;
	if (out.finding)
		return EXIT_FINDING;
	return out.incomplete && o->require_complete ? EXIT_INCOMPLETE : EXIT_DONE;
}

const struct command cmd_doctor = {
	.name = "doctor",
	.sentence = "what is wrong with a JVM, what proves it, what to do",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 1,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(FOR) | OPTION_BIT(EVERY) |
		   OPTION_BIT(NO_ATTACH) | OPTION_BIT(PSS) | OPTION_BIT(CAUSES) |
		   OPTION_BIT(FAIL_ON) | OPTION_BIT(REQUIRE_COMPLETE),
	.about =
		"Considers every root cause of the catalogue and gives each a verdict: confirmed, "
		"likely, ruled out (by which fact) or cannot tell (which fact is missing, and how "
		"to get it). What holds is printed with the bytes it explains, its evidence and "
		"its remedy; --causes prints all of them. Growth needs a window: with --for the "
		"target is looked at twice, and not touched in between.\n\n"
		"Only a cause makes a JVM unhealthy. Risks and notes stand apart and never change "
		"the exit code.\n\n"
		"The target is not stopped, not signalled and not written to. Where its memory may "
		"not be read, the attach protocol of the JVM is asked for what it knows, which "
		"starts a thread in the target the first time; --no-attach forbids it.",
	.examples = "jledger doctor 4711 --for 30s ## watch for half a minute, then say what is "
		    "wrong\n"
		    "jledger doctor 4711 --causes ## every cause with its verdict and reason\n"
		    "jledger doctor all --json --fail-on confirmed ## for a script: exit 1 when a "
		    "cause is confirmed\n",
	.run = run,
};
