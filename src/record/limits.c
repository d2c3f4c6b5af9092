// SPDX-License-Identifier: Apache-2.0
// Containers, and the machine, that near their limit: the kernel wakes us where it can, and readings of
// two small files stand beside it, the more often the sooner the limit would be reached.
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "collect/look.h"
#include "record/inside.h"

// Between two readings.  A wake-up by a threshold leaves little to ask for; a group that only tells of
// limits that were hit must be asked.
static const double LEAST_S = 0.1, ASK_S = 1, ARMED_S = 5;

// The kernel is asked to wake us at these shares of what is left to the limit, from the wanted share on.
static const double STEPS[] = { 0, 0.25, 0.5, 0.75 };

static bool is_of(const struct limit_group *g, const char *dir)
{
	return g->dir ? dir && !strcmp(g->dir, dir) : !dir;
}

// The machine's memory counts where the container has no limit.
static const char *dir_of(const struct watched *w)
{
	return w->dir && w->view.limit != UNKNOWN_BYTES && !w->view.of_machine ? w->dir : NULL;
}

static struct limit_group *find_group(struct recording *r, const char *dir, bool v2)
{
	struct limit_group *g;

	for (g = r->groups; g; g = g->next)
		if (is_of(g, dir))
			return g;
	g = calloc(1, sizeof(*g));
	if (!g || (dir && !(g->dir = strdup(dir)))) {
		free(g);
		return NULL;
	}
	g->v2 = v2;
	g->latest = (struct watchpoint_reading){ UNKNOWN_BYTES, UNKNOWN_BYTES, UNKNOWN_BYTES,
						 UNKNOWN_BYTES, UNKNOWN_BYTES };
	g->pressure = (struct pressure){ -1, -1, -1, -1 };
	g->next = r->groups;
	r->groups = g;
	return g;
}

static void arm(struct recording *r, struct limit_group *g)
{
	enum { STEP_COUNT = sizeof(STEPS) / sizeof(STEPS[0]) };
	double shares[STEP_COUNT], from = r->settings->triggers.limit_share;
	struct fail why;

	if (!g->dir || g->latest.limit == UNKNOWN_BYTES || g->limit == g->latest.limit)
		return;
	if (g->armed)
		watchpoint_disarm(&g->pressure);
	for (size_t i = 0; i < STEP_COUNT; i++)
		shares[i] = from + (1 - from) * STEPS[i];
	g->limit = g->latest.limit;
	g->armed = watchpoint_arm(g->dir, g->v2, g->limit, shares, STEP_COUNT, &g->pressure, &why);
	if (!g->armed)
		recording_say(r,
			      "the kernel won't wake us near the limit (%s): its usage is read "
			      "every second instead",
			      why.text);
}

static void drop_group(struct limit_group *g)
{
	if (g->armed)
		watchpoint_disarm(&g->pressure);
	free(g->dir);
	free(g);
}

static void read_group(struct recording *r, struct limit_group *g, double now_s)
{
	struct watchpoint_reading before = g->latest;
	struct arena mem = { 0 };

	g->woken = false;
	if (watchpoint_read(r->files, g->dir, g->v2, &mem, &g->latest)) {
		if (g->read_s > 0 && now_s > g->read_s && before.working_set != UNKNOWN_BYTES &&
		    g->latest.working_set != UNKNOWN_BYTES)
			g->rate = ((double)g->latest.working_set - (double)before.working_set) /
				  (now_s - g->read_s);
		g->read_s = now_s;
	}
	arena_drop(&mem);
}

void limits_update(struct recording *r)
{
	if (r->settings->triggers.limit_share <= 0)
		return;
	for (struct limit_group *g = r->groups; g; g = g->next)
		g->used = false;
	for (struct watched *w = r->all; w; w = w->next) {
		struct limit_group *g;

		if (w->over || !w->sampled)
			continue;
		g = find_group(r, dir_of(w), w->v2);
		if (!g)
			continue;
		if (!g->read_s)
			read_group(r, g, r->boot_s);
		g->used = true;
		arm(r, g);
	}
	for (struct limit_group **at = &r->groups; *at;) {
		struct limit_group *g = *at;

		if (g->used) {
			at = &g->next;
			continue;
		}
		*at = g->next;
		drop_group(g);
	}
}

size_t limits_poll(const struct recording *r, struct pollfd *fds, size_t room)
{
	size_t count = 0;

	for (const struct limit_group *g = r->groups; g; g = g->next)
		if (g->armed && count + PRESSURE_FDS <= room)
			count += watchpoint_poll(&g->pressure, fds + count);
	return count;
}

void limits_wake(struct recording *r)
{
	for (struct limit_group *g = r->groups; g; g = g->next)
		if (g->armed) {
			watchpoint_clear(&g->pressure);
			g->woken = true;
		}
}

// When to read this one again.
static double due_at(const struct recording *r, const struct limit_group *g)
{
	double bound = r->settings->triggers.limit_share * (double)g->latest.limit;
	double wait = g->armed && !g->v2 ? ARMED_S : ASK_S, left;

	if (g->woken)
		return 0;
	if (g->latest.limit != UNKNOWN_BYTES && g->latest.working_set != UNKNOWN_BYTES) {
		left = bound - (double)g->latest.working_set;
		// Page cache may have crossed the threshold before anonymous memory did: then no
		// event comes any more.
		if (g->latest.usage != UNKNOWN_BYTES && (double)g->latest.usage >= bound)
			wait = fmin(wait, ASK_S);
		if (g->rate > 0 && left > 0)
			wait = fmin(wait, fmax(left / g->rate / 3, LEAST_S));
	}
	return g->read_s + wait;
}

double limits_due(const struct recording *r)
{
	double due = INFINITY;

	for (const struct limit_group *g = r->groups; g; g = g->next)
		due = fmin(due, due_at(r, g));
	return due;
}

// Fires for the JVM of the group that holds most.
static void judge_group(struct recording *r, struct limit_group *g, double now_s)
{
	static const double REST_S = 600;
	const struct trigger_settings only = { .limit_share = r->settings->triggers.limit_share };
	struct watched *most = NULL;
	struct arena mem = { 0 };
	const char *why = NULL;
	unsigned fired = 0;

	for (struct watched *w = r->all; w; w = w->next) {
		if (w->over || !w->sampled || !is_of(g, dir_of(w)))
			continue;
		w->view.of_machine = !g->dir;
		w->view.limit = g->latest.limit;
		w->view.working_set = g->latest.working_set;
		w->seen_s = now_s;
		fired |= triggers_judge(&only, &w->view, w->state, now_s, REST_S, &mem, &why);
		// What is published and stored is the container's, of which there is none.
		if (!g->dir)
			w->view.limit = UNKNOWN_BYTES;
		if (!most || w->sample.value[SAMPLE_RSS] > most->sample.value[SAMPLE_RSS])
			most = w;
		w->view.of_machine = false;
	}
	if (fired && most)
		blackbox_fire(r, most, fired, why);
	else if (most && limits_are_near(r, most))
		blackbox_prepare(r, most, now_s);
	arena_drop(&mem);
}

void limits_check(struct recording *r, double now_s)
{
	for (struct limit_group *g = r->groups; g; g = g->next) {
		if (now_s < due_at(r, g))
			continue;
		read_group(r, g, now_s);
		judge_group(r, g, now_s);
	}
}

bool limits_are_near(const struct recording *r, const struct watched *w)
{
	static const double SOON_S = 15;

	for (const struct limit_group *g = r->groups; g; g = g->next) {
		double rate = fmax(g->rate, triggers_growth(&w->view)), left;

		if (!is_of(g, dir_of(w)) || g->latest.limit == UNKNOWN_BYTES ||
		    g->latest.working_set == UNKNOWN_BYTES || w->state[TRIGGER_LIMIT].fired)
			continue;
		left = r->settings->triggers.limit_share * (double)g->latest.limit -
		       (double)g->latest.working_set;
		if (rate > 0 && left < rate * SOON_S)
			return true;
	}
	return false;
}

void limits_drop(struct recording *r)
{
	while (r->groups) {
		struct limit_group *g = r->groups;

		r->groups = g->next;
		drop_group(g);
	}
}
