// SPDX-License-Identifier: Apache-2.0
// What the machine allows: its memory, mappings a process may have, how it overcommits.
#include "base/fail.h"
#include "collect/collector.h"
#include "parse/keyvalue.h"

enum { STRICT = 2 }; // vm.overcommit_memory

static void read_setting(const struct look *look, enum fact_id id, const char *path,
			 struct provenance from)
{
	struct span text;
	struct fail why;
	uint64_t n;

	if (!tree_read(look->target->files, path, look->mem, &text, &why))
		snapshot_set_missing(look->out, id, from, why.text);
	else if (span_take_dec(&text, &n))
		snapshot_set(look->out, id, n, from);
}

static bool run(struct look *look, struct fail *why)
{
	static const struct {
		enum fact_id id;
		const char *key;
	} KEYS[] = {
		{ F_MEMORY, "MemTotal" },
		{ F_COMMIT_LIMIT, "CommitLimit" },
		{ F_COMMITTED, "Committed_AS" },
	};
	struct provenance from = look_from(look, "machine", "proc", CERTAINTY_EXACT);
	struct span text;
	uint64_t n;

	read_setting(look, F_MAPPINGS_MAX, "/proc/sys/vm/max_map_count", from);
	read_setting(look, F_OVERCOMMIT, "/proc/sys/vm/overcommit_memory", from);
	if (!tree_read(look->target->files, "/proc/meminfo", look->mem, &text, why))
		return false;
	// What the machine has committed changes all the time, and matters under strict overcommit alone.
	for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++)
		if ((KEYS[i].id != F_COMMITTED ||
		     snapshot_get(look->out, F_OVERCOMMIT, 0) == STRICT) &&
		    keyvalue_find_number(text, KEYS[i].key, &n))
			snapshot_set(look->out, KEYS[i].id, n, from);
	return true;
}

const struct collector collector_machine = {
	.name = "machine",
	.sentence = "limits of the machine: memory, mappings of a process, overcommit",
	.needs = TIER_C,
	.plain = true,
	.run = run,
};
