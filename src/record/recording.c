// SPDX-License-Identifier: Apache-2.0
#include "record/recording.h"

#include <math.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "collect/look.h"
#include "record/inside.h"

enum { POLL_ROOM = 1024 };

static const double WAIT_S = 1; // at most, so that a signal is seen soon
static const double THIN_EVERY_S = 3600;
static const double REST_S = 600;      // of a trigger that fired
static const double JUMP_S = 5;        // the wall clock moved this far by itself
static const double ALLOWANCE = 0.001; // of a core, for looks because something moved
static const double ALLOWANCE_MAX_S = 3;

void recording_say(struct recording *r, const char *format, ...)
{
	struct arena mem = { 0 };
	va_list arguments;

	va_start(arguments, format);
	r->writers->say(r->writers->arg, arena_format_list(&mem, format, arguments));
	va_end(arguments);
	arena_drop(&mem);
}

// ---- the history

static bool transact(struct recording *r, recording_write *write, void *arg, struct fail *why)
{
	struct arena mem = { 0 };
	double boot_s, wall_s;
	int64_t tick;
	bool done = look_clock(r->files, &mem, &boot_s, &wall_s, why);

	arena_drop(&mem);
	if (!done || !history_begin(r->history, why))
		return false;
	if (history_tick(r->history, r->host, r->boot, boot_s, wall_s, &tick, why) &&
	    write(r, tick, arg, why) && history_commit(r->history, why))
		return true;
	history_rollback(r->history);
	return false;
}

// Rows that a rolled-back transaction made are not there.
static void forget_rows(struct recording *r)
{
	for (struct watched *w = r->all; w; w = w->next)
		w->id = 0;
}

// ---- what a ring holds that the history does not

struct replay {
	const ring_rows *rows;
	size_t at; // the next to take
};

static bool replay_tick(struct recording *r, struct replay *p, struct fail *why)
{
	double boot_s = p->rows->at[p->at].boot_s, wall_s = p->rows->at[p->at].sample.wall_s;
	int64_t tick, jvm;

	if (!history_tick(r->history, r->host, r->boot, boot_s, wall_s, &tick, why))
		return false;
	// Those of one tick have one wall clock.
	for (; p->at < p->rows->count && p->rows->at[p->at].sample.wall_s == wall_s; p->at++) {
		const struct ring_row *row = &p->rows->at[p->at];

		if (!history_jvm(r->history, r->host, r->boot, row->pid, row->ns_pid,
				 row->started_ns, &jvm, why) ||
		    !history_sample(r->history, tick, jvm, &row->sample, why))
			return false;
	}
	return true;
}

static bool replay_ring(struct recording *r, const ring_rows *rows, size_t *taken, struct fail *why)
{
	struct replay p = { rows, 0 };
	double last;

	*taken = 0;
	if (history_last_tick(r->history, r->boot, &last))
		while (p.at < rows->count && rows->at[p.at].boot_s <= last)
			p.at++;
	if (p.at == rows->count)
		return true;
	if (!history_begin(r->history, why))
		return false;
	*taken = rows->count - p.at;
	while (p.at < rows->count)
		if (!replay_tick(r, &p, why)) {
			history_rollback(r->history);
			return false;
		}
	if (history_commit(r->history, why))
		return true;
	history_rollback(r->history);
	return false;
}

// After ticks that could not be written: all that the ring has of them, with the latest.
static bool catch_up(struct recording *r)
{
	struct arena mem = { 0 };
	size_t taken = 0;
	ring_rows rows;
	struct fail why;
	bool done = ring_rows_of(r->ring, r->boot, &mem, &rows, &why) &&
		    replay_ring(r, &rows, &taken, &why);

	arena_drop(&mem);
	if (done) {
		recording_say(r, "%s can be written again; %zu samples came from the ring",
			      r->settings->path, taken);
		r->failing = false;
	}
	return done;
}

bool recording_transact(struct recording *r, recording_write *write, void *arg)
{
	struct fail why;

	// What the ring has comes first: nothing older is taken from it than what is written.
	if (r->failing && !catch_up(r))
		return false;
	if (transact(r, write, arg, &why))
		return true;
	forget_rows(r);
	recording_say(r, "%s; the ring keeps the last minutes until it can be written again",
		      why.text);
	r->failing = true;
	return false;
}

// ---- opening

static const char *read_line(const struct tree *files, const char *path, struct arena *mem)
{
	struct span text, line;

	if (!tree_read(files, path, mem, &text, NULL) || !span_take_line(&text, &line))
		return "";
	return arena_copy(mem, line.at, line.len);
}

bool recording_open(const struct recording_settings *s, const struct recording_writers *w,
		    const struct tree *files, struct recording **out, struct fail *why)
{
	struct recording *r = calloc(1, sizeof(*r));
	struct arena scratch = { 0 };
	ring_rows left = { 0 };
	size_t taken = 0;
	bool done;

	if (!r)
		return fail(why, FAIL_OS, "no memory");
	*r = (struct recording){ .settings = s, .writers = w, .files = files };
	r->population = (struct population){ .files = files, .target = s->target };
	r->allowance_s = ALLOWANCE_MAX_S;
	r->host = read_line(files, "/proc/sys/kernel/hostname", &r->mem);
	r->boot = read_line(files, "/proc/sys/kernel/random/boot_id", &r->mem);
	r->fates = fates_open(files, &r->mem);
	done = ring_open(arena_format(&r->mem, "%s-ring", s->path), r->boot, &scratch, &left,
			 &r->ring, why) &&
	       history_open(s->path, HISTORY_WRITE, &r->history, why) &&
	       replay_ring(r, &left, &taken, why);
	arena_drop(&scratch);
	if (!done) {
		recording_close(r);
		return false;
	}
	if (taken)
		recording_say(r, "%zu samples of an earlier recorder are taken over from its ring",
			      taken);
	if (fates_log_denied(r->fates))
		recording_say(r,
			      "the kernel's log can't be read (%s): an OOM kill is told by the "
			      "container's counter",
			      fates_log_denied(r->fates));
	*out = r;
	return true;
}

void recording_close(struct recording *r)
{
	while (r->all) {
		struct watched *w = r->all;

		r->all = w->next;
		blackbox_drop_near(r, w);
		watched_drop(w);
	}
	limits_drop(r);
	population_drop(&r->population);
	history_close(r->history);
	ring_close(r->ring);
	if (r->fates)
		fates_close(r->fates);
	arena_drop(&r->mem);
	free(r);
}

// ---- a tick

static void found(void *arg, const struct jvm_row *row)
{
	watched_begin(arg, row);
}

struct tick_note {
	double jump_s; // of the wall clock since the latest tick
};

static bool write_tick(struct recording *r, int64_t tick, void *arg, struct fail *why)
{
	const struct tick_note *n = arg;

	for (struct watched *w = r->all; w; w = w->next)
		if (!w->over && w->sampled &&
		    (!watched_note(r, w, why) ||
		     !history_sample(r->history, tick, w->id, &w->sample, why)))
			return false;
	if (fabs(n->jump_s) >= JUMP_S) {
		struct arena mem = { 0 };
		bool done = history_event(
			r->history, tick, 0, "clock-jump",
			arena_format(&mem, "the wall clock jumped by %.0f s", n->jump_s), NULL,
			why);

		arena_drop(&mem);
		return done;
	}
	return true;
}

static void judge_triggers(struct recording *r)
{
	struct trigger_settings here = r->settings->triggers;

	here.limit_share = 0; // limits_check() sees to it
	for (struct watched *w = r->all; w; w = w->next) {
		struct arena mem = { 0 };
		const char *why = NULL;
		unsigned fired = 0;

		if (!w->over && w->sampled)
			fired = triggers_judge(&here, &w->view, w->state, r->boot_s, REST_S, &mem,
					       &why);
		if (fired)
			blackbox_fire(r, w, fired, why);
		arena_drop(&mem);
	}
}

static void publish(struct recording *r)
{
	struct arena mem = { 0 };
	VEC(struct watched_row) rows = { 0 };
	struct watched_rows all;

	if (!r->writers->publish)
		return;
	for (struct watched *w = r->all; w; w = w->next)
		if (!w->over && w->sampled)
			vec_push(&mem, &rows,
				 (struct watched_row){
					 .pid = w->target.pid,
					 .main = w->main,
					 .jdk = w->jdk,
					 .collector = w->collector,
					 .container = w->container,
					 .sample = &w->sample,
					 .heap_max = w->view.heap_max,
					 .looked_s = w->looked ? r->boot_s - w->looked_s : -1,
					 .account = w->account,
					 .accounts = w->looked ? ACCOUNT_COUNT + 1 : 0,
				 });
	all = (struct watched_rows){ rows.at,   rows.count, r->host,      r->boot_s,
				     r->wall_s, r->ticks,   r->ticks_late };
	r->writers->publish(r->writers->arg, &all);
	arena_drop(&mem);
}

static void thin(struct recording *r)
{
	struct fail why;

	if (r->boot_s - r->thinned_s < THIN_EVERY_S)
		return;
	if (r->thinned_s > 0 && !r->failing && !history_thin(r->history, r->settings->keep_s, &why))
		recording_say(r, "thinning: %s", why.text);
	r->thinned_s = r->boot_s;
}

bool recording_tick(struct recording *r, struct fail *why)
{
	struct arena mem = { 0 };
	double boot_s, wall_s;
	struct tick_note note = { 0 };
	bool done = look_clock(r->files, &mem, &boot_s, &wall_s, why);

	arena_drop(&mem);
	if (!done)
		return false;
	if (r->ticked) {
		note.jump_s = (wall_s - r->wall_s) - (boot_s - r->boot_s);
		r->allowance_s =
			fmin(ALLOWANCE_MAX_S, r->allowance_s + (boot_s - r->boot_s) * ALLOWANCE);
	}
	r->boot_s = boot_s;
	r->wall_s = wall_s;
	r->due_s = fmax(boot_s, r->ticked ? r->due_s : boot_s) + r->settings->every_s;
	if (r->due_s > boot_s + r->settings->every_s)
		r->due_s = boot_s + r->settings->every_s;
	r->ticked = true;
	r->ticks++;
	if (!population_update(&r->population, boot_s, found, r, why))
		return false;
	r->shared.dir = NULL;
	for (struct watched *w = r->all; w; w = w->next)
		watched_sample(r, w);
	r->shared.dir = NULL;
	if (!(r->failing ? catch_up(r) : recording_transact(r, write_tick, &note)))
		r->ticks_late++;
	watched_see_ends(r, boot_s);
	limits_update(r);
	limits_check(r, boot_s);
	judge_triggers(r);
	looks_take_due(r);
	publish(r);
	thin(r);
	return true;
}

// ---- between ticks

static double clock_now(struct recording *r)
{
	struct arena mem = { 0 };
	double boot_s = r->boot_s, wall_s;

	look_clock(r->files, &mem, &boot_s, &wall_s, NULL);
	arena_drop(&mem);
	return boot_s;
}

bool recording_is_due(const struct recording *r)
{
	return !r->ticked || clock_now((struct recording *)r) >= r->due_s;
}

bool recording_has_ended(const struct recording *r)
{
	char *end;
	long pid = strtol(r->settings->target, &end, 10);

	return pid > 0 && !*end && !r->all && r->ticked;
}

void recording_wait(struct recording *r)
{
	static const double SETTLING_S = 0.02;
	struct pollfd fds[POLL_ROOM];
	double now = clock_now(r), until = fmin(r->due_s, now + WAIT_S);
	size_t limits = limits_poll(r, fds, POLL_ROOM / 2), count = limits;
	bool woken = false, ended = false;
	int got;

	until = fmin(until, fmin(limits_due(r), looks_due(r)));
	for (struct watched *w = r->all; w && count < POLL_ROOM; w = w->next) {
		ended |= w->over;
		if (w->over)
			until = fmin(until, now + SETTLING_S);
		else if (fate_fd(w->fate) >= 0)
			fds[count++] = (struct pollfd){ .fd = fate_fd(w->fate), .events = POLLIN };
	}
	got = poll(fds, count, until > now ? (int)ceil((until - now) * 1000) : 0);
	for (size_t i = 0; got > 0 && i < limits; i++)
		woken |= fds[i].revents != 0;
	if (woken)
		limits_wake(r);
	for (size_t i = limits; got > 0 && i < count; i++)
		ended |= fds[i].revents != 0;
	now = clock_now(r);
	limits_check(r, now);
	looks_take_first(r, now);
	if (ended)
		watched_see_ends(r, now);
	blackbox_reap(r, now);
}
