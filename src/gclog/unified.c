// SPDX-License-Identifier: Apache-2.0
// Unified logging (JDK 9 and later): "[decorations] message", in any set and order of decorations,
// or none.  A collection's lines carry its number, "GC(7)"; what they bring before the pause's own
// line waits in a slot, what follows it (CPU times) finds the pause in a queue.
#include <math.h>

#include "gclog/decorations.h"
#include "gclog/dialects.h"
#include "gclog/scan.h"

static void emit_oldest(struct unified *u, const struct gclog_output *out)
{
	struct gc_event *e = &u->queue[u->first];

	u->first = (u->first + 1) % UNIFIED_QUEUE;
	u->count--;
	out->sink(out->arg, e);
}

void unified_flush(struct unified *u, const struct gclog_output *out)
{
	while (u->count)
		emit_oldest(u, out);
}

// The newest place of the queue, cleared; valid until the next call.
static struct gc_event *queue_event(struct unified *u, const struct gclog_line *l,
				    const struct decorations *d, const struct gclog_output *out)
{
	struct gc_event *e;

	if (u->count == UNIFIED_QUEUE)
		emit_oldest(u, out);
	e = &u->queue[(u->first + u->count++) % UNIFIED_QUEUE];
	gc_event_clear(e);
	decorations_stamp(d, e);
	e->file = l->file;
	e->line = e->last_line = l->number;
	return e;
}

static struct gc_event *find_pause(struct unified *u, uint64_t id)
{
	for (size_t i = u->count; i-- > 0;) {
		struct gc_event *e = &u->queue[(u->first + i) % UNIFIED_QUEUE];

		if (e->id == id && e->type == GC_PAUSE)
			return e;
	}
	return NULL;
}

// What the CPU times of a collection belong to: its newest event that has none yet.
static struct gc_event *find_unmeasured(struct unified *u, uint64_t id)
{
	for (size_t i = u->count; i-- > 0;) {
		struct gc_event *e = &u->queue[(u->first + i) % UNIFIED_QUEUE];

		if (e->id == id && (e->type == GC_PAUSE || e->type == GC_CONCURRENT))
			return e->flags & GC_CPU ? NULL : e;
	}
	return NULL;
}

static struct unified_slot *slot_of(struct unified *u, uint64_t id)
{
	static const struct gc_change NONE = { UNKNOWN_BYTES, UNKNOWN_BYTES, UNKNOWN_BYTES };
	struct unified_slot *s = &u->slot[id % UNIFIED_SLOTS];

	if (!s->used || s->id != id) {
		*s = (struct unified_slot){ .id = id,
					    .used = true,
					    .young = NONE,
					    .old = NONE,
					    .meta = NONE,
					    .eden = UNKNOWN_BYTES,
					    .survivors = UNKNOWN_BYTES,
					    .humongous_regions = UNKNOWN_BYTES,
					    .final_refs = UNKNOWN_BYTES };
	}
	return s;
}

// The line's stamp is of its end.
static void begin_earlier(struct gc_event *e, double duration_s)
{
	e->duration_s = duration_s;
	e->uptime_s -= duration_s;
	e->wall_s -= duration_s;
}

static bool last_duration(const char *p, const char *end, double *seconds, const char **start)
{
	const char *q;

	if (end - p < 3 || end[-1] != 's')
		return false;
	q = end - 1 - (end[-2] == 'm');
	while (q > p && q[-1] == ' ')
		q--;
	*start = q;
	while (*start > p &&
	       (scan_is_digit((*start)[-1]) || (*start)[-1] == '.' || (*start)[-1] == ','))
		(*start)--;
	q = *start;
	if (q == p || (q[-1] != ' ' && q[-1] != ')') || !scan_number(&q, end, seconds))
		return false;
	if (end[-2] == 'm')
		*seconds /= 1000;
	return true;
}

static enum gc_kind pause_kind(const char *p, const char *end)
{
	static const struct {
		const char *name;
		enum gc_kind kind;
	} KINDS[] = {
		{ "Young", GC_YOUNG },
		{ "Full", GC_FULL },
		{ "Mixed", GC_MIXED },
		{ "Initial Mark", GC_INITIAL_MARK },
		{ "Remark", GC_REMARK },
		{ "Cleanup", GC_CLEANUP },
		{ "Init Mark", GC_INITIAL_MARK },
		{ "Final Mark", GC_REMARK },
		{ "Mark Start", GC_INITIAL_MARK },
		{ "Mark End", GC_REMARK },
		{ "Degenerated", GC_DEGENERATED },
	};

	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++) {
		const char *at = p;

		if (scan_word(&at, end, KINDS[i].name))
			return KINDS[i].kind;
	}
	return GC_OTHER;
}

// What stands in brackets behind a pause's name and is no cause.
static bool take_qualifier(const char *p, const char *end, enum gc_kind *kind, unsigned *flags)
{
	static const struct {
		const char *words;
		enum gc_kind kind;
		unsigned flags;
	} WORDS[] = {
		{ "Normal", GC_YOUNG, 0 },
		{ "Prepare Mixed", GC_YOUNG, 0 },
		{ "Mixed", GC_MIXED, 0 },
		{ "Concurrent Start", GC_INITIAL_MARK, 0 },
		{ "Concurrent End", GC_YOUNG, 0 },
		{ "Evacuation Failure", GC_OTHER, GC_TO_SPACE },
		{ "Promotion", GC_OTHER, GC_PROMOTION_FAILED },
	};

	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
		const char *at = p;

		if (!scan_word(&at, end, WORDS[i].words))
			continue;
		if (WORDS[i].kind != GC_OTHER)
			*kind = WORDS[i].kind;
		*flags |= WORDS[i].flags;
		return true;
	}
	return false;
}

struct title {
	enum gc_kind kind;
	unsigned flags;
	const char *name_end;
	const char *cause, *cause_end;
	const char *rest; // behind name and brackets
};

static const char *paren_end(const char *p, const char *end)
{
	int depth = 0;

	for (; p < end; p++) {
		if (*p == '(')
			depth++;
		else if (*p == ')' && --depth == 0)
			return p;
	}
	return NULL;
}

// "Pause Young (Prepare Mixed) (G1 Evacuation Pause) ", up to the first number.
static void read_title(const char *p, const char *end, bool with_cause, struct title *t)
{
	const char *at = p;

	t->name_end = NULL;
	t->cause = t->cause_end = NULL;
	while (at < end) {
		const char *close;

		if (*at == ' ' && end - at > 1 && scan_is_digit(at[1]))
			break;
		if (*at != '(') {
			at++;
			continue;
		}
		close = paren_end(at, end);
		if (!close || (at < end - 1 && scan_is_digit(at[1])))
			break;
		if (take_qualifier(at + 1, close, &t->kind, &t->flags)) {
			if (!t->cause)
				t->name_end = close + 1;
		} else if (with_cause && !t->cause) {
			t->cause = at + 1;
			t->cause_end = close;
			if (!t->name_end)
				t->name_end = at;
		} else if (!t->cause) {
			t->name_end = close + 1;
		}
		at = close + 1;
	}
	if (!t->name_end)
		t->name_end = at;
	t->rest = at;
}

static void take_parts(struct gc_event *e, const struct unified_slot *s)
{
	e->young = s->young;
	e->old = s->old;
	e->meta = s->meta;
	e->survivors = s->survivors;
	e->humongous_regions = s->humongous_regions;
	e->final_refs = s->final_refs;
	e->tenuring = s->tenuring;
	e->flags |= s->flags;
}

static void clear_parts(struct unified_slot *s)
{
	static const struct gc_change NONE = { UNKNOWN_BYTES, UNKNOWN_BYTES, UNKNOWN_BYTES };

	s->young = s->old = s->meta = NONE;
	s->survivors = s->humongous_regions = s->final_refs = UNKNOWN_BYTES;
	s->flags = s->tenuring = 0;
}

// JDK 9 to 17's Serial and CMS end a young collection that failed with a full one inside it, which
// has the next number and ends first.
static void mark_nested(struct unified *u, const struct gc_event *young)
{
	struct gc_event *full = find_pause(u, young->id + 1);
	double from = young->uptime_s, at = full ? full->uptime_s : NAN;

	if (!full || full->kind != GC_FULL || full == young)
		return;
	if (isnan(from) || isnan(at)) {
		from = young->wall_s;
		at = full->wall_s;
	}
	if (full->duration_s <= young->duration_s &&
	    (isnan(from) || isnan(at) || at >= from - 0.011))
		full->flags |= GC_NESTED;
}

static enum gclog_told take_pause(struct unified *u, const struct gclog_line *l, const char *p,
				  uint64_t id, const struct decorations *d,
				  const struct gclog_output *out)
{
	const char *end = l->end, *number, *name = p + sizeof("Pause ") - 1;
	struct title t = { .kind = pause_kind(name, end) };
	struct unified_slot *s = id != UNKNOWN_BYTES ? slot_of(u, id) : NULL;
	struct gc_event *e;
	double seconds;
	bool with_cause = t.kind != GC_OTHER && t.kind != GC_DEGENERATED &&
			  memcmp(name, "Init ", 5) != 0 && memcmp(name, "Final", 5) != 0;

	if (!last_duration(p, end, &seconds, &number))
		return GCLOG_DETAIL; // it begins
	read_title(p, number, with_cause, &t);
	e = queue_event(u, l, d, out);
	e->id = id;
	e->kind = t.kind;
	e->flags = t.flags;
	begin_earlier(e, seconds);
	scan_copy(e->name, sizeof(e->name), p, t.name_end);
	if (t.cause)
		scan_copy(e->cause, sizeof(e->cause), t.cause, t.cause_end);
	if (s) {
		take_parts(e, s);
		clear_parts(s);
		if (!t.cause && s->cause[0])
			memcpy(e->cause, s->cause, sizeof(e->cause));
	}
	e->flags |= gclog_cause_flags(e->cause);
	gclog_saw_words(out->facts, e->name);
	gclog_saw_words(out->facts, e->cause);
	scan_blanks(&t.rest, number);
	if (t.rest < number)
		scan_change(&t.rest, number, &e->heap);
	if (e->kind == GC_YOUNG && id != UNKNOWN_BYTES) {
		e->flags |= u->failed;
		u->failed = 0;
		mark_nested(u, e);
	}
	return GCLOG_EVENT;
}

static enum gclog_told take_concurrent(struct unified *u, const struct gclog_line *l, const char *p,
				       uint64_t id, const struct decorations *d,
				       const struct gclog_output *out)
{
	const char *end = l->end, *number, *q;
	struct gc_event *e;
	double seconds;

	if (!last_duration(p, end, &seconds, &number))
		return GCLOG_DETAIL;
	e = queue_event(u, l, d, out);
	e->type = GC_CONCURRENT;
	e->id = id;
	for (q = p; q < number; q++)
		if (*q == ' ' && number - q > 1 &&
		    (scan_is_digit(q[1]) || (q[1] == '(' && number - q > 2 && scan_is_digit(q[2]))))
			break;
	scan_copy(e->name, sizeof(e->name), p, q);
	begin_earlier(e, seconds);
	p += sizeof("Concurrent ") - 1;
	if (SCAN_TEXT(&p, end, "Mark") || SCAN_TEXT(&p, end, "mark"))
		e->kind = GC_MARK;
	else if (SCAN_TEXT(&p, end, "Preclean") || SCAN_TEXT(&p, end, "Abortable Preclean"))
		e->kind = GC_PRECLEAN;
	else if (SCAN_TEXT(&p, end, "Sweep"))
		e->kind = GC_SWEEP;
	else if (SCAN_TEXT(&p, end, "Cycle") || SCAN_TEXT(&p, end, "Undo Cycle"))
		e->type = GC_CYCLE; // its phases are counted
	while (q < number && *q == ' ')
		q++;
	if (q < number)
		scan_change(&q, number, &e->heap);
	return GCLOG_EVENT;
}

// "Garbage Collection (Warmup) 208M(20%)->164M(16%)", "Minor Collection (Allocation Rate) ... 0.1s";
// at its beginning without sizes: the cause of the pauses to come.
static enum gclog_told take_cycle(struct unified *u, const struct gclog_line *l, const char *p,
				  uint64_t id, const struct decorations *d,
				  const struct gclog_output *out)
{
	const char *end = l->end, *open = memchr(p, '(', (size_t)(end - p)), *close, *number;
	struct unified_slot *s;
	struct gc_event *e;
	double seconds;

	close = open ? paren_end(open, end) : NULL;
	if (id == UNKNOWN_BYTES || !close)
		return GCLOG_DETAIL;
	s = slot_of(u, id);
	scan_copy(s->cause, sizeof(s->cause), open + 1, close);
	number = close + 1;
	scan_blanks(&number, end);
	if (number == end)
		return GCLOG_DETAIL;
	e = queue_event(u, l, d, out);
	e->type = GC_CYCLE;
	e->id = id;
	e->kind = *p == 'M' && p[1] == 'i' ? GC_YOUNG : GC_FULL;
	scan_copy(e->name, sizeof(e->name), p, open);
	memcpy(e->cause, s->cause, sizeof(e->cause));
	e->flags = gclog_cause_flags(e->cause);
	scan_change(&number, end, &e->heap);
	if (last_duration(p, end, &seconds, &number))
		begin_earlier(e, seconds);
	e->meta = s->meta;
	e->final_refs = s->final_refs;
	return GCLOG_EVENT;
}

static enum gclog_told take_stall(struct unified *u, const struct gclog_line *l, const char *p,
				  const struct decorations *d, const struct gclog_output *out)
{
	const char *number, *open = memchr(p, '(', (size_t)(l->end - p));
	struct gc_event *e;
	double seconds;

	if (!open || !last_duration(p, l->end, &seconds, &number))
		return GCLOG_DETAIL;
	e = queue_event(u, l, d, out);
	e->type = GC_STALL;
	scan_copy(e->name, sizeof(e->name), p, open);
	begin_earlier(e, seconds);
	return GCLOG_EVENT;
}

static bool take_ns(const char *p, const char *end, const char *key, double *seconds)
{
	const char *at = scan_find(p, end, key);
	double value;

	if (!at)
		return false;
	at += strlen(key);
	scan_blanks(&at, end);
	if (!scan_number(&at, end, &value))
		return false;
	*seconds = value / 1e9;
	return true;
}

// Safepoint "Name", Time since last: 1 ns, Reaching safepoint: 1 ns, ... At safepoint: 1 ns, Total: 1 ns
static enum gclog_told take_safepoint(struct unified *u, const struct gclog_line *l, const char *p,
				      const struct decorations *d, const struct gclog_output *out)
{
	const char *name = p + 1, *quote = memchr(name, '"', (size_t)(l->end - name));
	struct gc_event *e;
	double total, reach = NAN;

	if (!quote || !take_ns(quote, l->end, "Total:", &total))
		return GCLOG_DETAIL;
	take_ns(quote, l->end, "Reaching safepoint:", &reach);
	e = queue_event(u, l, d, out);
	e->type = GC_STOP;
	scan_copy(e->name, sizeof(e->name), name, quote);
	gclog_saw_words(out->facts, e->name);
	begin_earlier(e, total);
	e->reach_s = reach;
	return GCLOG_EVENT;
}

bool gclog_stop(const char *p, const char *end, struct gc_event *e)
{
	static const char TOOK[] = "Stopping threads took:";
	double seconds;
	const char *at;

	if (!SCAN_TEXT(&p, end, "Total time for which application threads were stopped:"))
		return false;
	scan_blanks(&p, end);
	if (!scan_number(&p, end, &seconds))
		return false;
	e->type = GC_STOP;
	begin_earlier(e, seconds);
	at = scan_find(p, end, TOOK);
	if (at) {
		at += sizeof(TOOK) - 1;
		scan_blanks(&at, end);
		if (!scan_number(&at, end, &e->reach_s))
			e->reach_s = NAN;
	}
	return true;
}

static enum gclog_told take_total(struct unified *u, const struct gclog_line *l, const char *p,
				  const struct decorations *d, const struct gclog_output *out)
{
	struct gc_event *e = queue_event(u, l, d, out);

	if (!gclog_stop(p, l->end, e)) {
		u->count--;
		return GCLOG_STRANGE;
	}
	memcpy(e->name, u->operation, sizeof(e->name));
	u->operation[0] = '\0';
	return GCLOG_EVENT;
}

static enum gclog_told take_cpu(struct unified *u, const char *p, const char *end, uint64_t id)
{
	struct gc_event *e = find_unmeasured(u, id);
	double user, sys, real;

	if (!e)
		return GCLOG_DETAIL;
	p += sizeof("User=") - 1;
	if (!scan_number(&p, end, &user) || !SCAN_TEXT(&p, end, "s Sys=") ||
	    !scan_number(&p, end, &sys) || !SCAN_TEXT(&p, end, "s Real=") ||
	    !scan_number(&p, end, &real))
		return GCLOG_STRANGE;
	e->user_s = user;
	e->sys_s = sys;
	e->real_s = real;
	e->flags |= GC_CPU;
	return GCLOG_EVENT;
}

static bool take_area(const char *p, const char *end, const char *name, struct gc_change *to)
{
	if (!scan_word(&p, end, name))
		return false;
	scan_blanks(&p, end);
	return scan_change(&p, end, to);
}

// "Humongous regions: 3->2"
static bool take_regions(const char *p, const char *end, const char *name, uint64_t *after)
{
	uint64_t before;

	if (!scan_word(&p, end, name))
		return false;
	scan_blanks(&p, end);
	return scan_integer(&p, end, &before) && SCAN_TEXT(&p, end, "->") &&
	       scan_integer(&p, end, after);
}

// ZGC's "Final References: 5 encountered, 0 discovered, 0 enqueued", later a row of a table with the same numbers.
static bool take_final_references(const char *p, const char *end, uint64_t *count)
{
	if (!SCAN_TEXT(&p, end, "Final References:"))
		return false;
	scan_blanks(&p, end);
	return scan_integer(&p, end, count);
}

// What a collection's lines say of areas.  A line of the old generation that follows the pause's
// own (Shenandoah, ZGC) waits for the next pause of the same cycle.
static bool take_part(struct unified *u, const char *p, const char *end, uint64_t id,
		      struct gclog_facts *f)
{
	static const struct {
		const char *name;
		bool old;
		enum gclog_collector collector;
	} AREAS[] = {
		{ "ParNew:", false, GCLOG_CMS },          { "CMS:", true, GCLOG_CMS },
		{ "DefNew:", false, GCLOG_SERIAL },       { "Tenured:", true, GCLOG_SERIAL },
		{ "PSYoungGen:", false, GCLOG_PARALLEL }, { "ParOldGen:", true, GCLOG_PARALLEL },
		{ "PSOldGen:", true, GCLOG_PARALLEL },
	};
	struct unified_slot *s = slot_of(u, id);

	switch (*p) {
	case 'M':
		return take_area(p, end, "Metaspace:", &s->meta);
	case 'H':
		return take_regions(p, end, "Humongous regions:", &s->humongous_regions);
	case 'S':
		return take_regions(p, end, "Survivor regions:", &s->survivors);
	case 'F':
		return take_final_references(p, end, &s->final_refs);
	case 'T':
	case 'P':
	case 'C':
	case 'D':
		for (size_t i = 0; i < sizeof(AREAS) / sizeof(AREAS[0]); i++)
			if (AREAS[i].name[0] == *p &&
			    take_area(p, end, AREAS[i].name, AREAS[i].old ? &s->old : &s->young)) {
				gclog_saw_collector(f, AREAS[i].collector);
				return true;
			}
		if (*p == 'D')
			return gclog_tenuring(p, end, &s->tenuring);
		if (SCAN_TEXT(&p, end, "To-space exhausted"))
			return s->flags |= GC_TO_SPACE, true;
		return false;
	default:
		return false;
	}
}

static enum gclog_told take_numbered(struct unified *u, const struct gclog_line *l, const char *p,
				     const struct decorations *d, const struct gclog_output *out)
{
	const char *end = l->end, *at = p;
	uint64_t id;

	if (!SCAN_TEXT(&at, end, "GC(") || !scan_integer(&at, end, &id) ||
	    !SCAN_TEXT(&at, end, ")"))
		return GCLOG_STRANGE;
	scan_blanks(&at, end);
	if (end - at > 2 && at[1] == ':' &&
	    (*at == 'y' || *at == 'Y' || *at == 'o' || *at == 'O')) {
		gclog_saw_collector(out->facts, GCLOG_ZGC_GENERATIONAL);
		at += 2;
		scan_blanks(&at, end);
	}
	if (at == end)
		return GCLOG_DETAIL;
	switch (*at) {
	case 'P':
		p = at;
		if (SCAN_TEXT(&p, end, "Pause "))
			return take_pause(u, l, at, id, d, out);
		break;
	case 'C':
		p = at;
		if (SCAN_TEXT(&p, end, "Concurrent "))
			return take_concurrent(u, l, at, id, d, out);
		break;
	case 'U':
		p = at;
		if (SCAN_TEXT(&p, end, "User="))
			return take_cpu(u, at, end, id);
		break;
	case 'G':
	case 'M':
		p = at;
		if (SCAN_TEXT(&p, end, "Garbage Collection") ||
		    SCAN_TEXT(&p, end, "Minor Collection") ||
		    SCAN_TEXT(&p, end, "Major Collection"))
			return take_cycle(u, l, at, id, d, out);
		break;
	case 'A':
	case 'R':
		p = at;
		if (SCAN_TEXT(&p, end, "Allocation Stall (") ||
		    SCAN_TEXT(&p, end, "Relocation Stall ("))
			return take_stall(u, l, at, d, out);
		break;
	default:
		break;
	}
	return take_part(u, at, end, id, out->facts) ? GCLOG_EVENT : GCLOG_DETAIL;
}

static enum gclog_told take_unnumbered(struct unified *u, const struct gclog_line *l, const char *p,
				       const struct decorations *d, const struct gclog_output *out)
{
	const char *end = l->end, *at = p;

	switch (*p) {
	case 'S':
		if (SCAN_TEXT(&at, end, "Safepoint \""))
			return take_safepoint(u, l, at - 1, d, out);
		if (SCAN_TEXT(&at, end, "Shenandoah GC mode: Generational"))
			gclog_saw_collector(out->facts, GCLOG_SHENANDOAH_GENERATIONAL);
		break;
	case 'T':
		if (SCAN_TEXT(&at, end, "Total time for which"))
			return take_total(u, l, p, d, out);
		break;
	case 'E':
		if (SCAN_TEXT(&at, end, "Entering safepoint region: ")) {
			scan_copy(u->operation, sizeof(u->operation), at, end);
			return GCLOG_DETAIL;
		}
		break;
	case 'L':
		if (SCAN_TEXT(&at, end, "Leaving safepoint region"))
			return GCLOG_DETAIL;
		break;
	case 'A':
	case 'R':
		if (SCAN_TEXT(&at, end, "Allocation Stall (") ||
		    SCAN_TEXT(&at, end, "Relocation Stall ("))
			return take_stall(u, l, p, d, out);
		if (SCAN_TEXT(&at, end, "Application time:"))
			return GCLOG_DETAIL;
		break;
	case 'P':
		if (SCAN_TEXT(&at, end, "Promotion failed"))
			return u->failed |= GC_PROMOTION_FAILED, GCLOG_EVENT;
		break;
	default:
		break;
	}
	if (gclog_header(out->facts, p, end) == GCLOG_DETAIL)
		return u->any = true, GCLOG_DETAIL;
	return d->gc || gclog_is_noise(p, end) ? GCLOG_DETAIL : GCLOG_STRANGE;
}

// Where a container's log driver wrote its own words before it: "... stdout F [0.1s][info][gc] ...".
static const char *skip_foreign_prefix(const char *p, const char *end, struct unified *u)
{
	const char *b = memchr(p, '[', (size_t)(end - p) < 120 ? (size_t)(end - p) : 120);
	struct decorations d = { 0 };

	if (!b || b == p || b[-1] != ' ')
		return p;
	return decorations_take(b, end, &d, u) && d.stamped ? b : p;
}

enum gclog_told unified_line(struct unified *u, const struct gclog_line *l,
			     const struct gclog_output *out)
{
	struct decorations d = { 0 };
	const char *p = l->at, *end = l->end;
	enum gclog_told told;

	if (p < end && *p != '[' && *p != 'G')
		p = skip_foreign_prefix(p, end, u);
	if (p < end && *p == '[') {
		p = decorations_take(p, end, &d, u);
		if (!p)
			return GCLOG_NOT_OURS;
		if (!d.stamped && !d.levelled && !d.gc && !u->any)
			return GCLOG_NOT_OURS;
	} else if (!u->any || p == end || *p != 'G') {
		const char *at = p;
		uint64_t id;

		if (!SCAN_TEXT(&at, end, "GC(") || !scan_integer(&at, end, &id))
			return GCLOG_NOT_OURS;
	}
	scan_blanks(&p, end);
	while (end > p && end[-1] == ' ')
		end--;
	if (p == end)
		return GCLOG_DETAIL;
	{
		struct gclog_line cut = *l;

		cut.end = end;
		told = *p == 'G' && end - p > 3 && p[2] == '('
			       ? take_numbered(u, &cut, p, &d, out)
			       : take_unnumbered(u, &cut, p, &d, out);
	}
	if (told == GCLOG_EVENT || (told == GCLOG_DETAIL && d.gc))
		u->any = true;
	return told;
}
