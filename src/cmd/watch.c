// SPDX-License-Identifier: Apache-2.0
#include "cmd/watch.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

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

struct watch {
	const struct subject *subject;
	size_t index;
	const struct options *options;
	watch_show *show;
	void *arg;
};

static bool take_look(const struct watch *w, size_t index, struct moment *out, struct fail *why)
{
	struct target target;
	bool done;

	*out = (struct moment){ 0 };
	if (!subject_open(w->subject, index, w->options, &out->mem, &target, why))
		return false;
	done = look_at(&target, &out->mem, &out->snapshot, why) &&
	       ledger_build(&out->snapshot, &out->mem, &out->ledger, why);
	if (done && w->subject->is_capture)
		out->snapshot.capture = w->subject->path;
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

static void show_report(const struct watch *w, const struct moment *first, struct moment *now)
{
	const struct options *o = w->options;
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
	w->show(&r, w->arg);
	fflush(stdout);
}

static void sleep_for(double seconds)
{
	struct timespec left = { .tv_sec = (time_t)seconds };

	left.tv_nsec = (long)((seconds - (double)left.tv_sec) * 1e9);
	while (nanosleep(&left, &left) && errno == EINTR)
		;
}

// Waits, and on a terminal says how far it is.
static void wait_for(double seconds, double passed, double whole)
{
	bool tell = isatty(STDERR_FILENO);

	for (double done = 0; done < seconds;) {
		double step = tell && seconds - done > 1 ? 1 : seconds - done;

		if (tell)
			fprintf(stderr, "\rwatching, %.0f of %.0f s ", passed + done, whole);
		sleep_for(step);
		done += step;
	}
	if (tell)
		fputs("\r\033[K", stderr);
}

// One report each time that `step` has passed, until `whole` has.
static bool watch_on(const struct watch *w, const struct moment *first, struct fail *why)
{
	const struct options *o = w->options;
	double whole = o->has_for ? o->for_s : 1e9;
	double step = o->has_every && o->every_s < whole ? o->every_s : whole;

	for (double passed = 0; passed < whole;) {
		double wait = step < whole - passed ? step : whole - passed;
		struct moment now;
		bool done;

		wait_for(wait, passed, o->has_for ? whole : passed + wait);
		passed += wait;
		done = take_look(w, w->index, &now, why) && same_process(first, &now, why);
		if (done)
			show_report(w, first, &now);
		arena_drop(&now.mem);
		if (!done)
			return false;
	}
	return true;
}

static bool watch_moments(const struct watch *w, struct fail *why)
{
	size_t last_index = w->subject->count - 1;
	struct moment first = { 0 }, last = { 0 };
	bool done = take_look(w, 0, &first, why);

	if (done && last_index)
		done = take_look(w, last_index, &last, why);
	if (done)
		show_report(w, &first, last_index ? &last : &first);
	arena_drop(&first.mem);
	arena_drop(&last.mem);
	return done;
}

bool watch_run(const struct subject *s, size_t index, const struct options *o, watch_show *show,
	       void *arg, struct fail *why)
{
	struct watch w = { s, index, o, show, arg };
	struct moment first;
	bool done;

	if (s->is_capture)
		return watch_moments(&w, why);
	done = take_look(&w, index, &first, why);
	if (done && ((o->has_for && o->for_s > 0) || o->has_every))
		done = watch_on(&w, &first, why);
	else if (done)
		show_report(&w, &first, &first);
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
		} else {
			fprintf(stderr, "jledger: %s\n", why.text);
		}
	}
	subject_close(&s);
	arena_drop(&mem);
	return read ? EXIT_DONE : EXIT_UNREADABLE;
}
