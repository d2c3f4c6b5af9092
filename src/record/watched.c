// SPDX-License-Identifier: Apache-2.0
// One JVM under watch: from the moment it is found to what can be said of its end.
#include <stdlib.h>
#include <string.h>

#include "collect/hsperf.h"
#include "collect/look.h"
#include "diagnose/ending.h"
#include "facts/jvms.h"
#include "record/inside.h"

// A parent mostly reaps its child at once; after that long the end is told without the exit status.
static const double SETTLED_S = 1;

bool watched_begin(struct recording *r, const struct jvm_row *row)
{
	struct watched *w = calloc(1, sizeof(*w));
	struct fail why;

	if (!w)
		return false;
	if (row->tier == TIER_D || row->kind != JVM_HOTSPOT ||
	    !fate_begin(r->fates, row->pid, row->ns_pid, &w->mem, &w->fate, &why)) {
		if (row->tier == TIER_D)
			recording_say(r,
				      "process %d is not recorded: it is another user's, and its "
				      "files can't be read",
				      row->pid);
		watched_drop(w);
		return false;
	}
	w->target = (struct target){ .pid = row->pid,
				     .ns_pid = row->ns_pid,
				     .files = r->files,
				     .tier = row->tier,
				     .live = true };
	w->main = row->main ? arena_text(&w->mem, row->main) : NULL;
	w->jdk = row->jdk ? arena_text(&w->mem, row->jdk) : NULL;
	w->container = row->container ? arena_text(&w->mem, row->container) : NULL;
	w->view.limit = w->view.working_set = w->view.heap_max = UNKNOWN_BYTES;
	w->next = r->all;
	r->all = w;
	r->had_any = true;
	return true;
}

void watched_drop(struct watched *w)
{
	if (w->fate)
		fate_end(w->fate);
	arena_drop(&w->mem);
	free(w);
}

bool watched_note(struct recording *r, struct watched *w, struct fail *why)
{
	return w->id || history_jvm(r->history, r->host, r->boot, w->target.pid, w->target.ns_pid,
				    fate_started_ns(w->fate), &w->id, why);
}

static void keep_text(char *to, size_t room, const char *text)
{
	size_t len = strnlen(text, room - 1);

	memcpy(to, text, len);
	to[len] = '\0';
}

static void keep(struct watched *w, const struct snapshot *s)
{
	w->sample = sample_of(s);
	if (w->sample.gc_cause) {
		keep_text(w->gc_cause, sizeof(w->gc_cause), w->sample.gc_cause);
		w->sample.gc_cause = w->gc_cause;
	}
	if (s->container.known && (!w->dir || strcmp(w->dir, s->container.dir) != 0)) {
		w->dir = arena_text(&w->mem, s->container.dir);
		w->v2 = s->container.v2;
	}
	if (!w->target.hsperf_path && s->fact[F_UID].known && s->fact[F_GC_COUNT].known) {
		struct arena mem = { 0 };
		const char *path =
			hsperf_find_file(w->target.files, w->target.pid, w->target.ns_pid,
					 (uint32_t)s->fact[F_UID].value, &mem);

		w->target.hsperf_path = path ? arena_text(&w->mem, path) : NULL;
		arena_drop(&mem);
	}
	if (!w->jdk && s->fact[F_JDK_VERSION].known)
		w->jdk = arena_text(&w->mem, s->fact[F_JDK_VERSION].text);
	if (!w->collector && s->fact[F_COLLECTOR].known)
		w->collector = arena_text(&w->mem, s->fact[F_COLLECTOR].text);
	w->view.heap_max = snapshot_get(s, F_HEAP_MAX, w->view.heap_max);
	w->view.limit = w->sample.value[SAMPLE_CONTAINER_limit];
	w->view.working_set = w->sample.value[SAMPLE_CONTAINER_working_set];
	w->seen_s = s->at_s;
	triggers_push(&w->view, s->at_s, w->sample.value[SAMPLE_RSS],
		      w->sample.value[SAMPLE_GC_FULL_COUNT]);
	w->sampled = true;
}

// A process hardly ever moves to another container: which one it is in is asked as rarely as for a whole
// look, and its counters alone in between.
static bool look_with_known_container(struct recording *r, struct watched *w, struct arena *mem,
				      struct snapshot *s, struct fail *why)
{
	const struct watchpoint_reading *got = &r->shared.reading;

	if (!look_briefly(&w->target, mem, s, why))
		return false;
	if (!r->shared.dir || strcmp(r->shared.dir, w->dir) != 0) {
		r->shared.dir = NULL;
		if (!watchpoint_read(r->files, w->dir, w->v2, mem, &r->shared.reading))
			return true;
		r->shared.dir = w->dir;
	}
	s->container.known = true;
	s->container.v2 = w->v2;
	s->container.dir = w->dir;
	s->container.limit = got->limit;
	s->container.usage = got->usage;
	s->container.working_set = got->working_set;
	s->container.oom_kills = got->oom_kills;
	s->container.limit_hits = got->limit_hits;
	return true;
}

static bool look(struct recording *r, struct watched *w, struct arena *mem, struct snapshot *s,
		 struct fail *why)
{
	static const double AGAIN_S = 600;

	if (w->dir && r->boot_s - w->dir_s < AGAIN_S)
		return look_with_known_container(r, w, mem, s, why);
	w->dir_s = r->boot_s;
	return look_at_tick(&w->target, mem, s, why);
}

void watched_sample(struct recording *r, struct watched *w)
{
	struct arena mem = { 0 };
	struct snapshot s;
	struct fail why;

	if (fate_is_over(w->fate)) {
		if (!w->over)
			w->over_s = r->boot_s;
		w->over = true;
		return;
	}
	if (look(r, w, &mem, &s, &why)) {
		struct ring_row row = { .pid = w->target.pid,
					.ns_pid = w->target.ns_pid,
					.started_ns = fate_started_ns(w->fate),
					.boot_s = s.at_s };

		keep(w, &s);
		row.sample = w->sample;
		row.sample.wall_s = r->wall_s;
		ring_write(r->ring, &row);
	} else {
		w->sampled = false;
	}
	arena_drop(&mem);
}

// ---- the end

struct end_note {
	struct watched *w;
	struct ending ending;
};

static bool write_end(struct recording *r, int64_t tick, void *arg, struct fail *why)
{
	const struct end_note *n = arg;

	return watched_note(r, n->w, why) &&
	       history_end(r->history, tick, n->w->id, n->ending.kind, n->ending.text, why) &&
	       history_event(r->history, tick, n->w->id, "end", n->ending.text, NULL, why);
}

static void tell_end(struct recording *r, struct watched *w)
{
	struct arena mem = { 0 };
	struct end_note note = { .w = w };
	struct end_evidence e;

	fate_learn(r->fates, w->fate, w->dir, w->v2, &mem, &e);
	e.oom_kills_before =
		w->view.count ? w->sample.value[SAMPLE_CONTAINER_oom_kills] : UNKNOWN_BYTES;
	e.limit = w->view.limit;
	e.working_set = w->view.working_set;
	e.rss = w->view.count ? w->sample.value[SAMPLE_RSS] : UNKNOWN_BYTES;
	e.old_used = w->view.count ? w->sample.value[SAMPLE_OLD_USED] : UNKNOWN_BYTES;
	e.old_committed = w->view.count ? w->sample.value[SAMPLE_OLD_COMMITTED] : UNKNOWN_BYTES;
	e.heap_max = w->view.heap_max;
	e.tick_age_s = w->view.count ? w->over_s - w->seen_s : 0;
	ending_judge(&e, &mem, &note.ending);
	recording_say(r, "process %d (%s) ended: %s", w->target.pid, w->main ? w->main : "?",
		      note.ending.text);
	// One that could not be written is told of by the next start: its ticks end there.
	recording_transact(r, write_end, &note);
	if (w->near_stem && !strcmp(note.ending.kind, "oom-kill"))
		blackbox_keep_near(r, w, "its limit killed it before the trigger's look");
	blackbox_drop_near(r, w);
	arena_drop(&mem);
}

void watched_see_ends(struct recording *r, double now_s)
{
	for (struct watched **at = &r->all; *at;) {
		struct watched *w = *at;

		if (!w->over && fate_is_over(w->fate)) {
			w->over = true;
			w->over_s = now_s;
		}
		if (!w->over || (!fate_is_settled(w->fate) && now_s - w->over_s < SETTLED_S)) {
			at = &w->next;
			continue;
		}
		tell_end(r, w);
		population_forget(&r->population, w->target.pid);
		*at = w->next;
		watched_drop(w);
	}
}
