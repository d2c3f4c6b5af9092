// SPDX-License-Identifier: Apache-2.0
// The grammar of one whole record of JDK 1.4 to 8.
//
// "[GC (cause) [Young: a->b(c), t secs] a->b(c), [Perm: a->b(c)], t secs]": what stands at the
// first depth is the heap's and the pause's, what stands deeper belongs to the area named there.
#include <math.h>
#include <stddef.h>

#include "gclog/dialects.h"
#include "gclog/scan.h"

enum area { AREA_NONE, AREA_HEAP, AREA_YOUNG, AREA_OLD, AREA_META, AREA_PERM };
enum { DEPTH_LIMIT = 16 };

static const struct {
	const char *name;
	enum area area;
	enum gclog_collector collector;
} AREAS[] = {
	{ "CMS Perm", AREA_PERM, GCLOG_CMS },
	{ "CMS", AREA_OLD, GCLOG_CMS },
	{ "ParNew", AREA_YOUNG, GCLOG_PARNEW },
	{ "ASParNew", AREA_YOUNG, GCLOG_PARNEW },
	{ "DefNew", AREA_YOUNG, GCLOG_SERIAL },
	{ "Tenured", AREA_OLD, GCLOG_SERIAL },
	{ "PSYoungGen", AREA_YOUNG, GCLOG_PARALLEL },
	{ "PSOldGen", AREA_OLD, GCLOG_PARALLEL },
	{ "ParOldGen", AREA_OLD, GCLOG_PARALLEL },
	{ "PSPermGen", AREA_PERM, GCLOG_PARALLEL },
	{ "Perm", AREA_PERM, GCLOG_COLLECTOR_UNKNOWN },
	{ "Metaspace", AREA_META, GCLOG_COLLECTOR_UNKNOWN },
};

struct reading {
	struct gc_event *e;
	struct gclog_facts *facts;
	enum area area[DEPTH_LIMIT];
	int depth;
	double duration_s; // the last one at the first depth
	bool other_brackets;
};

static enum area area_of(const char *p, const char *end, struct gclog_facts *facts)
{
	for (size_t i = 0; i < sizeof(AREAS) / sizeof(AREAS[0]); i++) {
		const char *at = p;

		if (!scan_word(&at, end, AREAS[i].name))
			continue;
		gclog_saw_collector(facts, AREAS[i].collector);
		return AREAS[i].area;
	}
	return AREA_NONE;
}

static void set_change(struct reading *r, const struct gc_change *c)
{
	switch (r->area[r->depth]) {
	case AREA_HEAP:
		r->e->heap = *c;
		break;
	case AREA_YOUNG:
		r->e->young = *c;
		break;
	case AREA_OLD:
		r->e->old = *c;
		break;
	case AREA_PERM:
		r->e->flags |= GC_PERM;
		r->e->meta = *c;
		break;
	case AREA_META:
		r->e->meta = *c;
		break;
	case AREA_NONE:
		break;
	}
}

// "a->b(c)" around the arrow at `arrow`.  Returns what is behind it.
static const char *take_change(struct reading *r, const char *start, const char *arrow,
			       const char *end)
{
	const char *p = arrow;
	struct gc_change c;

	// "-(3K)" of G1 may stand before the arrow; go back over it, then over the number.
	if (p > start && p[-1] == ')')
		while (p > start && *p != '(')
			p--;
	if (p > start)
		p--; // the unit
	while (p > start && (scan_is_digit(p[-1]) || p[-1] == '.' || p[-1] == ','))
		p--;
	while (p < arrow && !scan_is_digit(*p))
		p++;
	if (!scan_change(&p, end, &c))
		return arrow + 2;
	set_change(r, &c);
	return p;
}

// "[1 CMS-initial-mark: 560464K(699072K)] 597988K(990336K), 0.29 secs]"
static void take_mark(struct reading *r, const char *p, const char *end, enum gc_kind kind)
{
	struct gc_event *e = r->e;

	gclog_saw_collector(r->facts, GCLOG_CMS);
	e->kind = kind;
	scan_blanks(&p, end);
	if (p < end && *p == ':')
		p++;
	scan_blanks(&p, end);
	if (scan_used(&p, end, &e->old.after, &e->old.capacity))
		e->old.before = e->old.after;
	scan_blanks(&p, end);
	if (p < end && *p == ']')
		p++;
	scan_blanks(&p, end);
	if (scan_used(&p, end, &e->heap.after, &e->heap.capacity))
		e->heap.before = e->heap.after;
}

static void open_bracket(struct reading *r, const char *p, const char *end)
{
	if (++r->depth >= DEPTH_LIMIT)
		r->depth = DEPTH_LIMIT - 1;
	r->area[r->depth] = area_of(p, end, r->facts);
	if (SCAN_TEXT(&p, end, "1 CMS-initial-mark"))
		take_mark(r, p, end, GC_INITIAL_MARK);
	else if (SCAN_TEXT(&p, end, "1 CMS-remark"))
		take_mark(r, p, end, GC_REMARK);
	else if (SCAN_TEXT(&p, end, "YG occupancy"))
		r->e->kind = GC_REMARK;
}

// A number behind a comma and before "secs" or "ms".
static const char *take_duration(struct reading *r, const char *p, const char *end)
{
	const char *at = p + 1;
	double value;

	scan_blanks(&at, end);
	if (!scan_number(&at, end, &value))
		return p + 1;
	scan_blanks(&at, end);
	if (SCAN_TEXT(&at, end, "secs")) {
		if (r->depth == 1)
			r->duration_s = value;
	} else if (SCAN_TEXT(&at, end, "ms")) {
		if (r->depth == 1)
			r->duration_s = value / 1000;
	}
	return at;
}

static bool is_flag(const char *p, const char *end, struct gc_event *e, bool *kind_only)
{
	static const struct {
		const char *words;
		unsigned flags;
		enum gc_kind kind; // OTHER: says nothing of it
	} WORDS[] = {
		{ "young", 0, GC_YOUNG },
		{ "mixed", 0, GC_MIXED },
		{ "partial", 0, GC_MIXED },
		{ "initial-mark", 0, GC_INITIAL_MARK },
		{ "to-space", GC_TO_SPACE, GC_OTHER },
		{ "promotion", GC_PROMOTION_FAILED, GC_OTHER },
		{ "concurrent mode", GC_CONCURRENT_FAILED, GC_OTHER },
		{ "concurrentmode", GC_CONCURRENT_FAILED, GC_OTHER },
		{ "process weakrefs", 0, GC_OTHER },
		{ "unload classes", 0, GC_OTHER },
		{ "update refs", 0, GC_OTHER },
		{ "parallel", 0, GC_OTHER },
	};

	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++) {
		const char *at = p;

		if (!scan_word(&at, end, WORDS[i].words))
			continue;
		e->flags |= WORDS[i].flags;
		if (WORDS[i].kind != GC_OTHER)
			e->kind = WORDS[i].kind;
		*kind_only = !WORDS[i].flags;
		return true;
	}
	return false;
}

// "(Allocation Failure)", "(young)", "(promotion failed)", "(System.gc())".
static const char *take_paren(struct reading *r, const char *p, const char *end)
{
	const char *start = p + 1, *q = start;
	bool kind_only;
	int depth = 1;

	for (; q < end && q - start < 120; q++) {
		if (*q == '(')
			depth++;
		else if (*q == ')' && --depth == 0)
			break;
		else if (*q == '[' || *q == ']')
			return p + 1;
	}
	if (q == end || *q != ')')
		return p + 1;
	if (is_flag(start, q, r->e, &kind_only))
		return q + 1;
	if (r->depth == 1 && !r->e->cause[0] && !scan_is_digit(*start))
		scan_copy(r->e->cause, sizeof(r->e->cause), start, q);
	return q + 1;
}

static void walk(struct reading *r, const char *p, const char *end)
{
	const char *start = p;

	while (p < end) {
		switch (*p) {
		case '[':
			open_bracket(r, p + 1, end);
			p++;
			break;
		case ']':
			if (r->depth > 1)
				r->depth--;
			p++;
			break;
		case '(':
			p = take_paren(r, p, end);
			break;
		case ',':
			p = take_duration(r, p, end);
			break;
		case '-':
			if (end - p > 1 && p[1] == '>')
				p = take_change(r, start, p, end);
			else
				p++;
			break;
		default:
			p++;
		}
	}
}

static void name_it(struct gc_event *e, const char *name)
{
	scan_copy(e->name, sizeof(e->name), name, name + strlen(name));
}

static bool is_shenandoah(const char *p, const char *end, struct gc_event *e)
{
	const char *name = p, *q;

	if (!SCAN_TEXT(&p, end, "Pause ") && !SCAN_TEXT(&p, end, "Concurrent "))
		return false;
	e->type = *name == 'P' ? GC_PAUSE : GC_CONCURRENT;
	e->kind = scan_find(name, end, "Degenerated")  ? GC_DEGENERATED
		  : scan_find(name, end, "Pause Full") ? GC_FULL
		  : scan_find(name, end, "Init Mark")  ? GC_INITIAL_MARK
		  : scan_find(name, end, "Final Mark") ? GC_REMARK
		  : scan_find(name, end, "marking")    ? GC_MARK
						       : GC_OTHER;
	for (q = name; q < end && *q != ',' && *q != ']' && *q != '\n'; q++)
		if (scan_is_digit(*q) && q[-1] == ' ')
			break;
	scan_copy(e->name, sizeof(e->name), name, q);
	return true;
}

bool record_parse(const char *p, const char *end, struct gc_event *e, struct gclog_facts *facts)
{
	struct reading r = { .e = e, .facts = facts, .depth = 1, .duration_s = NAN };
	const char *at = p + 1;

	r.area[1] = AREA_HEAP;
	e->kind = GC_YOUNG;
	if (is_shenandoah(at, end, e)) {
		enum gc_kind kind = e->kind;

		gclog_saw_collector(facts, GCLOG_SHENANDOAH);
		walk(&r, at, end);
		e->kind = kind;
		e->duration_s = r.duration_s;
		if (isnan(r.duration_s) && scan_find(at, end, "start"))
			e->type = GC_CYCLE; // a beginning: nothing was lost
		return !isnan(r.duration_s);
	}
	if (SCAN_TEXT(&at, end, "Full GC")) {
		walk(&r, at, end);
		e->kind = GC_FULL;
		name_it(e, "Pause Full");
	} else if (SCAN_TEXT(&at, end, "GC")) {
		const char *rest = at;

		scan_blanks(&rest, end);
		if (SCAN_TEXT(&rest, end, "--"))
			e->flags |= GC_PROMOTION_FAILED; // Parallel's way to say it
		if (SCAN_TEXT(&rest, end, "pause"))
			gclog_saw_collector(facts, GCLOG_G1);
		if (SCAN_TEXT(&rest, end, "remark"))
			e->kind = GC_REMARK;
		else if (SCAN_TEXT(&rest, end, "cleanup"))
			e->kind = GC_CLEANUP;
		walk(&r, rest, end);
		if (e->kind == GC_YOUNG && !strcmp(e->cause, "CMS Initial Mark"))
			e->kind = GC_INITIAL_MARK;
		if (e->kind == GC_YOUNG && !strcmp(e->cause, "CMS Final Remark"))
			e->kind = GC_REMARK;
		name_it(e, e->kind == GC_REMARK         ? "Pause Remark"
			   : e->kind == GC_CLEANUP      ? "Pause Cleanup"
			   : e->kind == GC_MIXED        ? "Pause Mixed"
			   : e->kind == GC_INITIAL_MARK ? "Pause Initial Mark"
							: "Pause Young");
	} else {
		return false;
	}
	e->flags |= gclog_cause_flags(e->cause);
	e->duration_s = r.duration_s;
	return !isnan(r.duration_s);
}

bool record_g1_detail(const char *p, const char *end, struct gc_event *e)
{
	const char *at = p;
	struct gc_change c;

	if (SCAN_TEXT(&at, end, "Eden:")) {
		scan_blanks(&at, end);
		if (scan_change(&at, end, &c))
			e->young = c;
		at = scan_find(p, end, "Survivors:");
		if (at) {
			at += sizeof("Survivors:") - 1;
			scan_blanks(&at, end);
			if (scan_change(&at, end, &c)) {
				e->survivors = c.after;
				e->young.before += c.before;
				e->young.after += c.after;
			}
		}
		at = scan_find(p, end, "Heap:");
		if (at) {
			at += sizeof("Heap:") - 1;
			scan_blanks(&at, end);
			if (scan_change(&at, end, &c))
				e->heap = c;
		}
		return true;
	}
	if (SCAN_TEXT(&at, end, "Metaspace:") || SCAN_TEXT(&at, end, "Perm:")) {
		e->flags |= *p == 'P' ? GC_PERM : 0;
		scan_blanks(&at, end);
		if (scan_change(&at, end, &c))
			e->meta = c;
		return true;
	}
	if (SCAN_TEXT(&at, end, "Evacuation Failure")) {
		e->flags |= GC_TO_SPACE;
		return true;
	}
	scan_blanks(&at, end);
	if (at < end && scan_is_digit(*at) && scan_change(&at, end, &c)) { // "[ 255M->197M(256M)]"
		e->heap = c;
		return true;
	}
	return false;
}

// The number behind the next "KEY=".
static bool take_key(const char **p, const char *end, const char *key, size_t len, double *value)
{
	const char *equals = *p;

	do {
		equals = equals < end ? memchr(equals + 1, '=', (size_t)(end - equals - 1)) : NULL;
		if (!equals)
			return false;
	} while (equals - *p < (ptrdiff_t)len || memcmp(equals - len, key, len) != 0);
	*p = equals + 1;
	scan_blanks(p, end);
	return scan_number(p, end, value);
}

bool record_times(const char *p, const char *end, struct gc_event *e)
{
	double user, sys, real;

	if (!take_key(&p, end, "user", 4, &user) || !take_key(&p, end, "sys", 3, &sys) ||
	    !take_key(&p, end, "real", 4, &real))
		return false;
	e->user_s = user;
	e->sys_s = sys;
	e->real_s = real;
	e->flags |= GC_CPU;
	return true;
}
