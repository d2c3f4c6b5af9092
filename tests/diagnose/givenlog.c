// SPDX-License-Identifier: Apache-2.0
#include "givenlog.h"

#include <math.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

enum type {
	COUNT,   // or bytes
	NUMBER,  // 0.87, -3
	SECONDS, // a duration
	SUM,     // COUNT/SUM/MAX
	CHANGE,  // BEFORE/AFTER/CAPACITY
};

#define AT(member) offsetof(struct gc_stats, member)
static const struct {
	const char *name;
	enum type type;
	size_t at;
} KEYS[] = {
	{ "span", SECONDS, AT(span_s) },
	{ "pauses", SUM, AT(pauses.all) },
	{ "allocated", COUNT, AT(allocated.bytes) },
	{ "promoted", COUNT, AT(promoted.bytes) },
	{ "promotions", COUNT, AT(promoted.count) },
	{ "live.points", COUNT, AT(live.points) },
	{ "live.first", COUNT, AT(live.first) },
	{ "live.last", COUNT, AT(live.last) },
	{ "live.capacity", COUNT, AT(live.capacity) },
	{ "live.slope", NUMBER, AT(live.slope) },
	{ "live.low", NUMBER, AT(live.low) },
	{ "live.high", NUMBER, AT(live.high) },
	{ "live.r2", NUMBER, AT(live.r2) },
	{ "live.span", SECONDS, AT(live.span_s) },
	{ "live.half1", NUMBER, AT(burdens.first_half) },
	{ "live.half2", NUMBER, AT(burdens.second_half) },
	{ "full.count", COUNT, AT(full.count) },
	{ "full.heap", CHANGE, AT(full.heap) },
	{ "full.old", CHANGE, AT(full.old) },
	{ "full.freed", NUMBER, AT(full.freed_share) },
	{ "full.old_freed", NUMBER, AT(full.old_freed_share) },
	{ "row.count", COUNT, AT(burdens.full.count) },
	{ "row.span", SECONDS, AT(burdens.full.end_s) },
	{ "row.paused", SECONDS, AT(burdens.full.paused_s) },
	{ "row.used", COUNT, AT(burdens.full.used) },
	{ "row.capacity", COUNT, AT(burdens.full.capacity) },
	{ "heap", COUNT, AT(heap_capacity) },
	{ "cycles", COUNT, AT(cycles.count) },
	{ "cycles.pairs", COUNT, AT(cycles.pairs) },
	{ "cycles.nothing", COUNT, AT(cycles.freed_nothing) },
	{ "cycles.soon", COUNT, AT(cycles.back_to_back) },
	{ "cycles.row", COUNT, AT(cycles.longest_row) },
	{ "cycles.row_s", SECONDS, AT(cycles.row_s) },
	{ "cycles.cores", NUMBER, AT(cycles.row_cores) },
	{ "cycles.used", COUNT, AT(cycles.last_used) },
	{ "cycles.capacity", COUNT, AT(cycles.capacity) },
	{ "failed", SUM, AT(burdens.failed) },
	{ "failed.free", COUNT, AT(burdens.failed_free) },
	{ "failed.young", COUNT, AT(burdens.failed_young) },
	{ "concurrent_failed", SUM, AT(concurrent_failed) },
	{ "promotion_failed", SUM, AT(promotion_failed) },
	{ "to_space", SUM, AT(to_space) },
	{ "degenerated", SUM, AT(degenerated) },
	{ "stalls", SUM, AT(stalls) },
	{ "explicit", SUM, AT(burdens.explicit_full) },
	{ "explicit.period", SECONDS, AT(explicit_period_s) },
	{ "humongous", SUM, AT(humongous) },
	{ "humongous.futile", SUM, AT(burdens.humongous_futile) },
	{ "full_with_room", SUM, AT(burdens.full_with_room) },
	{ "locker", SUM, AT(locker) },
	{ "locker.futile", SUM, AT(burdens.locker_futile) },
	{ "metadata", COUNT, AT(meta.by_cause) },
	{ "metadata.futile", COUNT, AT(meta.by_cause_freed_nothing) },
	{ "metadata.late", SUM, AT(burdens.meta_futile_late) },
	{ "metadata.last_ditch", COUNT, AT(meta.last_ditch) },
	{ "metadata.last", CHANGE, AT(meta.last) },
	{ "metadata.full", SUM, AT(burdens.meta_full) },
	{ "metadata.full_at", SECONDS, AT(burdens.meta_full_last_s) },
	{ "stops", SUM, AT(stop) },
	{ "reach", SUM, AT(reach) },
	{ "slow_reach", SUM, AT(burdens.slow_reach) },
	{ "other_stops", SECONDS, AT(other_stops_s) },
	{ "cpu", COUNT, AT(cpu.measured) },
	{ "starved", SUM, AT(burdens.starved) },
	{ "swap_like", SUM, AT(burdens.swap_like) },
	{ "swap", COUNT, AT(swap) },
	{ "swap.free", COUNT, AT(swap_free) },
	{ "tenured", COUNT, AT(burdens.tenured) },
	{ "tenured.low", COUNT, AT(burdens.tenured_low) },
	{ "finals.points", COUNT, AT(burdens.final_refs.points) },
	{ "finals.first", COUNT, AT(burdens.final_refs.first) },
	{ "finals.last", COUNT, AT(burdens.final_refs.last) },
	{ "finals.slope", NUMBER, AT(burdens.final_refs.slope) },
	{ "finals.low", NUMBER, AT(burdens.final_refs.low) },
	{ "finals.r2", NUMBER, AT(burdens.final_refs.r2) },
	{ "no_cause", COUNT, AT(burdens.no_cause) },
	{ "runs", COUNT, AT(runs) },
	{ "unknown", COUNT, AT(unknown_lines) },
};
#undef AT

static struct gc_stats *begin(struct moments *m, const char *collector)
{
	static const struct gc_change NONE = { UNKNOWN_BYTES, UNKNOWN_BYTES, UNKNOWN_BYTES };
	static const char *const FILES[] = { "logs/gc.log" };
	struct gc_stats *s = arena_array(m->mem, struct gc_stats, 1);

	memset(s, 0, sizeof(*s));
	s->dialect = "unified";
	s->collector = strcmp(collector, "unknown") != 0 ? collector : "";
	s->events = s->runs = 1;
	s->stamped = true;
	s->live.slope = s->live.low = s->live.high = s->live.r2 = NAN;
	s->live.until_full_s = s->explicit_period_s = s->burdens.meta_full_last_s = NAN;
	s->burdens.final_refs.slope = s->burdens.first_half = s->burdens.second_half = NAN;
	s->full.old_freed_share = s->cycles.row_cores = NAN;
	s->full.heap = s->full.old = s->meta.last = NONE;
	s->cycles.last_used = s->cycles.capacity = s->live.capacity = UNKNOWN_BYTES;
	s->burdens.failed_free = s->max_heap = s->max_meta = s->swap = UNKNOWN_BYTES;
	m->log = s;
	m->log_files = FILES;
	return s;
}

// The parts of "COUNT/SUM/MAX".
static bool split(const char *text, char part[3][24])
{
	for (int i = 0; i < 3; i++) {
		size_t len = strcspn(text, "/");

		if (!len || len >= sizeof(part[0]) || (i < 2) != (text[len] == '/'))
			return false;
		memcpy(part[i], text, len);
		part[i][len] = '\0';
		text += len + 1;
	}
	return true;
}

static bool set(void *to, enum type type, const char *text)
{
	struct gc_sum *sum = to;
	struct gc_change *c = to;
	char part[3][24], *end;

	switch (type) {
	case COUNT:
		return moments_number(text, to);
	case NUMBER:
		*(double *)to = strtod(text, &end);
		return !*end;
	case SECONDS:
		return units_parse_duration(text, to, NULL);
	case SUM:
		sum->first.line = 10;
		sum->last.line = 20;
		return split(text, part) && moments_number(part[0], &sum->count) &&
		       units_parse_duration(part[1], &sum->sum_s, NULL) &&
		       units_parse_duration(part[2], &sum->max_s, NULL);
	case CHANGE:
		return split(text, part) && moments_number(part[0], &c->before) &&
		       moments_number(part[1], &c->after) && moments_number(part[2], &c->capacity);
	}
	return false;
}

bool give_gclog(struct moments *m, const struct words *line)
{
	struct gc_stats *s;

	if (line->count < 2)
		return false;
	s = m->log ? m->log : begin(m, line->at[1]);
	for (size_t n = 2; n < line->count; n++) {
		bool known = false;

		if (!strcmp(line->at[n], "alone")) {
			m->log_alone = true;
			continue;
		}
		for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]) && !known; i++)
			known = n + 1 < line->count && !strcmp(KEYS[i].name, line->at[n]) &&
				set((char *)s + KEYS[i].at, KEYS[i].type, line->at[n + 1]);
		if (!known)
			return false;
		n++;
	}
	return true;
}
