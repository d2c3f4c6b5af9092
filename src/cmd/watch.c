// SPDX-License-Identifier: Apache-2.0
#include "cmd/watch.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/pause.h"
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
	const struct options *options;
	watch_show *show;
	void *arg;
	struct arena mem;
	struct moment *first; // of each JVM of the subject
	bool *lost;           // it could not be read, which was said
	bool shown;           // a report was
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
	enum { APART_MS = 5 }; // ticks are 10 ms; the differences below are off by 2
	const struct fact *a = &first->snapshot.fact[F_UPTIME];
	const struct fact *b = &now->snapshot.fact[F_UPTIME];
	double window_ms = (now->snapshot.at_s - first->snapshot.at_s) * 1000;

	if (a->known && b->known && (double)b->value + APART_MS < (double)a->value + window_ms)
		return fail(why, FAIL_GONE, "process %d ended, and its number is another's now",
			    now->snapshot.pid);
	return true;
}

static bool show_report(struct watch *w, const struct moment *first, struct moment *now,
			struct fail *why)
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
	if (w->shown && !o->json)
		putchar('\n');
	w->shown = true;
	w->show(&r, o, w->arg);
	if (fflush(stdout) || ferror(stdout))
		return fail_errno(why, errno, "standard output");
	return true;
}

// Waits, and on a terminal says how far it is.
static void wait_for(double seconds, double passed, double whole)
{
	bool tell = isatty(STDERR_FILENO);

	for (double done = 0; done < seconds;) {
		double step = tell && seconds - done > 1 ? 1 : seconds - done;

		if (tell)
			fprintf(stderr, "\rwatching, %.0f of %.0f s ", passed + done, whole);
		pause_for(step);
		done += step;
	}
	if (tell)
		fputs("\r\033[K", stderr);
}

static void lose(struct watch *w, size_t index, const struct fail *why)
{
	complain("%s", why->text);
	w->lost[index] = true;
}

static void look_again(struct watch *w, size_t index)
{
	struct moment now;
	struct fail why;

	if (!take_look(w, index, &now, &why) || !same_process(&w->first[index], &now, &why) ||
	    !show_report(w, &w->first[index], &now, &why))
		lose(w, index, &why);
	arena_drop(&now.mem);
}

static size_t count_left(const struct watch *w)
{
	size_t left = 0;

	for (size_t i = 0; i < w->subject->count; i++)
		left += !w->lost[i];
	return left;
}

// Reports of all JVMs each time that `step` has passed, until `whole` has.
static void watch_on(struct watch *w)
{
	const struct options *o = w->options;
	double whole = o->has_for ? o->for_s : 1e9;
	double step = o->has_every && o->every_s < whole ? o->every_s : whole;

	for (double passed = 0; passed < whole && count_left(w);) {
		double wait = step < whole - passed ? step : whole - passed;

		wait_for(wait, passed, o->has_for ? whole : passed + wait);
		passed += wait;
		for (size_t i = 0; i < w->subject->count; i++)
			if (!w->lost[i])
				look_again(w, i);
	}
}

// All are looked at first, so that one window holds for all.
static size_t watch_live(struct watch *w)
{
	const struct options *o = w->options;
	bool again = (o->has_for && o->for_s > 0) || o->has_every;
	struct fail why;

	w->first = arena_array(&w->mem, struct moment, w->subject->count);
	w->lost = arena_array(&w->mem, bool, w->subject->count);
	for (size_t i = 0; i < w->subject->count; i++) {
		struct moment *m = &w->first[i];

		if (!take_look(w, i, m, &why) || (!again && !show_report(w, m, m, &why)))
			lose(w, i, &why);
		if (!again || w->lost[i])
			arena_drop(&m->mem);
	}
	if (again)
		watch_on(w);
	for (size_t i = 0; i < w->subject->count; i++)
		arena_drop(&w->first[i].mem);
	return count_left(w);
}

// Of a capture the first moment and the last.
static bool watch_moments(struct watch *w)
{
	size_t last_index = w->subject->count - 1;
	struct moment first = { 0 }, last = { 0 };
	struct fail why;
	bool done = take_look(w, 0, &first, &why);

	if (done && last_index)
		done = take_look(w, last_index, &last, &why);
	if (done)
		done = show_report(w, &first, last_index ? &last : &first, &why);
	if (!done)
		complain("%s", why.text);
	arena_drop(&first.mem);
	arena_drop(&last.mem);
	return done;
}

int watch_target(const struct options *o, watch_show *show, void *arg)
{
	struct watch w = { .options = o, .show = show, .arg = arg };
	struct subject s;
	struct fail why;
	size_t read;

	if (!subject_resolve(o->argument[0], &w.mem, &s, &why)) {
		complain("%s", why.text);
		arena_drop(&w.mem);
		return EXIT_UNREADABLE;
	}
	w.subject = &s;
	read = s.is_capture ? watch_moments(&w) : watch_live(&w);
	subject_close(&s);
	arena_drop(&w.mem);
	return read ? EXIT_DONE : EXIT_UNREADABLE;
}
