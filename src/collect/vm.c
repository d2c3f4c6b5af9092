// SPDX-License-Identifier: Apache-2.0
// Opens HotSpot for the collectors behind: version, flags, collector, and the jvmstat buffer's
// place.
#include "collect/collector.h"
#include "collect/mappings.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "jvm/flags.h"
#include "jvm/hotspot.h"
#include "jvm/serializepage.h"

// Facts that are a flag's value.
static const struct {
	enum fact_id fact;
	const char *flag;
} FLAG_FACTS[] = {
	{ F_HEAP_MAX, "MaxHeapSize" },
	{ F_HEAP_INITIAL, "InitialHeapSize" },
	{ F_HEAP_PRETOUCH, "AlwaysPreTouch" },
};

// The VM's way to say "no limit" is the largest number that it can align.
#define UNLIMITED ((uint64_t)1 << 62)

static enum flag_type type_of(enum flags_kind kind)
{
	static const enum flag_type TYPES[] = {
		[FLAGS_BOOL] = FLAG_BOOL,     [FLAGS_INT] = FLAG_INT,
		[FLAGS_UINT] = FLAG_UINT,     [FLAGS_DOUBLE] = FLAG_DOUBLE,
		[FLAGS_STRING] = FLAG_STRING,
	};

	return TYPES[kind];
}

static void add_flags(struct look *look, const struct hotspot *vm)
{
	for (size_t i = 0; i < vm->flags->count; i++) {
		const struct flags_entry *flag = &vm->flags->at[i];
		struct flags_value v;

		// A value that is none of its type is left out rather than printed.
		if (!flags_read(vm, flag, look->mem, &v, NULL))
			continue;
		vec_push(look->mem, &look->out->flags,
			 (struct flag_row){
				 .name = flag->name,
				 .type_name = flag->type,
				 .type = type_of(flag->kind),
				 .number = v.number,
				 .real = v.real,
				 .text = v.text,
				 .origin = flag->origin,
			 });
	}
}

static void set_flag_facts(struct look *look, const struct hotspot *vm, struct provenance from)
{
	uint64_t value;

	for (size_t i = 0; i < sizeof(FLAG_FACTS) / sizeof(FLAG_FACTS[0]); i++) {
		// A heap whose range is not known, though it has one, may be the flag's fault.
		if (hotspot_flag(vm, FLAG_FACTS[i].flag, &value) &&
		    (vm->heap_end || !vm->heap_at || vm->gc == GC_Z))
			snapshot_set(look->out, FLAG_FACTS[i].fact, value, from);
		else
			snapshot_set_missing(
				look->out, FLAG_FACTS[i].fact, from,
				"the VM has no such flag, or its value contradicts the heap");
	}
	if (!hotspot_flag(vm, "MaxMetaspaceSize", &value))
		snapshot_set_missing(look->out, F_METASPACE_MAX, from, "the VM has no such flag");
	else if (value >= UNLIMITED)
		snapshot_set_missing(look->out, F_METASPACE_MAX, from, "unlimited");
	else
		snapshot_set(look->out, F_METASPACE_MAX, value, from);
}

// As java -version prints it: "17.0.15" of "17.0.15+6-Debian", "1.8.0_504" of "1.8.0_504-8u504".
static const char *version_of(const char *release, struct arena *mem)
{
	const char *ends = !strncmp(release, "1.", 2) ? "+-" : "+";

	return arena_copy(mem, release, strcspn(release, ends));
}

static void set_version(struct look *look, const struct hotspot *vm, struct provenance from)
{
	struct snapshot *s = look->out;

	if (vm->jdk)
		snapshot_set(s, F_JDK, (uint64_t)vm->jdk, from);
	if (*vm->release)
		snapshot_set_text(s, F_JDK_VERSION, version_of(vm->release, look->mem), from);
	if (*vm->name)
		snapshot_set_text(s, F_VM_NAME, vm->name, from);
	if (vm->gc != GC_UNKNOWN)
		snapshot_set_text(s, F_COLLECTOR, gc_name(vm->gc), from);
	else
		snapshot_set_missing(s, F_COLLECTOR, from, "no flag of a known collector is set");
}

static void set_counts(struct look *look, const struct hotspot *vm, struct provenance from)
{
	uint64_t count;

	if (vm->heap_at && hotspot_read_u64(vm, FIELD_HEAP_COLLECTIONS, vm->heap_at, &count, NULL))
		snapshot_set(look->out, F_GC_COUNT, count & UINT32_MAX, from);
}

// The jvmstat buffer: a mapped file, or anonymous memory without -XX:+UsePerfData's file.
static void claim_perf_data(struct look *look, const struct hotspot *vm)
{
	const struct mapping *m;
	uint64_t start, end;

	if (!hotspot_read_u64(vm, FIELD_PERF_START, 0, &start, NULL) ||
	    !hotspot_read_u64(vm, FIELD_PERF_END, 0, &end, NULL) || !start)
		return;
	m = maps_find(vm->maps, start);
	if (!m || start % 8 || end <= start || end > m->end)
		return;
	snapshot_claim(look->out, (struct claim){ .start = start,
						  .end = end,
						  .account = "jvm-other",
						  .part = "perf data",
						  .source = "vmstructs",
						  .certainty = CERTAINTY_EXACT });
}

static void claim_serialize_page(struct look *look, const struct hotspot *vm)
{
	uint64_t start;

	if (serializepage_find(vm, &start))
		snapshot_claim(look->out, (struct claim){ .start = start,
							  .end = start + PAGE_SIZE_BYTES,
							  .account = "jvm-other",
							  .part = "memory serialize page",
							  .source = "probe",
							  .certainty = CERTAINTY_DERIVED });
}

// Whoever can't read the VM can't tell any of its accounts, nor malloc from what lies within.
static void doubt_all(struct look *look)
{
	static const char *const ACCOUNTS[] = { "java-heap",     "metaspace",      "class-space",
						"cds",           "code-cache",     "gc",
						"thread-stacks", "direct-buffers", "malloc",
						"jvm-other" };

	for (size_t i = 0; i < sizeof(ACCOUNTS) / sizeof(ACCOUNTS[0]); i++)
		snapshot_doubt(look->out, ACCOUNTS[i], "vm", false);
}

static bool run(struct look *look, struct fail *why)
{
	struct provenance from = look_from(look, "vm", "vmstructs", CERTAINTY_EXACT);
	struct hotspot *vm = arena_new(look->mem, struct hotspot);

	if (look->target->memory_denied)
		return fail(why, FAIL_DENIED, "%s", look->target->memory_denied);
	if (!hotspot_open(look->target->memory, &look->maps, look->target->files, look->target->pid,
			  look->mem, vm, why)) {
		look->vm_damaged = why->kind == FAIL_CORRUPT;
		if (look->vm_damaged)
			doubt_all(look);
		return false;
	}
	look->vm = vm;
	if (vm->gc == GC_Z) // gives its heap new addresses all the time
		mappings_follow(look->target, look->mem);
	set_version(look, vm, from);
	add_flags(look, vm);
	set_flag_facts(look, vm, from);
	set_counts(look, vm, from);
	claim_perf_data(look, vm);
	claim_serialize_page(look, vm);
	return true;
}

const struct collector collector_vm = {
	.name = "vm",
	.sentence = "the VM's version, its flags with their origin, and its collector",
	.needs = TIER_B,
	.of_classes = CLASSES_LOADERS,
	.run = run,
};
