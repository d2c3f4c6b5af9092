// SPDX-License-Identifier: Apache-2.0
// The budget of a VM that does not run yet: its limits are known, its needs are not.
#include <string.h>

#include "base/units.h"
#include "diagnose/budget.h"
#include "diagnose/vmview.h"

// The VM's own choice without -Xmx: a quarter of the memory.
enum { HEAP_PERCENT = 25 };
// ReservedCodeCacheSize with all compilers, JDK 8 to 28.
static const uint64_t CODE_BY_DEFAULT = MIB(240);
static const char NOT_YET[] = "not known before it runs";

static struct budget_part heap_part(const struct vmview *v, uint64_t limit)
{
	const struct option_row *percent = vmview_option(v, "MaxRAMPercentage");
	struct budget_part part = { "java-heap", UNKNOWN_BYTES,
				    "a quarter of the memory, as no -Xmx is given", UNKNOWN_BYTES,
				    UNKNOWN_BYTES };
	double share = HEAP_PERCENT;

	if (vmview_given_number(v, "MaxHeapSize", &part.max)) {
		part.source = "MaxHeapSize";
	} else {
		if (percent && percent->has_real) {
			share = percent->real;
			part.source = "MaxRAMPercentage";
		}
		if (limit != UNKNOWN_BYTES && share > 0 && share <= 100)
			part.max = (uint64_t)((double)limit * share / 100);
	}
	part.ceiling = part.max;
	return part;
}

static struct budget_part part_of(const struct vmview *v, const char *account, const char *flag,
				  uint64_t ceiling)
{
	struct budget_part part = { account, UNKNOWN_BYTES, NOT_YET, UNKNOWN_BYTES, ceiling };

	if (vmview_given_number(v, flag, &part.max)) {
		part.source = flag;
		part.ceiling = part.max;
	}
	return part;
}

void budget_foresee(const struct snapshot *s, unsigned jdk, uint64_t limit, struct arena *mem,
		    struct budget *out)
{
	struct vmview v = vmview_of(s, jdk);
	struct budget_part heap = heap_part(&v, limit);

	*out = (struct budget){ .limit = limit, .limit_source = "--limit" };
	if (limit == UNKNOWN_BYTES)
		out->limit_source = NULL;
	vec_push(mem, &out->parts, heap);
	vec_push(mem, &out->parts, part_of(&v, "metaspace", "MaxMetaspaceSize", UNKNOWN_BYTES));
	vec_push(mem, &out->parts,
		 part_of(&v, "code-cache", "ReservedCodeCacheSize", CODE_BY_DEFAULT));
	vec_push(mem, &out->parts, part_of(&v, "direct-buffers", "MaxDirectMemorySize", heap.max));
	vec_push(mem, &out->parts,
		 (struct budget_part){ "thread-stacks", UNKNOWN_BYTES, NOT_YET, UNKNOWN_BYTES,
				       UNKNOWN_BYTES });
	vec_push(
		mem, &out->parts,
		(struct budget_part){ "gc", UNKNOWN_BYTES, NOT_YET, UNKNOWN_BYTES, UNKNOWN_BYTES });
	vec_push(mem, &out->parts,
		 (struct budget_part){ "malloc", UNKNOWN_BYTES, NOT_YET, UNKNOWN_BYTES,
				       UNKNOWN_BYTES });
	budget_close(s, limit != UNKNOWN_BYTES, mem, out);
}
