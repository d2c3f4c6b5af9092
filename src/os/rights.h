// SPDX-License-Identifier: Apache-2.0
// What the kernel lets us read of a process, why not more, and which one right would add what.
//
// Found by trying, not by reasoning: each file is opened, and process_vm_readv is asked for a byte
// that nobody has (address 0), so that nothing of the target is read.  The answer comes as text
// through tree_made("target/PID"), so that a capture keeps it (docs/formats/rights.md).

#ifndef OS_RIGHTS_H
#define OS_RIGHTS_H

#include <stdbool.h>

#include "base/span.h"

struct arena;
struct fail;
struct tree;

// The tiers of docs/ARCHITECTURE.md.
enum rights_tier { RIGHTS_A, RIGHTS_B, RIGHTS_C, RIGHTS_D };

struct rights {
	enum rights_tier tier;
	const char *maps_denied;   // why /proc/PID/maps can't be read; NULL when it can
	const char *memory_denied; // why its memory can't; NULL when it can
	const char *pages_denied;  // why /proc/PID/pagemap can't; NULL when it can
	const char *gain;          // which right would add what; NULL when nothing is missing
};

// Asks for process `pid` (host's).  Texts live in `mem`.  GONE; DENIED when /proc hides it.
bool rights_read(const struct tree *files, int pid, struct arena *mem, struct rights *out,
		 struct fail *why);
// Text form and back.  FAIL_CORRUPT names the line.
bool rights_parse(struct span text, struct arena *mem, struct rights *out, struct fail *why);
struct span rights_print(const struct rights *r, struct arena *mem);

#endif
