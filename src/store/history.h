// SPDX-License-Identifier: Apache-2.0
// Histories: what a recorder saw of JVMs over days, in one SQLite file.
//
// One transaction a tick, in WAL mode: what was committed survives a killed recorder.  Names stand on
// disk and never the numbers of enums: columns are named after facts, words are interned in `name`.
// A history has a clock of its own that never goes back: seconds of the machine's boot clock, added up
// over boots; the wall clock stands beside it and is believed for nothing but showing.
// A history is a foreign file to whoever reads it: counts are bounded, damage is FAIL_CORRUPT.
// Schema: docs/formats/history.md.

#ifndef STORE_HISTORY_H
#define STORE_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "facts/past.h"
#include "facts/sample.h"
#include "facts/snapshot.h"
#include "ledger/ledger.h"

struct history;

enum history_mode { HISTORY_READ, HISTORY_WRITE };

enum { HISTORY_VERSION = 2 };

// By content: an SQLite file with jledger's application id.
bool history_is_one(const char *path);
// Writing makes the file where there is none (mode 0600) and brings an older schema up to date.
// ABSENT, DENIED, CORRUPT (no history, damaged, or of a newer jledger), OS.
bool history_open(const char *path, enum history_mode mode, struct history **out, struct fail *why);
void history_close(struct history *h); // NULL: nothing

// ---- writing: between begin and commit; what is not committed is as if it never was

bool history_begin(struct history *h, struct fail *why);
bool history_commit(struct history *h, struct fail *why);
void history_rollback(struct history *h);
// A moment.  `boot_s` is the boot clock; `boot` names the boot.  Its time on the history's clock is
// that of the latest tick and what has passed since: by the boot clock within a boot, else by the wall
// clock, at least 0 and at most a day.
bool history_tick(struct history *h, const char *host, const char *boot, double boot_s,
		  double wall_s, int64_t *tick, struct fail *why);
// The row of a process, made when it is new: boot, pid and start time tell processes apart.
bool history_jvm(struct history *h, const char *host, const char *boot, int pid, int ns_pid,
		 uint64_t started_ns, int64_t *jvm, struct fail *why);
bool history_sample(struct history *h, int64_t tick, int64_t jvm, const struct sample *s,
		    struct fail *why);
// A whole look with its ledger.  Flags and options are kept once a JVM.
bool history_look(struct history *h, int64_t tick, int64_t jvm, const char *reason,
		  const struct snapshot *s, const struct ledger *l, struct fail *why);
// `jvm` 0: of none alone; `files`: names separated by newlines, or NULL.
bool history_event(struct history *h, int64_t tick, int64_t jvm, const char *kind, const char *text,
		   const char *files, struct fail *why);
bool history_end(struct history *h, int64_t tick, int64_t jvm, const char *kind, const char *text,
		 struct fail *why);
// The latest tick; false when there is none.  Its clocks, for what a ring still holds.
bool history_last_tick(struct history *h, const char *boot, double *boot_s);

// The history's own clock at the latest tick; false when there is none.
bool history_now(struct history *h, double *at_s);

// ---- thinning: a transaction of its own

// Samples older than an hour become one a minute, than a day one in ten minutes, than a week one an
// hour; of each such span the last survives, and those with the least and the most resident bytes and
// working set.  Looks go likewise, but never the first of a JVM nor one that an event made.  What is
// older than `keep_s` goes altogether.
bool history_thin(struct history *h, double keep_s, struct fail *why);

// ---- reading

bool history_jvms(struct history *h, struct arena *mem, past_jvms *out, struct fail *why);
// From and to on the history's clock, inclusive.
bool history_samples(struct history *h, int64_t jvm, double from_s, double to_s, struct arena *mem,
		     sample_rows *out, struct fail *why);
bool history_looks(struct history *h, int64_t jvm, struct arena *mem, past_looks *out,
		   struct fail *why);
// A look as it was: facts, tables and the ledger.  Loaders and threads come back as many as there
// were, but as averages of their groups; mappings and addresses were not kept.  `at_s` is on the
// history's clock.
bool history_load(struct history *h, int64_t look, struct arena *mem, struct snapshot *s,
		  struct ledger *l, struct fail *why);
// Of one JVM, or with 0 all.
bool history_events(struct history *h, int64_t jvm, struct arena *mem, past_events *out,
		    struct fail *why);

#endif
