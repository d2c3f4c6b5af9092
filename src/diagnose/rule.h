// SPDX-License-Identifier: Apache-2.0
// What a rule is: the judge of one cause of causes.def, by the facts and ledgers of two moments.
//
// Pure: the same evidence gives the same verdict and the same words; no I/O, no clock.  A new one
// is a file diagnose/NAME.c with `const struct rule rule_NAME`, its row in rules.def and its cases
// in tests/diagnose/NAME.cases; docs/howto/add-a-rule.md.  Causes without a rule are "cannot tell",
// with the evidence that the catalogue says is missing.  A threshold stands where it is used.

#ifndef DIAGNOSE_RULE_H
#define DIAGNOSE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "facts/gcstats.h"
#include "facts/pulse.h"
#include "facts/snapshot.h"
#include "ledger/ledger.h"

enum verdict {
	VERDICT_CONFIRMED,   // what the catalogue calls decisive was seen
	VERDICT_LIKELY,      // nothing contradicts, but the decisive fact is not to be had
	VERDICT_RULED_OUT,   // some fact contradicts: `text` names it
	VERDICT_CANNOT_TELL, // nothing can be said without the fact that `missing` names
};

enum finding_kind {
	KIND_CAUSE, // a fault: it alone makes a JVM unhealthy
	KIND_RISK,  // no fault, but one may come of it
	KIND_NOTE,  // by design, though it looks like a fault
};

enum collectable {
	COLLECTABLE_NONE,
	COLLECTABLE_CONFIRMED,
	COLLECTABLE_LIKELY,
	COLLECTABLE_NO,
	COLLECTABLE_UNKNOWN
};

struct cause {
	const char *id, *title;
	enum finding_kind kind;
	const char *symptom, *decisive, *ruled_out_by, *remedy, *source;
	const char *how; // the command that brings the missing evidence, where no rule judges yet
};
extern const struct cause CAUSES[];
extern const size_t CAUSE_COUNT;
const struct cause *cause_find(const char *id); // NULL: no such cause

// All that a rule sees.
struct evidence {
	const struct snapshot *now, *first; // `first` equals `now` when there was no window
	const struct ledger *ledger, *first_ledger;
	double window_s; // 0 without a window
	const pulse_rows
		*pulses; // from the first moment to this one; NULL or empty without a window
	// A GC log of the target, or of one that nobody looked at; NULL: none was given.
	const struct gc_stats *log;
	const char *const *log_files; // gc_place.file is an index of it
	size_t log_file_count;
	bool log_alone; // there is nothing but the log: `now` is empty, the ledgers are NULL
};

struct evidence_row {
	const char *fact; // name in the catalogue or "classes.family.loaded"
	double value;
	const char *text;   // one clause for people
	const char *source; // "vmstructs"
};

struct confused_row {
	const char *cause, *why_not;
};

struct finding {
	const struct cause *cause;
	enum verdict verdict;
	enum collectable collectable;
	uint64_t bytes;      // resident bytes that this explains
	double growth_per_s; // bytes per second over the window
	bool has_growth;
	double growth_per_mb; // bytes for each MB allocated; the engine's to fill
	bool has_growth_per_mb;
	bool at_limit;    // what it speaks of has no room left: it comes before what only grows
	const char *text; // one or two sentences with numbers: the verdict's reason
	const char *missing, *how; // CANNOT_TELL: the fact that is missing, how to get it
	struct {
		const char *kind, *name,
			*loader; // NULL where it has none; kind "class-family", "thread" ...
	} culprit;
	VEC(struct evidence_row) evidence;
	VEC(struct confused_row) confused;
	const char *experiment; // a command, or NULL
	VEC(const char *) remedies;
};

struct rule {
	const char *cause; // id in causes.def
	// Fills `out` (zeroed, with its cause set) from arena `mem`.
	enum verdict (*judge)(const struct evidence *e, struct arena *mem, struct finding *out);
	// The same by a GC log alone (e->log), where that says something of the cause; NULL.  One of the two is
	// there at least; diagnose/joined.c makes one verdict of both.
	enum verdict (*judge_log)(const struct evidence *e, struct arena *mem, struct finding *out);
};

#define RULE(name) extern const struct rule rule_##name;
#include "diagnose/rules.def"
#undef RULE

// Verdicts as return values: each stores its text and itself in `f`, so that a rule ends with
// `return ruled_out(f, mem, "...")`.
__attribute__((format(printf, 3, 4))) enum verdict confirmed(struct finding *f, struct arena *mem,
							     const char *format, ...);
__attribute__((format(printf, 3, 4))) enum verdict likely(struct finding *f, struct arena *mem,
							  const char *format, ...);
__attribute__((format(printf, 3, 4))) enum verdict ruled_out(struct finding *f, struct arena *mem,
							     const char *format, ...);
enum verdict cannot_tell(struct finding *f, struct arena *mem, const char *missing,
			 const char *how);
__attribute__((format(printf, 6, 7))) void add_evidence(struct finding *f, struct arena *mem,
							const char *fact, double value,
							const char *source, const char *format,
							...);

#endif
