// SPDX-License-Identifier: Apache-2.0
#include "cmd/watch.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <unistd.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/moment.h"
#include "cmd/past.h"
#include "cmd/pause.h"
#include "cmd/target.h"
#include "collect/discover.h"
#include "collect/look.h"
#include "present/report.h"

// Between two pulses: short against a window of 30 s and the pauses between collections, and a
// thousandth of a core.
static const double PULSE_S = 0.2;

// Pulses of one JVM from its first look on.
struct pulse_taker {
	struct target target;
	struct arena mem; // of the target
	bool open;
	pulse_rows rows;
};

struct watch {
	const struct subject *subject;
	const struct options *options;
	watch_show *show;
	void *arg;
	struct arena mem;
	struct moment *first;       // of each JVM of the subject
	bool *lost;                 // it could not be read, which was said
	struct pulse_taker *takers; // of each JVM; NULL: no pulses are wanted
	bool shown;                 // a report was
};

static bool take_look(const struct watch *w, size_t index, struct moment *out, struct fail *why)
{
	return moment_take(w->subject, index, w->options, out, why);
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
			const pulse_rows *pulses, struct fail *why)
{
	const struct options *o = w->options;
	struct report r = moment_report(first, now, o);

	r.pulses = first != now ? pulses : NULL;
	if (w->shown && !o->json)
		putchar('\n');
	w->shown = true;
	w->show(&r, o, w->arg);
	if (fflush(stdout) || ferror(stdout))
		return fail_errno(why, errno, "standard output");
	return true;
}

static void begin_pulses(struct watch *w, size_t index)
{
	struct pulse_taker *t = &w->takers[index];

	t->open = subject_open(w->subject, index, w->options, &t->mem, &t->target, NULL);
	vec_push(&w->mem, &t->rows, pulse_of(&w->first[index].snapshot, &w->mem));
}

// One that can't be read now will be told of by the next look.
static void take_pulse(struct watch *w, size_t index)
{
	struct pulse_taker *t = &w->takers[index];
	struct arena mem = { 0 };
	struct snapshot s;
	struct fail why;

	if (t->open && look_briefly(&t->target, &mem, &s, &why))
		vec_push(&w->mem, &t->rows, pulse_of(&s, &w->mem));
	arena_drop(&mem);
}

static void end_pulses(struct watch *w, size_t index)
{
	struct pulse_taker *t = &w->takers[index];

	if (t->open)
		discover_close(&t->target);
	arena_drop(&t->mem);
}

static void take_pulses(struct watch *w)
{
	for (size_t i = 0; i < w->subject->count; i++)
		if (!w->lost[i])
			take_pulse(w, i);
}

// Waits, and on a terminal says how far it is.
static void wait_for(struct watch *w, double seconds, double passed, double whole)
{
	bool tell = isatty(STDERR_FILENO);
	double start = pause_clock();
	double longest = w->takers ? PULSE_S : tell ? 1 : seconds;

	for (double done = 0, said = -1; done < seconds; done = pause_clock() - start) {
		if (tell && floor(passed + done) > said) {
			said = floor(passed + done);
			fprintf(stderr, "\rwatching, %.0f of %.0f s ", said, whole);
		}
		pause_for(seconds - done > longest ? longest : seconds - done);
		if (w->takers)
			take_pulses(w);
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

	bool looked = take_look(w, index, &now, &why) && same_process(&w->first[index], &now, &why);

	if (looked && w->takers)
		vec_push(&w->mem, &w->takers[index].rows, pulse_of(&now.snapshot, &w->mem));
	if (!looked || !show_report(w, &w->first[index], &now,
				    w->takers ? &w->takers[index].rows : NULL, &why))
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

		wait_for(w, wait, passed, o->has_for ? whole : passed + wait);
		passed += wait;
		for (size_t i = 0; i < w->subject->count; i++)
			if (!w->lost[i])
				look_again(w, i);
	}
}

// All are looked at first, so that one window holds for all.
static size_t watch_live(struct watch *w, bool closely)
{
	const struct options *o = w->options;
	bool again = (o->has_for && o->for_s > 0) || o->has_every;
	struct fail why;

	w->first = arena_array(&w->mem, struct moment, w->subject->count);
	w->lost = arena_array(&w->mem, bool, w->subject->count);
	for (size_t i = 0; i < w->subject->count; i++) {
		struct moment *m = &w->first[i];

		if (!take_look(w, i, m, &why) || (!again && !show_report(w, m, m, NULL, &why)))
			lose(w, i, &why);
		if (!again || w->lost[i])
			arena_drop(&m->mem);
	}
	if (again && closely) {
		w->takers = arena_array(&w->mem, struct pulse_taker, w->subject->count);
		for (size_t i = 0; i < w->subject->count; i++)
			if (!w->lost[i])
				begin_pulses(w, i);
	}
	if (again)
		watch_on(w);
	for (size_t i = 0; i < w->subject->count; i++) {
		if (w->takers)
			end_pulses(w, i);
		arena_drop(&w->first[i].mem);
	}
	return count_left(w);
}

// The moments between the first and the last of a capture.
static void add_pulses_between(struct watch *w, size_t last, pulse_rows *rows)
{
	for (size_t i = 1; i < last; i++) {
		struct moment m;
		struct fail why;

		if (take_look(w, i, &m, &why))
			vec_push(&w->mem, rows, pulse_of(&m.snapshot, &w->mem));
		arena_drop(&m.mem);
	}
}

// Of a capture the first moment and the last, and where pulses are wanted all between.
static bool watch_moments(struct watch *w, bool closely)
{
	size_t last_index = w->subject->count - 1;
	struct moment first = { 0 }, last = { 0 };
	pulse_rows rows = { 0 };
	struct fail why;
	bool done = take_look(w, 0, &first, &why);

	if (done && last_index)
		done = take_look(w, last_index, &last, &why);
	if (done && closely && last_index) {
		vec_push(&w->mem, &rows, pulse_of(&first.snapshot, &w->mem));
		add_pulses_between(w, last_index, &rows);
		vec_push(&w->mem, &rows, pulse_of(&last.snapshot, &w->mem));
	}
	if (done)
		done = show_report(w, &first, last_index ? &last : &first, &rows, &why);
	if (!done)
		complain("%s", why.text);
	arena_drop(&first.mem);
	arena_drop(&last.mem);
	return done;
}

static int watch_as(const struct options *o, bool closely, watch_show *show, void *arg)
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
	if (s.history) {
		int code = past_show(&s, o, show, arg);

		subject_close(&s);
		arena_drop(&w.mem);
		return code;
	}
	w.subject = &s;
	read = s.is_capture ? watch_moments(&w, closely) : watch_live(&w, closely);
	subject_close(&s);
	arena_drop(&w.mem);
	return read ? EXIT_DONE : EXIT_UNREADABLE;
}

int watch_target(const struct options *o, watch_show *show, void *arg)
{
	return watch_as(o, false, show, arg);
}

int watch_closely(const struct options *o, watch_show *show, void *arg)
{
	return watch_as(o, true, show, arg);
}
