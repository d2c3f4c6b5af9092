// SPDX-License-Identifier: Apache-2.0
// What several rules need to weigh growth: the window, the pace before it, and words for numbers.
//
// Two moments can't show whether growth goes on.  Its pace can: a leak grows in the window about as
// fast as it grew before, a warm-up slows down.  A window that is too short is said to be too
// short, with the seconds that would do; it never becomes an accusation.

#ifndef DIAGNOSE_WEIGH_H
#define DIAGNOSE_WEIGH_H

#include <stdbool.h>
#include <stdint.h>

#include "diagnose/rule.h"

enum pace {
	PACE_FLAT,    // nothing was added
	PACE_SLOWING, // less than half as fast as on average since the start: a warm-up that ends
	PACE_GOES_ON, // as fast as before, or faster
	PACE_UNKNOWN, // the JVM had just started at the window's begin: there is no before
};

bool weigh_has_window(const struct evidence *e); // two moments, at least a second apart
// Uptime of the JVM in seconds at the window's start; 0 when nobody knows.
double weigh_uptime(const struct evidence *e);
// `before`: how many there were at the window's start; `added`: how many more at its end.
enum pace weigh_pace(const struct evidence *e, double before, double added);
// Growth of a scalar within the window; false when it is missing at either moment.
bool weigh_fact(const struct evidence *e, enum fact_id id, double *growth);
// Collections of the whole heap within the window: full ones and cycles of a concurrent collector; all
// where the VM does not tell them apart.
double weigh_whole_collections(const struct evidence *e);
// The window in whole seconds that would show `wanted` more at the pace of this one; at least twice
// this window, at most an hour.
unsigned weigh_window_for(const struct evidence *e, double added, double wanted);

// What the target's container is charged for, as a part of its limit; 0 where it has no limit or
// either is not known.
double weigh_container_fill(const struct snapshot *s);
// Why a rule about containers has nothing to say: there is none with a limit, or nobody could read
// it.  False: it has.
bool weigh_no_container(const struct evidence *e, struct arena *mem, struct finding *out,
			enum verdict *verdict);
// Who brought a fact: "vmstructs"; "unknown" when nobody did.
const char *weigh_source(const struct snapshot *s, enum fact_id id);
const char *weigh_size(struct arena *mem, uint64_t bytes);      // "88.1 MB"
const char *weigh_signed_size(struct arena *mem, double bytes); // "+88.1 MB"
// "no loader", "one loader", "6000 loaders".
const char *weigh_count(struct arena *mem, uint64_t count, const char *what);
const char *weigh_window_text(struct arena *mem, const struct evidence *e); // "30 s"
// A command of the catalogue with PID replaced by the target's: "jledger try 4711 gc".
const char *weigh_command(struct arena *mem, const char *command, int pid);

// Resident bytes of the rows of `table` whose place in `wanted` (one a row) is true.
uint64_t weigh_rows(const struct ledger *l, enum claim_table table, const bool *wanted,
		    size_t count);

// Adds what to do; the text is copied.
void weigh_remedy(struct finding *f, struct arena *mem, const char *remedy);
// Adds a cause that looks alike, and why it is not that one; `why_not` is copied.
void weigh_confused(struct finding *f, struct arena *mem, const char *cause, const char *why_not);

#endif
