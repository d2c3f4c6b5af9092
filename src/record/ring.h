// SPDX-License-Identifier: Apache-2.0
// The last minutes in a small mapped file beside the history: what was sampled is there as soon as it was
// written to memory, whatever becomes of the recorder or the disk.  Blocks are claimed when it is made, so
// that a full disk can't take it away.  Format: docs/formats/ring.md.

#ifndef RECORD_RING_H
#define RECORD_RING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "facts/sample.h"

struct arena;
struct fail;
struct ring;

struct ring_row {
	int pid, ns_pid;
	uint64_t started_ns;
	double boot_s;
	struct sample sample; // wall_s; at_s is not kept
};

typedef VEC(struct ring_row) ring_rows;

// Opens or makes it and locks it: one recorder a history.  DENIED: another has it; OS.  What an earlier
// one left of boot `boot` comes back in `left`, in the order in which it was written.
bool ring_open(const char *path, const char *boot, struct arena *mem, ring_rows *left,
	       struct ring **out, struct fail *why);
void ring_write(struct ring *r, const struct ring_row *row);
// What it holds now, as ring_parse() has it.
bool ring_rows_of(const struct ring *r, const char *boot, struct arena *mem, ring_rows *out,
		  struct fail *why);
void ring_close(struct ring *r); // NULL: nothing

// The rows of a ring's bytes: those whose checksum fits, if they are of that boot.  CORRUPT.
bool ring_parse(struct span bytes, const char *boot, struct arena *mem, ring_rows *out,
		struct fail *why);

#endif
