// SPDX-License-Identifier: Apache-2.0
// Many machines' verdicts, merged: each JVM by its latest one, each cause by the JVMs that have it.
//
// Plain data, filled by store/fleet.c.

#ifndef FACTS_FLEET_H
#define FACTS_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fleet_cause {
	const char *cause, *kind, *title; // "class-generation", "cause"
	size_t confirmed, likely;         // JVMs
	size_t hosts;
	uint64_t bytes;      // that it explains, in all of them
	double growth_per_s; // likewise
	const char *main;    // of the JVM where it explains most; NULL unknown
	const char *culprit; // there; NULL unknown
};

struct fleet_jvm {
	const char *host, *main, *jdk, *container; // NULL unknown
	int pid;
	int64_t at_s; // of its verdict
	bool healthy;
	uint64_t rss, limit; // UNKNOWN_BYTES unknown
	double eta_s;        // until its limit; negative unknown
	const char *end;     // how it ended ("oom-kill"); NULL: it runs, as far as is known
	const char *cause;   // the first that holds; NULL none
	const char *state;   // "confirmed", "likely"; NULL without a cause
	const char *culprit; // NULL unknown
	uint64_t bytes;      // that this cause explains; UNKNOWN_BYTES unknown
	double growth_per_s; // of this cause
	bool has_growth;
};

struct fleet {
	struct fleet_jvm *jvms; // the worst first
	size_t count, healthy, hosts;
	struct fleet_cause *causes; // causes first, and of these what most JVMs have
	size_t cause_count;
	size_t lines, strange; // of those that were read: that are no verdict
	size_t over;           // JVMs that there was no room for
	size_t findings_over;  // findings likewise
};

#endif
