// SPDX-License-Identifier: Apache-2.0
#include "cmd/gc_live.h"

#include <stdio.h>
#include <string.h>

#include "base/fail.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/pause.h"
#include "cmd/target.h"
#include "collect/discover.h"
#include "collect/look.h"
#include "collect/threadcpu.h"
#include "present/gc_live.h"
#include "present/json.h"
#include "present/jstat.h"

enum { HEAD_EVERY = 20 }; // lines of --jstat

struct gc_look {
	struct arena mem;
	struct snapshot snapshot;
	struct thread_cpus cpu;
};

struct live {
	const struct options *o;
	struct subject subject;
	struct gc_look first, now;
	unsigned count;
	json_t *samples; // of --json
};

// Columns of jstat need the jvmstat buffer alone.
static bool take(struct live *l, struct gc_look *s, struct fail *why)
{
	struct target target;
	bool done;

	*s = (struct gc_look){ 0 };
	if (!subject_open(&l->subject, 0, l->o, &s->mem, &target, why))
		return false;
	done = l->o->jstat ? look_briefly(&target, &s->mem, &s->snapshot, why)
			   : look_at(&target, &s->mem, &s->snapshot, why);
	if (done && l->o->jstat && !s->snapshot.jstat.count)
		done = fail(why, FAIL_ABSENT, "no columns of jstat: %s",
			    s->snapshot.misses.count ? s->snapshot.misses.at[0].text
						     : "the JDK's version is not known");
	if (done && !l->o->jstat)
		done = threadcpu_read(&target, &s->mem, &s->cpu, why);
	discover_close(&target);
	return done;
}

static void show(struct live *l, const struct gc_look *now)
{
	struct gc_live g = { &now->snapshot, &l->first.snapshot, &now->cpu, &l->first.cpu };

	if (l->samples) {
		json_add(l->samples, gc_live_json(&g, now->snapshot.at_s - l->first.snapshot.at_s));
	} else if (l->o->jstat) {
		if (l->count % HEAD_EVERY == 0)
			jstat_print_head(&now->snapshot.jstat, stdout);
		jstat_print_line(&now->snapshot.jstat, stdout);
	} else {
		gc_live_print(&g, stdout);
	}
	l->count++;
	fflush(stdout);
}

// With --jstat the first line is of now; else the first look is what later ones are measured by.
static bool watch(struct live *l, struct fail *why)
{
	const struct options *o = l->o;
	double end = o->has_for ? pause_clock() + o->for_s : 1e18;

	if (!take(l, &l->first, why))
		return false;
	if (o->jstat || (!o->has_for && !o->has_every))
		show(l, &l->first);
	if (!o->has_for && !o->has_every)
		return true;
	while (!pause_is_over() && pause_clock() < end && !ferror(stdout)) {
		double left = end - pause_clock();

		pause_for(o->has_every && o->every_s < left ? o->every_s : left);
		if (pause_is_over())
			break;
		arena_drop(&l->now.mem);
		if (!take(l, &l->now, why))
			return false;
		show(l, &l->now);
	}
	return true;
}

static void print_json(const struct live *l)
{
	const struct snapshot *s = &l->first.snapshot;
	json_t *object = json_object();

	json_set(object, "schema", json_integer(1));
	json_set(object, "pid", json_integer(s->pid));
	json_set(object, "collector",
		 json_of_text(s->fact[F_COLLECTOR].known ? s->fact[F_COLLECTOR].text : NULL));
	json_set(object, "jdk",
		 json_of_text(s->fact[F_JDK_VERSION].known ? s->fact[F_JDK_VERSION].text : NULL));
	json_set(object, "samples", json_incref(l->samples));
	json_print(object, stdout);
}

int gc_live_run(const struct options *o)
{
	struct arena mem = { 0 };
	struct live l = { .o = o };
	struct fail why;
	int code = EXIT_DONE;

	if (!subject_resolve(o->argument[0], &mem, &l.subject, &why)) {
		complain("%s", why.text);
		return EXIT_UNREADABLE;
	}
	if (o->json)
		l.samples = json_array();
	if (o->has_every)
		pause_note_signals();
	if (!watch(&l, &why)) {
		complain("%s", why.text);
		code = EXIT_UNREADABLE;
	}
	if (l.samples && l.count)
		print_json(&l);
	json_decref(l.samples);
	arena_drop(&l.first.mem);
	arena_drop(&l.now.mem);
	subject_close(&l.subject);
	arena_drop(&mem);
	return code;
}
