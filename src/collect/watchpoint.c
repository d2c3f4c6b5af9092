// SPDX-License-Identifier: Apache-2.0
#include "collect/watchpoint.h"

#include "base/arena.h"
#include "base/tree.h"
#include "collect/cgroup_limit.h"
#include "facts/snapshot.h"
#include "parse/keyvalue.h"

static bool read_file(const struct tree *files, const char *dir, const char *name,
		      struct arena *mem, struct span *out)
{
	return tree_read(files, arena_format(mem, "%s/%s", dir, name), mem, out, NULL);
}

static bool read_machine(const struct tree *files, struct arena *mem,
			 struct watchpoint_reading *out)
{
	uint64_t total, available;
	struct span text;

	if (!tree_read(files, "/proc/meminfo", mem, &text, NULL) ||
	    !keyvalue_find_number(text, "MemTotal", &total) ||
	    !keyvalue_find_number(text, "MemAvailable", &available) || available > total)
		return false;
	out->limit = total;
	out->usage = out->working_set = total - available;
	out->oom_kills = out->limit_hits = UNKNOWN_BYTES;
	return true;
}

bool watchpoint_read(const struct tree *files, const char *dir, bool v2, struct arena *mem,
		     struct watchpoint_reading *out)
{
	struct watchpoint_reading r = { UNKNOWN_BYTES, UNKNOWN_BYTES, UNKNOWN_BYTES, UNKNOWN_BYTES,
					UNKNOWN_BYTES };
	uint64_t inactive = 0;
	struct span text;

	if (!dir) {
		if (!read_machine(files, mem, &r))
			return false;
		*out = r;
		return true;
	}
	cgroup_limit_read(files, dir, v2 ? "memory.max" : "memory.limit_in_bytes", mem, &r.limit);
	cgroup_limit_read(files, dir, v2 ? "memory.current" : "memory.usage_in_bytes", mem,
			  &r.usage);
	if (read_file(files, dir, "memory.stat", mem, &text))
		keyvalue_find_number(text, v2 ? "inactive_file" : "total_inactive_file", &inactive);
	if (r.usage != UNKNOWN_BYTES)
		r.working_set = r.usage > inactive ? r.usage - inactive : 0;
	if (read_file(files, dir, v2 ? "memory.events" : "memory.oom_control", mem, &text)) {
		keyvalue_find_number(text, "oom_kill", &r.oom_kills);
		keyvalue_find_number(text, "max", &r.limit_hits);
	}
	if (!v2)
		cgroup_limit_read(files, dir, "memory.failcnt", mem, &r.limit_hits);
	if (r.usage == UNKNOWN_BYTES && r.oom_kills == UNKNOWN_BYTES)
		return false;
	*out = r;
	return true;
}

bool watchpoint_arm(const char *dir, bool v2, uint64_t limit, const double *shares, size_t count,
		    struct pressure *out, struct fail *why)
{
	uint64_t bytes[PRESSURE_THRESHOLDS];

	for (size_t i = 0; i < count && i < PRESSURE_THRESHOLDS; i++)
		bytes[i] = (uint64_t)((double)limit * shares[i]);
	return pressure_open(dir, v2, bytes, count, out, why);
}

size_t watchpoint_poll(const struct pressure *p, struct pollfd fds[PRESSURE_FDS])
{
	return pressure_poll(p, fds);
}

void watchpoint_clear(const struct pressure *p)
{
	pressure_clear(p);
}

void watchpoint_disarm(struct pressure *p)
{
	pressure_close(p);
}
