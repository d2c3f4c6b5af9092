// SPDX-License-Identifier: Apache-2.0
#include "cmd/past.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/target.h"
#include "cmd/times.h"
#include "present/report.h"

struct range { // of wall clocks
	double from_s, to_s;
	bool at; // the latest look up to `to_s` alone
};

static double end_of(const struct subject *s)
{
	double end = -INFINITY;

	for (size_t i = 0; i < s->jvms.count; i++)
		end = fmax(end, s->jvms.at[i].last_wall_s);
	return end;
}

static bool find_range(const struct subject *s, const struct options *o, struct range *out,
		       struct fail *why)
{
	struct range r = { -INFINITY, INFINITY, o->at != NULL };
	double end = end_of(s);

	if (o->at && (o->from || o->to))
		return fail(why, FAIL_CORRUPT,
			    "--at is one moment: --from and --to don't go with it");
	if ((o->from && !times_parse(o->from, end, &r.from_s, why)) ||
	    (o->to && !times_parse(o->to, end, &r.to_s, why)) ||
	    (o->at && !times_parse(o->at, end, &r.to_s, why)))
		return false;
	// A second that was named is meant to its end.
	r.to_s += 0.999;
	if (r.from_s > r.to_s)
		return fail(why, FAIL_CORRUPT, "--from is later than --to");
	*out = r;
	return true;
}

// One that ended before one that did not, the latest end first.
static bool is_later(const struct past_jvm *a, const struct past_jvm *b)
{
	if (a->ended != b->ended)
		return a->ended;
	return a->ended ? a->end_s > b->end_s : a->last_s > b->last_s;
}

static bool overlaps(const struct past_jvm *j, const struct range *r)
{
	return j->first_wall_s <= r->to_s && j->last_wall_s >= r->from_s;
}

static void pick(const struct subject *s, const struct options *o, const struct range *r,
		 struct arena *mem, past_jvms *out)
{
	const struct past_jvm *last = NULL;

	*out = (past_jvms){ 0 };
	for (size_t i = 0; i < s->jvms.count; i++) {
		const struct past_jvm *j = &s->jvms.at[i];

		if (!overlaps(j, r))
			continue;
		if (!o->last)
			vec_push(mem, out, *j);
		else if (!last || is_later(j, last))
			last = j;
	}
	if (last)
		vec_push(mem, out, *last);
}

// Indexes of the looks in range; false: none.
static bool looks_within(const past_looks *looks, const struct range *r, size_t *first,
			 size_t *last)
{
	bool found = false;

	for (size_t i = 0; i < looks->count; i++)
		if (looks->at[i].wall_s >= r->from_s && looks->at[i].wall_s <= r->to_s) {
			if (!found)
				*first = i;
			*last = i;
			found = true;
		}
	return found;
}

static bool load(const struct subject *s, const struct past_look *look, struct moment *out,
		 struct fail *why)
{
	return history_load(s->history, look->id, &out->mem, &out->snapshot, &out->ledger, why);
}

struct view { // of one JVM
	const struct subject *subject;
	const struct options *o;
	struct range range;
	struct arena mem;
	struct report_past past;
	past_looks looks;
	sample_rows samples;
	pulse_rows pulses;
	past_events events;
	size_t first_look, last_look;
	struct moment first, now;
};

static void find_course(struct view *v)
{
	double *at = arena_array(&v->mem, double, v->samples.count + 1);
	double *rss = arena_array(&v->mem, double, v->samples.count + 1);
	size_t count = 0;

	for (size_t i = 0; i < v->samples.count; i++) {
		const struct sample *row = &v->samples.at[i];

		if (row->value[SAMPLE_RSS] == UNKNOWN_BYTES || row->wall_s < v->range.from_s ||
		    row->wall_s > v->range.to_s)
			continue;
		if (!count)
			v->past.from_wall_s = row->wall_s;
		v->past.to_wall_s = row->wall_s;
		v->past.last = *row;
		if (!count)
			v->past.first = *row;
		at[count] = row->at_s;
		rss[count++] = (double)row->value[SAMPLE_RSS];
	}
	v->past.samples = count;
	course_of(at, rss, count, &v->past.rss);
	for (size_t i = 0; i < v->samples.count && v->past.rss.known; i++)
		if (v->samples.at[i].at_s <= v->past.rss.since_s)
			v->past.since_wall_s = v->samples.at[i].wall_s;
}

// The look to compare with: the last before the growth began.
static size_t choose_first(const struct view *v)
{
	size_t chosen = v->first_look;

	if (!v->past.rss.growing || v->past.rss.from_the_start)
		return chosen;
	for (size_t i = v->first_look; i < v->last_look; i++)
		if (v->looks.at[i].at_s <= v->past.rss.since_s)
			chosen = i;
	return chosen;
}

static void add_pulses(struct view *v)
{
	vec_push(&v->mem, &v->pulses, pulse_of(&v->first.snapshot, &v->mem));
	for (size_t i = 0; i < v->samples.count; i++)
		if (v->samples.at[i].at_s > v->first.snapshot.at_s &&
		    v->samples.at[i].at_s < v->now.snapshot.at_s)
			vec_push(&v->mem, &v->pulses, sample_pulse(&v->samples.at[i]));
	vec_push(&v->mem, &v->pulses, pulse_of(&v->now.snapshot, &v->mem));
}

static void show_view(struct view *v, bool window, watch_show *show, void *arg)
{
	const struct options *o = v->o;
	struct moment *first = window ? &v->first : &v->now, *now = &v->now;
	struct report r = moment_report(first, now, o);

	r.past = &v->past;
	if (window) {
		add_pulses(v);
		r.pulses = &v->pulses;
	}
	show(&r, o, arg);
}

static bool show_jvm(struct view *v, watch_show *show, void *arg, struct fail *why)
{
	const struct past_jvm *j = &v->past.jvm;
	bool window;
	size_t first;

	if (!history_looks(v->subject->history, j->id, &v->mem, &v->looks, why) ||
	    !history_samples(v->subject->history, j->id, -INFINITY, INFINITY, &v->mem, &v->samples,
			     why) ||
	    !history_events(v->subject->history, j->id, &v->mem, &v->events, why))
		return false;
	v->past.path = v->subject->path;
	v->past.events = &v->events;
	find_course(v);
	if (!looks_within(&v->looks, &v->range, &v->first_look, &v->last_look))
		return fail(why, FAIL_ABSENT, "%s: process %d has no whole look in that time%s%s",
			    v->subject->path, j->pid, j->ended ? "; it ended: " : "",
			    j->ended && j->end_text ? j->end_text : "");
	first = v->range.at ? v->last_look : choose_first(v);
	window = first < v->last_look;
	if (!load(v->subject, &v->looks.at[v->last_look], &v->now, why) ||
	    (window && !load(v->subject, &v->looks.at[first], &v->first, why)))
		return false;
	v->past.look_wall_s = v->looks.at[v->last_look].wall_s;
	v->now.snapshot.capture = v->first.snapshot.capture = v->subject->path;
	show_view(v, window, show, arg);
	return true;
}

int past_show(const struct subject *s, const struct options *o, watch_show *show, void *arg)
{
	struct arena mem = { 0 };
	size_t shown = 0;
	struct range range;
	struct fail why;
	past_jvms jvms;

	if (!find_range(s, o, &range, &why)) {
		complain("%s", why.text);
		return EXIT_USAGE;
	}
	pick(s, o, &range, &mem, &jvms);
	if (!jvms.count)
		complain("%s holds no JVM in that time", s->path);
	for (size_t i = 0; i < jvms.count; i++) {
		struct view v = { .subject = s, .o = o, .range = range };

		v.past.jvm = jvms.at[i];
		if (shown && !o->json)
			putchar('\n');
		if (show_jvm(&v, show, arg, &why))
			shown++;
		else
			complain("%s", why.text);
		moment_drop(&v.first);
		moment_drop(&v.now);
		arena_drop(&v.mem);
	}
	arena_drop(&mem);
	return shown ? EXIT_DONE : EXIT_UNREADABLE;
}

bool past_take(const struct subject *s, const struct options *o, struct moment *out,
	       struct fail *why)
{
	struct arena mem = { 0 };
	struct range range;
	past_looks looks;
	past_jvms jvms;
	size_t first = 0, last = 0;
	bool done;

	*out = (struct moment){ 0 };
	if (!find_range(s, o, &range, why))
		return false;
	pick(s, o, &range, &mem, &jvms);
	done = jvms.count == 1 ||
	       fail(why, FAIL_CORRUPT,
		    "%s holds %zu JVMs in that time: --last, or a history of one", s->path,
		    jvms.count);
	done = done && history_looks(s->history, jvms.at[0].id, &mem, &looks, why);
	if (done && !looks_within(&looks, &range, &first, &last))
		done = fail(why, FAIL_ABSENT, "%s has no whole look in that time", s->path);
	done = done && load(s, &looks.at[last], out, why);
	if (done)
		out->snapshot.capture = s->path;
	arena_drop(&mem);
	return done;
}
