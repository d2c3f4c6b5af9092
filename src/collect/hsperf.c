// SPDX-License-Identifier: Apache-2.0
// Counters of the jvmstat buffer as facts.  Metaspace and heap-used counters are left alone: the VM
// writes them at collections only, so that they may be hours old.
#include "collect/hsperf.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "collect/collector.h"
#include "jvm/hotspot.h"

static bool read_candidate(const struct tree *files, const char *path, uint32_t uid,
			   struct arena *mem, struct hsperf *out, struct fail *why)
{
	struct tree_stat st;
	struct span bytes;

	if (!tree_stat(files, path, &st, why))
		return false;
	if (!S_ISREG(st.mode) || st.uid != uid || st.size > HSPERF_SIZE_LIMIT)
		return fail(why, FAIL_CORRUPT,
			    "%s is not the target's (a regular file of uid %u was expected)", path,
			    uid);
	return tree_read(files, path, mem, &bytes, why) && hsperf_parse(bytes, out, why);
}

bool hsperf_read_file(const struct tree *files, int pid, int ns_pid, uint32_t uid,
		      struct arena *mem, struct hsperf *out, struct fail *why)
{
	const char *tmp = arena_format(mem, "/proc/%d/root/tmp", pid);
	struct fail last = { .kind = FAIL_NONE };
	struct tree_names names;

	if (!tree_list(files, tmp, mem, &names, why))
		return false;
	for (size_t i = 0; i < names.count; i++) {
		struct fail here;

		if (!span_starts(span_of(names.at[i]), "hsperfdata_"))
			continue;
		if (read_candidate(files, arena_format(mem, "%s/%s/%d", tmp, names.at[i], ns_pid),
				   uid, mem, out, &here))
			return true;
		if (here.kind != FAIL_ABSENT)
			last = here;
	}
	if (last.kind != FAIL_NONE)
		return fail(why, last.kind, "%s", last.text);
	return fail(why, FAIL_ABSENT, "no jvmstat file hsperfdata_*/%d in the target's /tmp",
		    ns_pid);
}

static bool read_memory(const struct look *look, struct hsperf *out, struct fail *why)
{
	const struct hotspot *vm = look->vm;
	uint64_t start, end;
	char *bytes;

	if (!hotspot_read_u64(vm, FIELD_PERF_START, 0, &start, why) ||
	    !hotspot_read_u64(vm, FIELD_PERF_END, 0, &end, why))
		return false;
	if (!start)
		return fail(why, FAIL_ABSENT, "the VM keeps no jvmstat buffer (-XX:-UsePerfData)");
	if (!hotspot_is_pointer(start) || end <= start || end - start > HSPERF_SIZE_LIMIT)
		return fail(why, FAIL_CORRUPT,
			    "PerfMemory from 0x%" PRIx64 " to 0x%" PRIx64 " makes no sense", start,
			    end);
	bytes = arena_get(look->mem, (size_t)(end - start));
	if (!memory_read(vm->memory, start, bytes, (size_t)(end - start), why))
		return fail_while(why, "reading PerfMemory");
	return hsperf_parse((struct span){ bytes, (size_t)(end - start) }, out, why);
}

bool hsperf_read_target(const struct look *look, struct hsperf *out, const char **source,
			struct fail *why)
{
	const struct target *t = look->target;
	uint64_t uid = snapshot_get(look->out, F_UID, UINT64_MAX);

	if (uid > UINT32_MAX)
		fail(why, FAIL_ABSENT, "the target's user is not known");
	else if (hsperf_read_file(t->files, t->pid, t->ns_pid, (uint32_t)uid, look->mem, out,
				  why)) {
		*source = "hsperf file";
		return true;
	}
	if (look->vm && read_memory(look, out, why)) {
		*source = "hsperf memory";
		return true;
	}
	return false;
}

static bool is_g1(const struct hsperf *h)
{
	const char *name = hsperf_collector_name(h);

	return name && !strcmp(name, "G1");
}

void hsperf_sum_heap(const struct hsperf *h, struct hsperf_heap *out)
{
	struct hsperf_heap sum = { 0, 0, 0 };
	bool g1 = is_g1(h);

	*out = (struct hsperf_heap){ UINT64_MAX, UINT64_MAX, UINT64_MAX };
	for (int gen = 0; gen < 2; gen++) {
		char name[64];
		uint64_t committed, max, used;

		snprintf(name, sizeof(name), "sun.gc.generation.%d.capacity", gen);
		if (!hsperf_number(h, name, &committed))
			return;
		snprintf(name, sizeof(name), "sun.gc.generation.%d.maxCapacity", gen);
		if (!hsperf_number(h, name, &max))
			return;
		for (int space = 0; space < 3; space++) {
			snprintf(name, sizeof(name), "sun.gc.generation.%d.space.%d.used", gen,
				 space);
			if (hsperf_number(h, name, &used))
				sum.used += used;
		}
		// G1 adds a word to each space so that no capacity is 0, and calls the whole heap
		// the maximum of both generations.
		sum.committed += g1 ? units_page_down(committed) : committed;
		if (!g1 || !gen)
			sum.max += g1 ? units_page_down(max) : max;
	}
	*out = sum;
}

const char *hsperf_collector_name(const struct hsperf *h)
{
	// By the start of the young (or only) collector's name, JDK 8 to 25.
	static const struct {
		const char *starts, *name;
	} NAMES[] = {
		{ "G1", "G1" },       { "Serial", "Serial" },
		{ "Copy", "Serial" }, { "Parallel", "Parallel" },
		{ "PS", "Parallel" }, { "PCopy", "CMS" },
		{ "CMS", "CMS" },     { "ParNew", "CMS" },
		{ "Z", "Z" },         { "Shenandoah", "Shenandoah" },
	};
	struct span text;

	if (!hsperf_text(h, "sun.gc.collector.0.name", &text))
		return NULL;
	for (size_t i = 0; i < sizeof(NAMES) / sizeof(NAMES[0]); i++)
		if (span_starts(text, NAMES[i].starts))
			return NAMES[i].name;
	return NULL;
}

const char *hsperf_jdk_version(const struct hsperf *h, struct arena *mem)
{
	struct span text;

	if (!hsperf_text(h, "java.property.java.version", &text) || !text.len)
		return NULL;
	return arena_copy(mem, text.at, text.len);
}

// A fact is the sum of those of its counters that the buffer has; the first must be there.
static const struct {
	enum fact_id fact;
	const char *counter[2];
} COUNTERS[] = {
	{ F_GC_COUNT, { "sun.gc.collector.0.invocations", "sun.gc.collector.1.invocations" } },
	{ F_GC_FULL_COUNT, { "sun.gc.collector.1.invocations" } },
	{ F_CLASSES_LOADED, { "java.cls.loadedClasses", "java.cls.sharedLoadedClasses" } },
	{ F_CLASSES_UNLOADED, { "java.cls.unloadedClasses", "java.cls.sharedUnloadedClasses" } },
	{ F_JAVA_THREADS_STARTED, { "java.threads.started" } },
	{ F_JAVA_THREADS, { "java.threads.live" } },
	{ F_SAFEPOINTS, { "sun.rt.safepoints" } },
};

static void set_counters(const struct look *look, const struct hsperf *h, struct provenance from)
{
	for (size_t i = 0; i < sizeof(COUNTERS) / sizeof(COUNTERS[0]); i++) {
		uint64_t sum, more;

		if (!hsperf_number(h, COUNTERS[i].counter[0], &sum)) {
			snapshot_set_missing(look->out, COUNTERS[i].fact, from,
					     "the jvmstat buffer has no such counter");
			continue;
		}
		if (COUNTERS[i].counter[1] && hsperf_number(h, COUNTERS[i].counter[1], &more))
			sum += more;
		// Without some that the VM hides from Java; its own list is better.
		if (COUNTERS[i].fact != F_JAVA_THREADS || !look->vm_damaged)
			snapshot_set(look->out, COUNTERS[i].fact, sum, from);
	}
}

static void set_gc_time(const struct look *look, const struct hsperf *h, struct provenance from)
{
	uint64_t ticks = 0, frequency, one;

	if (!hsperf_number(h, "sun.os.hrt.frequency", &frequency) || !frequency)
		return;
	for (int i = 0; i < 3; i++) {
		char name[40];

		snprintf(name, sizeof(name), "sun.gc.collector.%d.time", i);
		if (hsperf_number(h, name, &one))
			ticks += one;
	}
	snapshot_set(look->out, F_GC_TIME, (uint64_t)((double)ticks * 1e9 / (double)frequency),
		     from);
}

// "17.0.15" -> 17, "1.8.0_504" -> 8.
static bool major_of(const char *version, uint64_t *major)
{
	struct span rest = span_of(version);

	return span_take_dec(&rest, major) &&
	       (*major != 1 || (span_take_char(&rest, '.') && span_take_dec(&rest, major)));
}

static void set_text(const struct look *look, const struct hsperf *h, enum fact_id id,
		     const char *name, struct provenance from)
{
	struct span text;

	if (!look->out->fact[id].known && hsperf_text(h, name, &text) && text.len)
		snapshot_set_text(look->out, id, arena_copy(look->mem, text.at, text.len), from);
}

// What the VM's own memory says better; here for targets whose memory can't be read.
static void set_identity(const struct look *look, const struct hsperf *h, struct provenance from)
{
	const char *version = hsperf_jdk_version(h, look->mem);
	const char *collector = hsperf_collector_name(h);
	uint64_t major;

	if (version && !look->out->fact[F_JDK].known && major_of(version, &major))
		snapshot_set(look->out, F_JDK, major, from);
	set_text(look, h, F_JDK_VERSION, "java.property.java.version", from);
	set_text(look, h, F_VM_NAME, "java.property.java.vm.name", from);
	if (collector && !look->out->fact[F_COLLECTOR].known)
		snapshot_set_text(look->out, F_COLLECTOR, collector, from);
}

static void set_heap(const struct look *look, const struct hsperf *h, struct provenance from)
{
	struct hsperf_heap heap;
	uint64_t class_space;

	hsperf_sum_heap(h, &heap);
	if (heap.committed == UINT64_MAX)
		return;
	vec_push(look->mem, &look->out->checks,
		 (struct check_row){ .account = "java-heap",
				     .source = "hsperf",
				     .what = "committed",
				     .theirs = heap.committed });
	if (look->vm)
		return;
	// A reservation does not change, so that this one is never stale.
	if (hsperf_number(h, "sun.gc.compressedclassspace.maxCapacity", &class_space))
		snapshot_set(look->out, F_CLASS_SPACE_RESERVED, class_space, from);
	snapshot_set(look->out, F_HEAP_MAX, heap.max, from);
	snapshot_set(look->out, F_HEAP_COMMITTED, heap.committed, from);
}

static bool run(struct look *look, struct fail *why)
{
	struct provenance from;
	struct hsperf h;
	const char *source;

	if (!hsperf_read_target(look, &h, &source, why)) {
		for (size_t i = 0; why && i < sizeof(COUNTERS) / sizeof(COUNTERS[0]); i++)
			snapshot_set_missing(look->out, COUNTERS[i].fact,
					     look_from(look, "hsperf", "hsperf", CERTAINTY_EXACT),
					     why->text);
		return false;
	}
	from = look_from(look, "hsperf", source, CERTAINTY_EXACT);
	set_counters(look, &h, from);
	set_gc_time(look, &h, from);
	set_identity(look, &h, from);
	from.certainty = CERTAINTY_DERIVED;
	set_heap(look, &h, from);
	return true;
}

const struct collector collector_hsperf = {
	.name = "hsperf",
	.sentence = "jvmstat counters: classes, threads and collections since start",
	.needs = TIER_C,
	.run = run,
};
