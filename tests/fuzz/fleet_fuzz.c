// SPDX-License-Identifier: Apache-2.0
#include "store/fleet.h"

#include "base/arena.h"
#include "base/fail.h"

// Any lines: no crash; what is counted adds up.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span rest = { (const char *)bytes, len }, line;
	struct arena mem = { 0 };
	struct fleet_merge *m = fleet_begin(&mem);
	struct fleet f;
	struct fail why;

	while (span_take_line(&rest, &line))
		fleet_add(m, line, &why);
	fleet_finish(m, &f);
	if (f.healthy > f.count || f.hosts > f.count || f.strange + f.count > f.lines)
		__builtin_trap();
	for (size_t i = 0; i < f.cause_count; i++)
		if (f.causes[i].confirmed + f.causes[i].likely > f.count ||
		    f.causes[i].hosts > f.hosts)
			__builtin_trap();
	arena_drop(&mem);
	return 0;
}
