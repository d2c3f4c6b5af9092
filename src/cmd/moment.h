// SPDX-License-Identifier: Apache-2.0
// One look at one process with its ledger: what reports are made of.

#ifndef CMD_MOMENT_H
#define CMD_MOMENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "facts/snapshot.h"
#include "ledger/ledger.h"
#include "present/report.h"

struct fail;
struct options;
struct subject;

struct moment {
	struct arena mem;
	struct snapshot snapshot;
	struct ledger ledger;
};

// Looks at process `index` of a live subject, or at moment `index` of a capture.  moment_drop() gives
// the memory back, after a failure too.
bool moment_take(const struct subject *s, size_t index, const struct options *o, struct moment *out,
		 struct fail *why);
void moment_drop(struct moment *m);
// What faces are shown of `now` with what grew since `first`; the same moment twice: no window.  Points
// into both.
struct report moment_report(const struct moment *first, struct moment *now,
			    const struct options *o);

#endif
