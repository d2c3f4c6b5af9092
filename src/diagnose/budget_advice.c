// SPDX-License-Identifier: Apache-2.0
// Sums of a budget, whether it fits, and which options would make it fit.
#include <inttypes.h>
#include <string.h>

#include "base/units.h"
#include "diagnose/budget.h"
#include "facts/snapshot.h"

enum {
	// Kept free of the limit for what has no limit of its own (Metaspace, malloc, stacks) and for
	// the kernel's share. A choice: the window that was seen may not have been the worst one.
	RESERVE_PERCENT = 10,
	// Before it runs nothing is known of what lies beside the heap. A choice too: the quarter that
	// the usual MaxRAMPercentage=75 leaves, and no less than a small service was seen to take.
	UNSEEN_PERCENT = 25,
	UNSEEN_LEAST_MB = 128,
	METASPACE_STEP_MB = 16,
	DIRECT_LEAST_MB = 32,
	HEAP_LEAST_MB = 8,
};

static const struct budget_part *find(const struct budget *b, const char *account)
{
	for (size_t i = 0; i < b->parts.count; i++)
		if (!strcmp(b->parts.at[i].account, account))
			return &b->parts.at[i];
	return NULL;
}

static uint64_t max_of(const struct budget *b, const char *account)
{
	const struct budget_part *part = find(b, account);

	return part && part->max != UNKNOWN_BYTES ? part->max : 0;
}

static void add_to(uint64_t *sum, uint64_t bytes)
{
	if (*sum != UNKNOWN_BYTES)
		*sum = bytes == UNKNOWN_BYTES ? UNKNOWN_BYTES : *sum + bytes;
}

static void sum_up(struct budget *b)
{
	b->whole = true;
	b->total = b->now = b->ceiling = 0;
	for (size_t i = 0; i < b->parts.count; i++) {
		const struct budget_part *part = &b->parts.at[i];

		if (part->max == UNKNOWN_BYTES)
			b->whole = false;
		else
			b->total += part->max;
		add_to(&b->now, part->now);
		add_to(&b->ceiling, part->ceiling);
	}
}

static const char *size(uint64_t bytes, struct arena *mem)
{
	char to[16];

	return arena_text(mem, units_print_size(bytes, to));
}

static void advise(struct arena *mem, struct budget *b, const char *option, const char *why)
{
	vec_push(mem, &b->advice, (struct budget_advice){ option, why });
}

// What is left for the heap: the limit less all else, less a reserve; the collector's structures
// shrink and grow with it.
static void advise_heap(const struct snapshot *s, struct arena *mem, struct budget *b)
{
	uint64_t heap = max_of(b, "java-heap"), gc = max_of(b, "gc");
	uint64_t beside = b->total - heap - gc, reserve, room, used;
	const char *note = "", *beside_text;
	double fit;

	if (b->whole) {
		reserve = b->limit / 100 * RESERVE_PERCENT;
		beside_text = "in other accounts";
	} else {
		reserve = b->limit / 100 * UNSEEN_PERCENT;
		if (reserve < MIB(UNSEEN_LEAST_MB))
			reserve = MIB(UNSEEN_LEAST_MB);
		beside_text = "of limits that are given";
		note = "; what it needs beside the heap is assumed, and measured once it runs: "
		       "jledger "
		       "flags PID --limit";
	}
	room = b->limit > beside + reserve ? b->limit - beside - reserve : 0;
	fit = heap ? (double)room / (1 + (double)gc / (double)heap) : (double)room;
	if (fit < (double)MIB(HEAP_LEAST_MB)) {
		b->text = arena_format(mem, "%s No heap fits: %s are %s, and %s are kept free.",
				       b->text, size(beside, mem), beside_text, size(reserve, mem));
		return;
	}
	used = snapshot_get(s, F_HEAP_USED, 0);
	if (used > (uint64_t)fit)
		note = arena_format(mem,
				    "; %s are used now, with garbage: whether so little is "
				    "enough shows after a Full GC",
				    size(used, mem));
	advise(mem, b, arena_format(mem, "-Xmx%" PRIu64 "m", (uint64_t)fit >> 20),
	       arena_format(
		       mem,
		       "%s less %s %s, %s kept free, and the collector's %.1f %% of the heap%s",
		       size(b->limit, mem), size(beside, mem), beside_text, size(reserve, mem),
		       heap ? (double)gc / (double)heap * 100 : 0.0, note));
}

static void advise_limits(struct arena *mem, struct budget *b)
{
	const struct budget_part *metaspace = find(b, "metaspace");
	const struct budget_part *direct = find(b, "direct-buffers");

	if (metaspace && metaspace->ceiling == UNKNOWN_BYTES && metaspace->max != UNKNOWN_BYTES) {
		uint64_t now = metaspace->max + max_of(b, "class-space");
		uint64_t mb = (now + now / 2 + MIB(METASPACE_STEP_MB) - 1) /
			      MIB(METASPACE_STEP_MB) * METASPACE_STEP_MB;

		advise(mem, b, arena_format(mem, "-XX:MaxMetaspaceSize=%" PRIu64 "m", mb),
		       arena_format(
			       mem,
			       "half as much again as the %s of now: without a limit no Full GC "
			       "comes before the memory's end",
			       size(now, mem)));
	}
	if (direct && direct->max != UNKNOWN_BYTES && direct->ceiling != UNKNOWN_BYTES &&
	    direct->ceiling > direct->max) {
		uint64_t mb = (direct->max * 2 + MIB(1) - 1) >> 20;

		if (mb < DIRECT_LEAST_MB)
			mb = DIRECT_LEAST_MB;
		if (MIB(mb) < direct->ceiling)
			advise(mem, b,
			       arena_format(mem, "-XX:MaxDirectMemorySize=%" PRIu64 "m", mb),
			       arena_format(mem,
					    "twice the %s of now: by default direct buffers may "
					    "grow to %s",
					    size(direct->max, mem), size(direct->ceiling, mem)));
	}
}

static const char *verdict(const struct budget *b, struct arena *mem)
{
	const char *whose = !strcmp(b->limit_source, "machine")     ? "the machine's memory"
			    : !strcmp(b->limit_source, "container") ? "the container's limit"
								    : "the limit";

	if (b->total > b->limit)
		return arena_format(mem, "It does not fit: %s are %s more than %s of %s.",
				    size(b->total, mem), size(b->total - b->limit, mem), whose,
				    size(b->limit, mem));
	if (!b->whole)
		return arena_format(mem,
				    "What is given leaves %s of %s for what is not known before it "
				    "runs.",
				    size(b->limit - b->total, mem), whose);
	if (b->ceiling == UNKNOWN_BYTES || b->ceiling > b->limit)
		return arena_format(mem,
				    "It fits %s of %s, with %s to spare, as long as what has no "
				    "limit of its own stays as it is.",
				    whose, size(b->limit, mem), size(b->limit - b->total, mem));
	return arena_format(mem, "It fits %s of %s, whatever it does.", whose, size(b->limit, mem));
}

void budget_close(const struct snapshot *s, bool asked, struct arena *mem, struct budget *b)
{
	sum_up(b);
	if (b->limit == UNKNOWN_BYTES) {
		b->text = "No limit is known.";
		return;
	}
	b->text = verdict(b, mem);
	if (!asked && b->total <= b->limit)
		return;
	advise_heap(s, mem, b);
	advise_limits(mem, b);
}
