// SPDX-License-Identifier: Apache-2.0
#include "cmd/watch.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/target.h"
#include "collect/discover.h"
#include "collect/look.h"
#include "present/report.h"

struct moment {
	struct arena mem;
	struct snapshot snapshot;
	struct ledger ledger;
};

static bool take_look(const struct subject *s, size_t index, const struct options *o,
		      struct moment *out, struct fail *why)
{
	struct target target;
	bool done;

	*out = (struct moment){ 0 };
	if (!subject_open(s, index, o, &out->mem, &target, why))
		return false;
	done = look_at(&target, &out->mem, &out->snapshot, why) &&
	       ledger_build(&out->snapshot, &out->mem, &out->ledger, why);
	if (done && s->is_capture)
		out->snapshot.capture = s->path;
	discover_close(&target);
	return done;
}

static bool same_process(const struct moment *first, const struct moment *now, struct fail *why)
{
	const struct fact *a = &first->snapshot.fact[F_STARTED_AT];
	const struct fact *b = &now->snapshot.fact[F_STARTED_AT];

	// Derived from boot time and ticks, the second may come out one off.
	if (a->known && b->known && b->value > a->value + 1)
		return fail(why, FAIL_GONE, "process %d ended, and its number is another's now",
			    now->snapshot.pid);
	return true;
}

static void show_report(const struct moment *first, struct moment *now, const struct options *o,
			watch_show *show, void *arg)
{
	struct report r = {
		.now = &now->snapshot,
		.first = &first->snapshot,
		.ledger = &now->ledger,
		.first_ledger = &first->ledger,
		.by = o->by,
		.top = o->top,
		.all_rows = o->has_top && !o->top,
		.all_causes = o->causes,
		.colour = o->colour,
		.tool_version = JLEDGER_VERSION,
	};

	if (first != now) {
		r.window_s = now->snapshot.at_s - first->snapshot.at_s;
		ledger_grow(&now->ledger, &first->ledger);
	}
	show(&r, arg);
}

static void sleep_for(double seconds)
{
	struct timespec left = { .tv_sec = (time_t)seconds };

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

// One report each time that `step` has passed, until `whole` has.
static bool watch_on(const struct subject *s, size_t index, const struct options *o,
		     const struct moment *first, watch_show *show, void *arg, struct fail *why)
{
	double whole = o->has_for ? o->for_s : 1e18;
	double step = o->has_every && o->every_s < whole ? o->every_s : whole;

	for (double passed = 0; passed < whole;) {
		double wait = step < whole - passed ? step : whole - passed;
		struct moment now;
		bool done;

		sleep_for(wait);
		passed += wait;
		done = take_look(s, index, o, &now, why) && same_process(first, &now, why);
		if (done)
			show_report(first, &now, o, show, arg);
		arena_drop(&now.mem);
		if (!done)
			return false;
		fflush(stdout);
	}
	return true;
}

static bool watch_moments(const struct subject *s, const struct options *o, watch_show *show,
			  void *arg, struct fail *why)
{
	struct moment first = { 0 }, last = { 0 };
	bool done = take_look(s, 0, o, &first, why);

	if (done && s->count > 1)
		done = take_look(s, s->count - 1, o, &last, why);
	if (done)
		show_report(&first, s->count > 1 ? &last : &first, o, show, arg);
	arena_drop(&first.mem);
	arena_drop(&last.mem);
	return done;
}

bool watch_run(const struct subject *s, size_t index, const struct options *o, watch_show *show,
	       void *arg, struct fail *why)
{
	struct moment first;
	bool done;

	if (s->is_capture)
		return watch_moments(s, o, show, arg, why);
	done = take_look(s, index, o, &first, why);
	if (done && !o->has_for && !o->has_every)
		show_report(&first, &first, o, show, arg);
	else if (done)
		done = watch_on(s, index, o, &first, show, arg, why);
	arena_drop(&first.mem);
	return done;
}

int watch_target(const struct options *o, watch_show *show, void *arg)
{
	struct arena mem = { 0 };
	struct subject s;
	struct fail why;
	size_t jvms, read = 0;

	if (!subject_resolve(o->argument[0], &mem, &s, &why)) {
		fprintf(stderr, "jledger: %s\n", why.text);
		arena_drop(&mem);
		return EXIT_UNREADABLE;
	}
	jvms = s.is_capture ? 1 : s.count;
	for (size_t i = 0; i < jvms; i++) {
		if (i && !o->json)
			putchar('\n');
		if (watch_run(&s, i, o, show, arg, &why)) {
			read++;
			fflush(stdout);
		} else {
			fprintf(stderr, "jledger: %s\n", why.text);
		}
	}
	subject_close(&s);
	arena_drop(&mem);
	return read ? EXIT_DONE : EXIT_UNREADABLE;
}
