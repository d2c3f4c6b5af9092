// SPDX-License-Identifier: Apache-2.0
// Whole looks: the first of a JVM, one every ten minutes, and one when something moved, as far as the
// allowance of CPU goes.
#include <malloc.h>
#include <math.h>
#include <string.h>
#include <time.h>

#include "collect/discover.h"
#include "collect/look.h"
#include "record/inside.h"

static const double INTERVAL_S = 600;
static const double MOVED = 0.02;

// A young JVM grows all the time: its first look waits until it has started.
static const double FIRST_AFTER_S = 2;

// What has to move by MOVED, and at least so much.
static const struct {
	enum sample_id id;
	uint64_t least;
} MOVES[] = {
	{ SAMPLE_RSS, 4 << 20 }, { SAMPLE_SWAP, 4 << 20 },       { SAMPLE_HEAP_COMMITTED, 4 << 20 },
	{ SAMPLE_THREADS, 8 },   { SAMPLE_CLASSES_LOADED, 200 }, { SAMPLE_CLASSES_UNLOADED, 200 },
};

static bool has_moved(const struct watched *w)
{
	for (size_t i = 0; i < sizeof(MOVES) / sizeof(MOVES[0]); i++) {
		uint64_t now = w->sample.value[MOVES[i].id], then = w->at_look.value[MOVES[i].id];
		uint64_t apart = now > then ? now - then : then - now;

		if (now != UNKNOWN_BYTES && then != UNKNOWN_BYTES && apart >= MOVES[i].least &&
		    (double)apart >= MOVED * (double)then)
			return true;
	}
	return false;
}

static double cpu_s(void)
{
	struct timespec t;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct look_note {
	struct watched *w;
	const char *reason;
	const struct snapshot *s;
	const struct ledger *l;
};

static bool write_look(struct recording *r, int64_t tick, void *arg, struct fail *why)
{
	const struct look_note *n = arg;

	return watched_note(r, n->w, why) &&
	       history_look(r->history, tick, n->w->id, n->reason, n->s, n->l, why);
}

void looks_remember(struct recording *r, struct watched *w, const struct ledger *l)
{
	w->looked = true;
	w->looked_s = l->of->at_s;
	w->at_look = w->sample;
	for (int i = 0; i < ACCOUNT_COUNT; i++) {
		const struct account_row *row = &l->rows[i];

		w->account[i] = (struct watched_account){
			ACCOUNTS[i].id,
			row->unknown ? UNKNOWN_BYTES : row->resident,
			row->unknown ? UNKNOWN_BYTES : row->committed,
			row->unknown ? UNKNOWN_BYTES : row->used,
		};
	}
	w->account[ACCOUNT_COUNT] = (struct watched_account){ "unaccounted", l->unaccounted,
							      UNKNOWN_BYTES, UNKNOWN_BYTES };
}

bool looks_take(struct recording *r, struct watched *w, const char *reason)
{
	struct arena mem = { 0 };
	double before = cpu_s();
	struct target target;
	struct snapshot s;
	struct ledger l;
	struct fail why;
	bool done = false;

	if (discover_open(r->files, w->target.pid, &mem, &target, &why)) {
		target.may_attach = false;
		if (look_at(&target, &mem, &s, &why) && ledger_build(&s, &mem, &l, &why)) {
			struct look_note note = { w, reason, &s, &l };

			recording_transact(r, write_look, &note);
			looks_remember(r, w, &l);
			done = true;
		}
		discover_close(&target);
	}
	arena_drop(&mem);
	malloc_trim(0);
	r->allowance_s -= cpu_s() - before;
	return done;
}

// Boot clock: of the first look of a JVM, which does not wait for a tick.
static double first_due(const struct watched *w)
{
	double started = (double)fate_started_ns(w->fate) / 1e9 + FIRST_AFTER_S;

	// One that can't be looked at is tried again at each tick.
	return w->looked || w->tried || w->over || !w->sampled ? INFINITY : started;
}

double looks_due(const struct recording *r)
{
	double due = INFINITY;

	for (const struct watched *w = r->all; w; w = w->next)
		due = fmin(due, first_due(w));
	return due;
}

void looks_take_first(struct recording *r, double now_s)
{
	for (struct watched *w = r->all; w; w = w->next)
		if (now_s >= first_due(w)) {
			w->tried = true;
			looks_take(r, w, "first");
		}
}

void looks_take_due(struct recording *r)
{
	looks_take_first(r, r->boot_s);
	for (struct watched *w = r->all; w; w = w->next) {
		double age = r->boot_s - w->looked_s;

		if (w->over || !w->sampled || limits_are_near(r, w))
			continue;
		if (!w->looked && w->tried)
			looks_take(r, w, "first");
		else if (w->looked && age >= INTERVAL_S)
			looks_take(r, w, "interval");
		else if (w->looked && r->allowance_s > 0 && age >= r->settings->every_s / 2 &&
			 has_moved(w))
			looks_take(r, w, "moved");
	}
}
