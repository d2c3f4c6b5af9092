// SPDX-License-Identifier: Apache-2.0
#include "collect/collector.h"

#include "base/fail.h"
#include "jvm/hotspot.h"
#include "jvm/spaces.h"
#include "jvm/zheap.h"

static void claim(struct look *look, uint64_t start, uint64_t end, const char *source,
		  enum certainty certainty)
{
	snapshot_claim(look->out, (struct claim){ .start = start,
						  .end = end,
						  .account = "java-heap",
						  .source = source,
						  .certainty = certainty });
}

// ZGC's heap has no one range: it is a memory file that is mapped in pieces and, before JDK 21, up to
// three times, among the addresses that are reserved for it.  Those are the heap's as well: it may
// have grown since the mappings were listed.
static uint64_t claim_pieces(struct look *look)
{
	const struct hotspot *vm = look->vm;
	const char *source = vm->z && vm->z->memory ? "probe" : "proc";
	struct range all = { 0, 0 };
	uint64_t reserved = 0;

	if (vm->z)
		all = zheap_addresses(vm->z);
	for (size_t i = 0; i < look->maps.count; i++) {
		const struct mapping *m = &look->maps.at[i];
		bool is_reserved = m->start >= all.start && m->end <= all.end &&
				   mapping_is_anonymous(m) && !m->readable;

		if (!is_reserved && !zheap_is_memory(vm, m))
			continue;
		claim(look, m->start, m->end, source, CERTAINTY_DERIVED);
		reserved += m->end - m->start;
	}
	// JDK 11 reserves all addresses that a heap may ever have, which says nothing of this one.
	return reserved >= all.end - all.start ? 0 : reserved;
}

// Claims the heap's range, or all mappings of its memory file; the bytes that are reserved, where that
// is known.
static uint64_t claim_heap(struct look *look)
{
	const struct hotspot *vm = look->vm;

	if (vm->heap_end) {
		claim(look, vm->heap_start, vm->heap_end, "vmstructs", CERTAINTY_EXACT);
		return vm->heap_end - vm->heap_start;
	}
	return vm->gc == GC_Z ? claim_pieces(look) : 0;
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
	uint64_t reserved = claim_heap(look);
	struct spaces spaces;

	if (reserved)
		snapshot_set(look->out, F_HEAP_RESERVED, reserved, from);
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
