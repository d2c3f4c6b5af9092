// SPDX-License-Identifier: Apache-2.0
#include "collect/collector.h"

#include <string.h>

#include "base/fail.h"
#include "jvm/hotspot.h"
#include "jvm/spaces.h"

static void claim(struct look *look, uint64_t start, uint64_t end, const char *source,
		  enum certainty certainty)
{
	snapshot_claim(look->out, (struct claim){ .start = start,
						  .end = end,
						  .account = "java-heap",
						  .source = source,
						  .certainty = certainty });
}

static uint64_t resident(const struct look *look, uint64_t start, uint64_t end)
{
	return pages_between(&look->pages, start, end, PAGE_PRESENT);
}

// ZGC's heap has no one range: it is a memory file of that name, mapped in pieces and, before
// JDK 21, up to three times.
static bool is_heap_file(const struct mapping *m)
{
	return !strncmp(m->path, "/memfd:java_heap", 16);
}

// Claims the heap's range, or all mappings of its memory file; the bytes that are resident.
static uint64_t claim_heap(struct look *look, uint64_t *reserved)
{
	const struct hotspot *vm = look->vm;
	uint64_t sum = 0;

	*reserved = 0;
	if (vm->heap_end) {
		claim(look, vm->heap_start, vm->heap_end, "vmstructs", CERTAINTY_EXACT);
		*reserved = vm->heap_end - vm->heap_start;
		return resident(look, vm->heap_start, vm->heap_end);
	}
	if (vm->gc != GC_Z)
		return 0;
	for (size_t i = 0; i < look->maps.count; i++) {
		const struct mapping *m = &look->maps.at[i];

		if (!is_heap_file(m))
			continue;
		claim(look, m->start, m->end, "proc", CERTAINTY_DERIVED);
		sum += resident(look, m->start, m->end);
	}
	return sum;
}

static void set_or_miss(struct look *look, enum fact_id id, uint64_t value, const char *why_not)
{
	struct provenance from = look_from(look, "heap", "vmstructs", CERTAINTY_EXACT);

	if (value != SPACES_UNKNOWN)
		snapshot_set(look->out, id, value, from);
	else
		snapshot_set_missing(look->out, id, from, why_not ? why_not : "not exported");
}

static void add_spaces(struct look *look, const struct spaces *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct spaces_row *r = &s->at[i];

		vec_push(look->mem, &look->out->spaces,
			 (struct space_row){ .name = r->name,
					     .start = r->start,
					     .end = r->end,
					     .committed = r->committed,
					     .used = r->used,
					     .regions = r->regions });
	}
}

static bool run(struct look *look, struct fail *why)
{
	struct provenance from = look_from(look, "heap", "vmstructs", CERTAINTY_EXACT);
	uint64_t reserved, present = claim_heap(look, &reserved);
	struct spaces spaces;

	if (reserved)
		snapshot_set(look->out, F_HEAP_RESERVED, reserved, from);
	if (look->has_pages)
		snapshot_set(look->out, F_HEAP_RESIDENT, present, from);
	if (!spaces_read(look->vm, look->mem, &spaces, why)) {
		if (why) {
			snapshot_set_missing(look->out, F_HEAP_COMMITTED, from, why->text);
			snapshot_set_missing(look->out, F_HEAP_USED, from, why->text);
		}
		return false;
	}
	set_or_miss(look, F_HEAP_COMMITTED, spaces.committed, spaces.unknown);
	set_or_miss(look, F_HEAP_USED, spaces.used, spaces.unknown);
	add_spaces(look, &spaces);
	return true;
}

const struct collector collector_heap = {
	.name = "heap",
	.sentence = "the Java heap: its range, its spaces or regions, what is committed and used",
	.needs = TIER_B,
	.needs_vm = true,
	.accounts = { "java-heap" },
	.run = run,
};
