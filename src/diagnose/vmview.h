// SPDX-License-Identifier: Apache-2.0
// A VM as far as flags go: a running one by its own table, or one that is to run, by its options.

#ifndef DIAGNOSE_VMVIEW_H
#define DIAGNOSE_VMVIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "facts/snapshot.h"

struct vmview {
	const struct snapshot *s;
	bool live;             // its table of flags is there
	unsigned jdk;          // feature release
	const char *collector; // "G1"; NULL: not known
	bool collector_given; // by an option; else what the JDK takes on a machine of two or more CPUs
	uint64_t memory;      // container's limit or the machine's memory; UNKNOWN_BYTES
};

// `jdk` counts for a VM that is to run.
struct vmview vmview_of(const struct snapshot *s, unsigned jdk);
// The last option that sets the flag; NULL: none does.
const struct option_row *vmview_option(const struct vmview *v, const char *flag);
// Whether the option sets the flag, by whichever name.
bool vmview_sets(const struct option_row *o, const char *flag);
// A switch's value; `*known` false: neither the table nor an option says.
bool vmview_switch(const struct vmview *v, const char *flag, bool *known);
// A number that somebody gave (live: that is not the VM's own choice); false: nobody did.
bool vmview_given_number(const struct vmview *v, const char *flag, uint64_t *number);

#endif
