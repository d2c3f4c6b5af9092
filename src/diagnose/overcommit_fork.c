// SPDX-License-Identifier: Apache-2.0
// fork fails under strict overcommit: the child is counted with all that the JVM has reserved to write.
#include "base/units.h"
#include "diagnose/rule.h"
#include "diagnose/weigh.h"

enum { STRICT = 2 };

static enum verdict judge(const struct evidence *e, struct arena *mem, struct finding *out)
{
	uint64_t mode = snapshot_get(e->now, F_OVERCOMMIT, UINT64_MAX);
	uint64_t limit = snapshot_get(e->now, F_COMMIT_LIMIT, 0);
	uint64_t committed = snapshot_get(e->now, F_COMMITTED, 0);
	uint64_t heap = snapshot_get(e->now, F_HEAP_COMMITTED, 0);
	uint64_t jdk = snapshot_get(e->now, F_JDK, 0), left;

	if (mode == UINT64_MAX)
		return cannot_tell(out, mem, "how the machine overcommits (vm.overcommit_memory)",
				   out->cause->how);
	if (mode != STRICT)
		return ruled_out(out, mem,
				 "vm.overcommit_memory is %llu: a fork needs no memory of its own",
				 (unsigned long long)mode);
	if (!limit || !heap)
		return cannot_tell(out, mem, "what may still be committed", out->cause->how);
	left = limit > committed ? limit - committed : 0;
	if (left > heap)
		return ruled_out(out, mem, "%s may still be committed, more than the heap's %s",
				 weigh_size(mem, left), weigh_size(mem, heap));
	out->culprit.kind = "setting";
	out->culprit.name = "vm.overcommit_memory = 2";
	add_evidence(out, mem, "os.commit_limit", (double)limit, "proc",
		     "%s of at most %s are committed; a fork of this JVM needs %s more for its "
		     "heap alone",
		     weigh_size(mem, committed), weigh_size(mem, limit), weigh_size(mem, heap));
	weigh_remedy(out, mem, out->cause->remedy);
	return likely(
		out, mem,
		"A fork of this JVM would fail: vm.overcommit_memory is 2 and only %s may still be "
		"committed, less than the heap's %s%s.",
		weigh_size(mem, left), weigh_size(mem, heap),
		jdk >= 12 ? " (unless it uses posix_spawn, the default of this JDK)" : "");
}

const struct rule rule_overcommit_fork = { .cause = "overcommit-fork", .judge = judge };
