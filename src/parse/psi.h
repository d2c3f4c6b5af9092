// SPDX-License-Identifier: Apache-2.0
// Parser for pressure stall information: memory.pressure of a cgroup, /proc/pressure/memory.
// Opens nothing.  Format notes: docs/formats/psi.md.

#ifndef PARSE_PSI_H
#define PARSE_PSI_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct fail;

struct psi_line {
	double avg10, avg60, avg300; // percent of wall time, 0 to 100
	uint64_t total_us;           // stalled microseconds since boot
};

struct psi {
	struct psi_line some, full;
	bool has_full; // the CPU's file of older kernels has no "full" line
};

// FAIL_CORRUPT when the "some" line is missing or a number makes no sense.
bool psi_parse(struct span text, struct psi *out, struct fail *why);

#endif
