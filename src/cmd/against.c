// SPDX-License-Identifier: Apache-2.0
#include "cmd/against.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/moment.h"
#include "cmd/target.h"
#include "present/report.h"

struct pair {
	struct subject now, old;
	bool has_now, has_old; // they are open
	struct moment now_moment, old_moment;
};

static bool open_pair(const struct options *o, struct arena *mem, struct pair *p, struct fail *why)
{
	p->has_old = subject_resolve(o->against, mem, &p->old, why);
	if (!p->has_old)
		return false;
	if (!p->old.is_capture)
		return fail(why, FAIL_CORRUPT, "--against takes a capture, which '%s' is not",
			    o->against);
	p->has_now = subject_resolve(o->argument[0], mem, &p->now, why);
	if (!p->has_now)
		return false;
	if (!p->now.is_capture && !p->now.history && p->now.all)
		return fail(why, FAIL_CORRUPT, "--against compares one JVM, not all");
	return true;
}

static void close_pair(struct pair *p)
{
	moment_drop(&p->now_moment);
	moment_drop(&p->old_moment);
	if (p->has_now)
		subject_close(&p->now);
	if (p->has_old)
		subject_close(&p->old);
}

// The start is known to a second, from clocks that were read at different times.
static bool is_same_process(const struct snapshot *a, const struct snapshot *b)
{
	const struct fact *x = &a->fact[F_STARTED_AT], *y = &b->fact[F_STARTED_AT];

	return a->pid == b->pid && !strcmp(a->host, b->host) && x->known && y->known &&
	       llabs((long long)x->value - (long long)y->value) <= 1;
}

static bool show_pair(struct pair *p, const struct options *o, watch_show *show, void *arg,
		      struct fail *why)
{
	struct moment *now = &p->now_moment, *old = &p->old_moment;
	struct report_against against = {
		.capture = o->against,
		.same_process = is_same_process(&old->snapshot, &now->snapshot),
	};
	struct report r = {
		.now = &now->snapshot,
		.first = &old->snapshot,
		.ledger = &now->ledger,
		.first_ledger = &old->ledger,
		.window_s = (double)(now->snapshot.wall_s - old->snapshot.wall_s),
		.against = &against,
		.by = o->by,
		.top = o->top,
		.all_rows = o->has_top && !o->top,
		.all_causes = o->causes,
		.colour = o->colour,
		.tool_version = JLEDGER_VERSION,
	};

	if (r.window_s < 0)
		return fail(why, FAIL_CORRUPT, "%s is newer than what it is compared with",
			    o->against);
	ledger_grow(&now->ledger, &old->ledger);
	show(&r, o, arg);
	if (fflush(stdout) || ferror(stdout))
		return fail_errno(why, errno, "standard output");
	return true;
}

int against_show(const struct options *o, watch_show *show, void *arg)
{
	struct pair *p;
	struct arena mem = { 0 };
	struct fail why;
	bool done;

	if (o->has_for || o->has_every) {
		complain("--against looks once: --for and --every don't go with it");
		return EXIT_USAGE;
	}
	p = arena_new(&mem, struct pair);
	done = open_pair(o, &mem, p, &why) &&
	       moment_take(&p->old, p->old.count - 1, o, &p->old_moment, &why) &&
	       moment_take(&p->now, p->now.count - 1, o, &p->now_moment, &why) &&
	       show_pair(p, o, show, arg, &why);
	if (!done)
		complain("%s", why.text);
	close_pair(p);
	arena_drop(&mem);
	return done ? EXIT_DONE : EXIT_UNREADABLE;
}
