// SPDX-License-Identifier: Apache-2.0
// For the files of record/ alone: the recorder's state.

#ifndef RECORD_INSIDE_H
#define RECORD_INSIDE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/fail.h"
#include "collect/collector.h"
#include "collect/fate.h"
#include "collect/watchpoint.h"
#include "facts/sample.h"
#include "facts/watched.h"
#include "ledger/ledger.h"
#include "record/population.h"
#include "record/recording.h"
#include "record/ring.h"
#include "record/triggers.h"
#include "store/history.h"

struct jvm_row;

// One JVM under watch.
struct watched {
	struct arena mem;
	struct watched *next;
	struct target target; // for ticks: no memory, no descriptors
	struct fate *fate;
	int64_t id; // in the history; 0: not yet there
	const char *main, *jdk, *collector, *container;

	bool sampled;
	struct sample sample; // the latest; its text is in `gc_cause`
	char gc_cause[48];
	const char *dir; // of the container whose limit counts; NULL: not known
	double dir_s;    // boot clock: when that was found
	bool v2;
	struct trigger_view view;
	double seen_s; // boot clock: when its container's usage in there was read
	struct trigger_state state[TRIGGER_COUNT];

	bool looked, tried;
	double looked_s; // boot clock
	struct sample at_look;
	struct watched_account account[ACCOUNT_COUNT + 1];

	const char *near_stem; // of what was written when the limit came near; NULL: nothing
	double near_s;         // boot clock: when that was tried

	bool over; // has ended
	double over_s;
};

// A container whose limit is watched, or (dir NULL) the machine.
struct limit_group {
	struct limit_group *next;
	char *dir;
	bool v2, armed, used;
	bool woken; // by the kernel, and not read since
	struct pressure pressure;
	uint64_t limit; // that it is armed for
	struct watchpoint_reading latest;
	double read_s;
	double rate; // of the working set, bytes a second, between the latest two readings
};

enum { COMMANDS_AT_ONCE = 4 };

struct recording {
	const struct recording_settings *settings;
	const struct recording_writers *writers;
	const struct tree *files;
	struct arena mem;
	const char *host, *boot;
	struct history *history;
	struct ring *ring;
	struct fates *fates;
	struct population population;
	struct watched *all;
	struct limit_group *groups;

	struct {
		const char *dir; // of a watched one; NULL: none
		struct watchpoint_reading reading;
	} shared; // the container that was read last in this tick: many JVMs may be in one
	bool ticked;
	double boot_s, wall_s; // of the latest tick
	double due_s;          // boot clock: of the next
	double thinned_s;
	double allowance_s; // of CPU, for looks that nothing urgent asks for
	uint64_t ticks, ticks_late;
	bool failing; // the latest transaction did
	bool had_any; // a JVM was watched
	struct {
		pid_t pid;
		double until_s;
	} command[COMMANDS_AT_ONCE];
};

__attribute__((format(printf, 2, 3))) void recording_say(struct recording *r, const char *format,
							 ...);
// Runs `write` in a transaction with a tick of this moment; false and said when it can't be written.
typedef bool recording_write(struct recording *r, int64_t tick, void *arg, struct fail *why);
bool recording_transact(struct recording *r, recording_write *write, void *arg);

// record/watched.c
bool watched_begin(struct recording *r, const struct jvm_row *row);
void watched_sample(struct recording *r, struct watched *w);
void watched_see_ends(struct recording *r, double now_s);
void watched_drop(struct watched *w);
bool watched_note(struct recording *r, struct watched *w,
		  struct fail *why); // its row in the history

// record/looks.c: whole looks
void looks_take_due(struct recording *r);
// First looks of JVMs that have started; when the next of those is due, by the boot clock.
void looks_take_first(struct recording *r, double now_s);
double looks_due(const struct recording *r);
bool looks_take(struct recording *r, struct watched *w, const char *reason);
// What a look brought, for who publishes and for the next "has it moved".
void looks_remember(struct recording *r, struct watched *w, const struct ledger *l);

// record/limits.c: containers near their limit
void limits_update(struct recording *r); // which there are, and armed
size_t limits_poll(const struct recording *r, struct pollfd *fds, size_t room);
void limits_wake(struct recording *r);                // after a wake-up by one of those
void limits_check(struct recording *r, double now_s); // reads those that are due; fires
double limits_due(const struct recording *r);         // boot clock: of the next reading
// A close look at this one is to be expected within seconds: nothing else may be in its way.
bool limits_are_near(const struct recording *r, const struct watched *w);
void limits_drop(struct recording *r);

// record/blackbox.c: looks closely, writes it all, runs the command
void blackbox_fire(struct recording *r, struct watched *w, unsigned triggers, const char *why);
// Writes the same under the name "near" while there is time: should the look that the limit brings come too
// late, that is what stays.
void blackbox_prepare(struct recording *r, struct watched *w, double now_s);
void blackbox_drop_near(struct recording *r, struct watched *w); // it was not needed
// The limit killed it before any trigger: what was written before is that of the limit.
void blackbox_keep_near(struct recording *r, struct watched *w, const char *why);
void blackbox_reap(struct recording *r, double now_s);

#endif
