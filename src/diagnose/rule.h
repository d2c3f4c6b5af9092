// SPDX-License-Identifier: Apache-2.0
// A rule weighs evidence for one cause and gives a verdict.  It reads nothing and prints nothing.
//
// To add one: write diagnose/NAME.c holding `const struct rule rule_NAME`, add its row to
// rules.def, and put cases in tests/diagnose/NAME.cases.  The cause's title, kind, remedy and
// decisive evidence stand in causes.def; every cause there is judged, and one without a rule is
// "cannot tell" with the evidence that is missing.  Thresholds stand in the rule that uses them.

#ifndef DIAGNOSE_RULE_H
#define DIAGNOSE_RULE_H

#include <stdbool.h>
#include <stdint.h>

#include "facts/snapshot.h"
#include "ledger/ledger.h"

enum verdict {
	VERDICT_CONFIRMED,   // the decisive evidence of the catalogue was seen
	VERDICT_LIKELY,      // all seen agrees, the decisive fact is missing
	VERDICT_RULED_OUT,   // a fact contradicts it; the text says which
	VERDICT_CANNOT_TELL, // a fact it needs is missing; the text says which and how to get it
};

enum finding_kind {
	KIND_CAUSE, // explains memory or CPU that should not go; the only kind that makes a JVM unhealthy
	KIND_RISK,  // nothing is wrong yet
	KIND_NOTE,  // looks like a fault and is none
};

enum collectable { COLLECTABLE_NONE, COLLECTABLE_CONFIRMED, COLLECTABLE_LIKELY, COLLECTABLE_NO, COLLECTABLE_UNKNOWN };

struct cause {
	const char *id, *title;
	enum finding_kind kind;
	const char *symptom, *decisive, *ruled_out_by, *remedy, *source;
	const char *how; // the command that brings the missing evidence, where no rule judges yet
};
extern const struct cause CAUSES[];
extern const size_t CAUSE_COUNT;
const struct cause *cause_find(const char *id); // NULL: no such cause

// What a rule may look at.
struct evidence {
	const struct snapshot *now, *first; // `first` equals `now` when there was no window
	const struct ledger *ledger, *first_ledger;
	double window_s; // 0 without a window
};

struct evidence_row {
	const char *fact;   // name in the catalogue or "classes.family.loaded"
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
	uint64_t bytes;              // resident bytes that this explains
	double growth_per_s;         // bytes per second over the window
	bool has_growth;
	const char *text;            // one or two sentences with numbers: the verdict's reason
	const char *missing, *how;   // CANNOT_TELL: the fact that is missing, how to get it
	struct {
		const char *kind, *name, *loader; // NULL where it has none; kind "class-family", "thread" ...
	} culprit;
	VEC(struct evidence_row) evidence;
	VEC(struct confused_row) confused;
	const char *experiment;      // a command, or NULL
	VEC(const char *) remedies;
};

struct rule {
	const char *cause; // id in causes.def
	// Fills `out` (zeroed, with its cause set) from arena `mem`.
	enum verdict (*judge)(const struct evidence *e, struct arena *mem, struct finding *out);
};

#define RULE(name) extern const struct rule rule_##name;
#include "diagnose/rules.def"
#undef RULE

// Each sets the text and returns its verdict: `return ruled_out(f, mem, "...")` is the whole path.
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
							const char *source, const char *format, ...);

#endif
