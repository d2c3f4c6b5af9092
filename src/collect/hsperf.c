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
#include "collect/jstat.h"
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

static bool find_file(const struct tree *files, int pid, int ns_pid, uint32_t uid,
		      struct arena *mem, struct hsperf *out, const char **path, struct fail *why)
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
		*path = arena_format(mem, "%s/%s/%d", tmp, names.at[i], ns_pid);
		if (read_candidate(files, *path, uid, mem, out, &here))
			return true;
		if (here.kind != FAIL_ABSENT)
			last = here;
	}
	if (last.kind != FAIL_NONE)
		return fail(why, last.kind, "%s", last.text);
	return fail(why, FAIL_ABSENT,
		    "no jvmstat file hsperfdata_*/%d in the target's /tmp: its user has no passwd "
		    "entry, or it runs with -XX:-UsePerfData or -XX:+PerfDisableSharedMem",
		    ns_pid);
}

bool hsperf_read_file(const struct tree *files, int pid, int ns_pid, uint32_t uid,
		      struct arena *mem, struct hsperf *out, struct fail *why)
{
	const char *path;

	return find_file(files, pid, ns_pid, uid, mem, out, &path, why);
}

const char *hsperf_find_file(const struct tree *files, int pid, int ns_pid, uint32_t uid,
			     struct arena *mem)
{
	const char *path = NULL;
	struct hsperf ignored;
	struct fail why;

	return find_file(files, pid, ns_pid, uid, mem, &ignored, &path, &why) ? path : NULL;
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
	else if ((t->hsperf_path &&
		  read_candidate(t->files, t->hsperf_path, (uint32_t)uid, look->mem, out, NULL)) ||
		 hsperf_read_file(t->files, t->pid, t->ns_pid, (uint32_t)uid, look->mem, out,
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

struct generation {
	uint64_t committed, min, max, used;
};

static bool read_generation(const struct hsperf *h, int index, struct generation *out)
{
	struct generation g = { 0 };
	char name[64];
	uint64_t used;

	snprintf(name, sizeof(name), "sun.gc.generation.%d.capacity", index);
	if (!hsperf_number(h, name, &g.committed))
		return false;
	snprintf(name, sizeof(name), "sun.gc.generation.%d.maxCapacity", index);
	if (!hsperf_number(h, name, &g.max))
		return false;
	snprintf(name, sizeof(name), "sun.gc.generation.%d.minCapacity", index);
	if (!hsperf_number(h, name, &g.min))
		return false;
	for (int space = 0; space < 3; space++) {
		snprintf(name, sizeof(name), "sun.gc.generation.%d.space.%d.used", index, space);
		if (hsperf_number(h, name, &used))
			g.used += used;
	}
	// G1 up to JDK 17 adds a word to each space so that no capacity is 0.
	g.committed = units_page_down(g.committed);
	g.min = units_page_down(g.min);
	g.max = units_page_down(g.max);
	*out = g;
	return true;
}

// Where generations share one range each may have all of it, or all but what the young one is given:
// its minimum is nothing then (G1, both kinds of ZGC, Parallel of JDK 28).
static uint64_t heap_max(const struct generation *young, const struct generation *old)
{
	if (!young->min || young->max == old->max)
		return young->max > old->max ? young->max : old->max;
	return young->max + old->max;
}

void hsperf_sum_heap(const struct hsperf *h, struct hsperf_heap *out)
{
	struct generation young = { 0 }, old = { 0 };
	bool has_young = read_generation(h, 0, &young), has_old = read_generation(h, 1, &old);

	*out = (struct hsperf_heap){ UINT64_MAX, UINT64_MAX, UINT64_MAX };
	if (has_young || has_old) // ZGC without generations calls its heap the old one
		*out = (struct hsperf_heap){ .used = young.used + old.used,
					     .committed = young.committed + old.committed,
					     .max = heap_max(&young, &old) };
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
	{ F_GC_CYCLES, { "sun.gc.collector.2.invocations" } },
	{ F_OLD_USED, { "sun.gc.generation.1.space.0.used" } },
	{ F_OLD_COMMITTED, { "sun.gc.generation.1.capacity" } },
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

// Sums of counters that run in ticks.
static const struct {
	enum fact_id fact;
	const char *counter[3];
} TIMES[] = {
	{ F_GC_TIME,
	  { "sun.gc.collector.0.time", "sun.gc.collector.1.time", "sun.gc.collector.2.time" } },
	{ F_GC_FULL_TIME, { "sun.gc.collector.1.time" } },
	{ F_GC_FULL_LAST, { "sun.gc.collector.1.lastEntryTime" } },
	{ F_GC_CYCLE_TIME, { "sun.gc.collector.2.time" } },
	{ F_SAFEPOINT_TIME, { "sun.rt.safepointTime" } },
};

static void set_times(const struct look *look, const struct hsperf *h, struct provenance from)
{
	uint64_t frequency, one;

	if (!hsperf_number(h, "sun.os.hrt.frequency", &frequency) || !frequency)
		return;
	for (size_t i = 0; i < sizeof(TIMES) / sizeof(TIMES[0]); i++) {
		uint64_t ticks = 0;
		bool known = false;

		for (size_t k = 0; k < 3 && TIMES[i].counter[k]; k++) {
			if (!hsperf_number(h, TIMES[i].counter[k], &one))
				continue;
			known = true;
			ticks += one;
		}
		if (known)
			snapshot_set(look->out, TIMES[i].fact,
				     (uint64_t)((double)ticks * 1e9 / (double)frequency), from);
	}
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
	set_times(look, &h, from);
	set_text(look, &h, F_GC_CAUSE, "sun.gc.lastCause", from);
	set_identity(look, &h, from);
	if (look->target->jstat && look->out->fact[F_JDK].known)
		jstat_read(&h, look->target->jstat, (unsigned)look->out->fact[F_JDK].value,
			   look->mem, &look->out->jstat);
	from.certainty = CERTAINTY_DERIVED;
	set_heap(look, &h, from);
	return true;
}

const struct collector collector_hsperf = {
	.name = "hsperf",
	.sentence = "jvmstat counters: classes, threads and collections since start",
	.needs = TIER_C,
	.of_classes = CLASSES_LOADERS,
	.run = run,
};
