// SPDX-License-Identifier: Apache-2.0
// A GC log that was read as evidence: for `gc FILE`, which judges it alone, and `doctor --gc-log`.

#ifndef CMD_GCLOG_VERDICT_H
#define CMD_GCLOG_VERDICT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "diagnose/diagnosis.h"
#include "present/gc.h"
#include "present/report.h"

struct fail;
struct gclogs;
struct options;

struct gclog_verdict {
	struct gclogs *logs; // NULL: it is another's
	struct gc_stats stats;
	struct gc_report report; // with `judged` once it was judged alone
	// Of the log alone.
	struct arena mem;
	struct snapshot empty;
	struct diagnosis diagnosis;
	struct report alone;
};

// All of `files`; destroyed by gclog_verdict_drop() in any case.  FAIL_*: as gclogs_read(), and ABSENT where no
// event of a collector is in it.
bool gclog_verdict_read(struct gclog_verdict *v, const char *const *files, size_t count,
			struct fail *why);
void gclog_verdict_drop(struct gclog_verdict *v);
// Of a log that somebody else reads, up to now; `logs` must outlive `v`.
void gclog_verdict_take(struct gclog_verdict *v, struct gclogs *logs, size_t count);
// False: the JVM has another collector than the log, which is then another JVM's.
bool gclog_verdict_fits(const struct gclog_verdict *v, const struct snapshot *s);
void gclog_verdict_add(const struct gclog_verdict *v, struct evidence *e);
// The page of --html, of a log that was judged alone; true also where none was asked for.  False: said why not.
bool gclog_verdict_page(const struct gclog_verdict *v, const struct options *o);
// Fills report.judged.
void gclog_verdict_judge_alone(struct gclog_verdict *v, const struct options *o);

#endif
