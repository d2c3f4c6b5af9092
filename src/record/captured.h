// SPDX-License-Identifier: Apache-2.0
// A look at a live process through the recording seams: what it reads lands in a capture as a moment.

#ifndef RECORD_CAPTURED_H
#define RECORD_CAPTURED_H

#include <stdbool.h>

#include "collect/collector.h"

struct arena;
struct capture_writer;
struct fail;
struct snapshot;
struct tree;

struct captured_wish {
	bool may_attach;
	bool want_pss;
	bool want_nmt; // blocks and sites of Native Memory Tracking too
	enum target_chunks want_chunks;
};

// `out` lives in `mem`; NULL: not wanted.  A failed moment has ended and stays in the capture:
// capture_drop_moment() takes it out.
bool captured_look(struct capture_writer *w, const struct tree *live, int pid,
		   const struct captured_wish *wish, struct arena *mem, struct snapshot *out,
		   struct fail *why);

#endif
