// SPDX-License-Identifier: Apache-2.0
#include "record/captured.h"

#include "base/fail.h"
#include "collect/collector.h"
#include "collect/discover.h"
#include "collect/look.h"
#include "store/capture.h"

bool captured_look(struct capture_writer *w, const struct tree *live, int pid,
		   const struct captured_wish *wish, struct arena *mem, struct snapshot *out,
		   struct fail *why)
{
	struct memory live_memory, memory;
	struct snapshot snapshot;
	struct target target;
	struct tree files;
	bool done;

	memory_init(&live_memory, mem);
	capture_begin_moment(w, live, &live_memory, &files, &memory);
	done = discover_open(&files, pid, mem, &target, why);
	if (done) {
		target.may_attach = wish->may_attach;
		target.want_pss = wish->want_pss;
		target.want_blocks = target.want_sites = wish->want_nmt;
		target.want_chunks = wish->want_chunks;
		target.recorded = true;
		// The recorder asks the live memory that discover_open() found; where there is
		// none, the look must see none.
		if (target.memory->count) {
			live_memory = *target.memory;
			target.memory = &memory;
		}
		done = look_at(&target, mem, out ? out : &snapshot, why);
	}
	capture_end_moment(w);
	if (done)
		discover_close(&target);
	return done;
}
