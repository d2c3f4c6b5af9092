// SPDX-License-Identifier: Apache-2.0
// The engine: every cause of the catalogue gets a verdict, in every report; findings come first, causes
// before risks and notes.
//
// Pure, like the rules that it runs.  It adds nothing to their verdicts but their order, and
// whether the JVM is healthy: no cause holds.

#ifndef DIAGNOSE_DIAGNOSIS_H
#define DIAGNOSE_DIAGNOSIS_H

#include "diagnose/allocation.h"
#include "diagnose/rule.h"

struct growth_part {         // of the window's growth, for the first lines of a report
	const char *account; // id
	const char *title;
	int64_t bytes;
	bool harmless;   // first touch, warm-up, code cache
	const char *why; // harmless: in three words; else NULL
};

struct diagnosis {
	bool healthy; // no finding of kind cause is confirmed or likely
	struct finding
		*all; // one per cause: findings that hold first (causes by weight, risks, notes),
	size_t count; // then ruled out, then cannot tell, each in catalogue order
	size_t held;  // how many of them are confirmed or likely
	struct allocation allocation; // by the Java threads, within the window
	bool has_growth_per_mb;       // of all accounts together; findings have their own
	double growth_per_mb;
	VEC(struct growth_part) growth; // largest first
	// Of the window's growth neither harmless nor explained by a finding; 0 where that is too
	// little to speak of.
	int64_t unexplained;
	struct {
		bool known;
		double low_s, mid_s,
			high_s; // until the limit is reached at the window's rate; high may be INFINITY
	} limit_eta;
};

void diagnose(const struct evidence *e, struct arena *mem, struct diagnosis *out);
const char *verdict_name(enum verdict v); // "confirmed", "likely", "ruled out", "cannot tell"
const char *finding_kind_name(enum finding_kind k); // "cause"
const char *collectable_name(enum collectable c);   // "likely"; NULL for COLLECTABLE_NONE

#endif
