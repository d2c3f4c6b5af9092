// SPDX-License-Identifier: Apache-2.0
// Framing: finds the records of JDK 1.4 to 8, whose brackets close lines later, and takes out of
// them what other threads wrote in between.  HotSpot writes a record in pieces, each by one call,
// and the concurrent threads of CMS and G1 write theirs whole (docs/formats/gclog.md): so whatever
// stands between a record's brackets, a concurrent record in it is taken out as it is, and the rest
// is the record.  A pause never runs within another, but for a scavenge within a remark: any other
// record that begins while one is open ends that one's life, unfinished.
#include <math.h>

#include "gclog/dialects.h"
#include "gclog/scan.h"

static void emit(const struct gclog_output *out, struct gc_event *e, bool *has)
{
	if (!*has)
		return;
	*has = false;
	out->sink(out->arg, e);
}

void preunified_flush(struct preunified *u, const struct gclog_output *out)
{
	emit(out, &u->concurrent, &u->has_concurrent);
	emit(out, &u->pause, &u->has_pause);
}

static void append(struct preunified *u, const char *p, const char *end)
{
	size_t len = (size_t)(end - p);

	if (len > RECORD_ROOM - u->now.len)
		len = RECORD_ROOM - u->now.len;
	memcpy(u->now.text + u->now.len, p, len);
	u->now.len += len;
}

static void abandon(struct open_record *r, const struct gclog_output *out)
{
	if (r->depth)
		out->facts->damaged++;
	r->depth = 0;
	r->len = 0;
	r->inner_at = 0;
	r->has_inner = false;
}

// What may follow "[GC" or "[Full GC": a cause, a stamp, another bracket, a policy's words.
static bool is_opener(const char *p, const char *end)
{
	if (SCAN_TEXT(&p, end, "Full GC"))
		return true;
	if (SCAN_TEXT(&p, end, "GC")) {
		const char *rest = p;

		scan_blanks(&rest, end);
		if (SCAN_TEXT(&rest, end, "concurrent") || SCAN_TEXT(&rest, end, "Worker") ||
		    SCAN_TEXT(&rest, end, "ref-proc"))
			return false;
		return p == end || strchr(" [(-{:\t", *p) || scan_is_digit(*p) ||
		       (*p >= 'A' && *p <= 'Z');
	}
	return SCAN_TEXT(&p, end, "Pause ") || SCAN_TEXT(&p, end, "Concurrent ");
}

// `from` to `to`: of the line at hand, not yet in the record's text.
static bool is_remark(const struct preunified *u, const char *from, const char *to)
{
	return scan_find(u->now.text, u->now.text + u->now.len, "YG occupancy") ||
	       scan_find(from, to, "YG occupancy") ||
	       scan_find(u->now.text, u->now.text + u->now.len, "CMS Final Remark");
}

static void read_stamps(const char *from, const char *bracket, struct gc_event *e)
{
	while (from < bracket && !scan_stamps(&from, bracket, &e->uptime_s, &e->wall_s))
		from++;
}

// A scavenge within a remark (CMSScavengeBeforeRemark): the only pause that begins while another
// has not ended, at once behind its beginning and with its cause.
static bool begins_inner(struct preunified *u, const struct gclog_line *l, const char *from,
			 const char *bracket)
{
	enum { SOON_S = 1 };
	struct gc_event *e = &u->now.inner;
	const char *cause = bracket;

	if (u->now.has_inner || u->now.inner_at || !is_remark(u, from, bracket))
		return false;
	gc_event_clear(e);
	read_stamps(from, bracket, e);
	if (fabs(e->uptime_s - u->now.open.uptime_s) > SOON_S ||
	    fabs(e->wall_s - u->now.open.wall_s) > SOON_S)
		return false;
	if (SCAN_TEXT(&cause, l->end, "[GC (") && !SCAN_TEXT(&cause, l->end, "CMS Final Remark"))
		return false;
	e->line = l->number;
	e->file = l->file;
	return true;
}

// The VM thread writes a record's end through another buffer than the concurrent threads theirs, so
// that a whole record may come between.  It waits for its end until the next but one begins.
static void set_aside(struct preunified *u, const struct gclog_output *out)
{
	abandon(&u->before, out);
	if (!u->now.depth)
		return;
	u->before = u->now;
	u->now.depth = 0;
}

// A bracket closes that none opened: the end of the record that was set aside, or of one whose
// beginning is lost.
static bool resume(struct preunified *u, const char *from, const char *to)
{
	if (!u->before.depth || u->before.len > RECORD_ROOM / 2 || !scan_find(from, to, "secs"))
		return false;
	u->now = u->before;
	u->before.depth = 0;
	return true;
}

static void open_record(struct preunified *u, const struct gclog_line *l, const char *from,
			const char *bracket, const struct gclog_output *out)
{
	emit(out, &u->pause, &u->has_pause); // the CPU times of a concurrent one may still come
	gc_event_clear(&u->now.open);
	read_stamps(from, bracket, &u->now.open);
	u->now.inner_at = 0;
	u->now.has_inner = false;
	u->now.open.line = l->number;
	u->now.open.file = l->file;
	u->now.depth = 1;
	u->now.len = 0;
	append(u, "[", "[" + 1);
}

static void close_record(struct preunified *u, const struct gclog_line *l,
			 const struct gclog_output *out)
{
	struct gc_event e = u->now.open;

	u->now.depth = 0;
	e.last_line = l->number;
	if (!record_parse(u->now.text, u->now.text + u->now.len, &e, out->facts)) {
		out->facts->damaged += e.type == GC_PAUSE; // "[Pause Init Mark, start]" is not
		return;
	}
	if (u->now.has_inner)
		emit(out, &u->now.inner, &u->now.has_inner);
	if (e.type == GC_CONCURRENT) {
		emit(out, &u->concurrent, &u->has_concurrent);
		u->concurrent = e;
		u->has_concurrent = true;
	} else {
		u->pause = e;
		u->has_pause = true;
	}
}

static void close_inner(struct preunified *u, const struct gclog_line *l,
			const struct gclog_output *out)
{
	struct gc_event *e = &u->now.inner;

	e->last_line = l->number;
	if (record_parse(u->now.text + u->now.inner_at, u->now.text + u->now.len, e, out->facts)) {
		e->flags |= GC_NESTED;
		u->now.has_inner = true;
	}
	u->now.inner_at = 0;
}

static enum gc_kind concurrent_kind(const char *name)
{
	static const struct {
		const char *word;
		enum gc_kind kind;
	} WORDS[] = { { "preclean", GC_PRECLEAN },
		      { "mark", GC_MARK },
		      { "sweep", GC_SWEEP },
		      { "cleanup", GC_CLEANUP } };

	for (size_t i = 0; i < sizeof(WORDS) / sizeof(WORDS[0]); i++)
		if (strstr(name, WORDS[i].word))
			return WORDS[i].kind;
	return GC_OTHER;
}

// "[CMS-concurrent-mark: 0.586/0.598 secs]" (CPU of its thread/wall), "[GC concurrent-mark-end,
// 0.1 secs]", "...-start]", "...-abort]".
static void take_concurrent(struct preunified *u, const struct gclog_line *l, const char *from,
			    const char *p, const char *end, bool cms,
			    const struct gclog_output *out)
{
	const char *name = p, *at;
	struct gc_event e;
	double first, second;
	bool abort;

	while (p < end && *p != ':' && *p != ',' && *p != ']')
		p++;
	gclog_saw_collector(out->facts, cms ? GCLOG_CMS : GCLOG_G1);
	// The sweep waits for the remark to end.
	if (cms && u->now.depth && p - name >= 5 && !memcmp(name, "sweep", 5) && is_remark(u, p, p))
		abandon(&u->now, out);
	abort = p - name > 6 && !memcmp(p - 6, "-abort", 6);
	at = p + (p < end);
	scan_blanks(&at, end);
	if (!scan_number(&at, end, &first) && !abort)
		return; // a start: its end says all
	gc_event_clear(&e);
	e.type = GC_CONCURRENT;
	scan_copy(e.name, sizeof(e.name), name, p);
	if (p - name > 4 && !memcmp(p - 4, "-end", 4))
		scan_copy(e.name, sizeof(e.name), name, p - 4);
	e.kind = concurrent_kind(e.name);
	e.flags = abort ? GC_ABORTED : 0;
	if (!abort) {
		e.duration_s = first;
		if (at < end && *at == '/' && (at++, scan_number(&at, end, &second)))
			e.duration_s = second;
	}
	if (e.kind == GC_PRECLEAN && scan_find(from, name, "due to time"))
		e.flags |= GC_DUE_TO_TIME;
	while (from < name && !scan_stamps(&from, name, &e.uptime_s, &e.wall_s))
		from++;
	// The stamp is of its end.
	if (!isnan(e.duration_s)) {
		e.uptime_s -= e.duration_s;
		e.wall_s -= e.duration_s;
	}
	e.line = e.last_line = l->number;
	e.file = l->file;
	emit(out, &u->concurrent, &u->has_concurrent);
	u->concurrent = e;
	u->has_concurrent = true;
}

static void take_times(struct preunified *u, const char *p, const char *end,
		       const struct gclog_output *out)
{
	struct gc_event *to = NULL;
	bool *has = NULL;

	// Within an open record they can only be those of a concurrent one that came between.
	if (u->has_concurrent && !(u->concurrent.flags & GC_CPU) &&
	    (u->now.depth || !u->has_pause || (u->pause.flags & GC_CPU) ||
	     u->concurrent.last_line > u->pause.last_line)) {
		to = &u->concurrent;
		has = &u->has_concurrent;
	} else if (!u->now.depth && u->has_pause && !(u->pause.flags & GC_CPU)) {
		to = &u->pause;
		has = &u->has_pause;
	}
	if (!to || !record_times(p, end, to))
		return;
	emit(out, to, has);
}

// Pieces that are whole and no part of the record around them.  Returns what is behind, or NULL.
static const char *take_atom(struct preunified *u, const struct gclog_line *l, const char *from,
			     const char *bracket, const struct gclog_output *out)
{
	const char *p = bracket + 1, *end = l->end, *close;
	bool cms;

	if (p < end && *p == '0' && end - p > 1 && p[1] == 'x')
		return p; // "[0x..., 0x..)" is never closed
	if (SCAN_TEXT(&p, end, "Times:")) {
		close = memchr(p, ']', (size_t)(end - p));
		take_times(u, p, close ? close : end, out);
		return close ? close + 1 : end;
	}
	cms = SCAN_TEXT(&p, end, "CMS-concurrent-");
	if (cms || SCAN_TEXT(&p, end, "GC concurrent-")) {
		close = memchr(p, ']', (size_t)(end - p));
		take_concurrent(u, l, from, p, close ? close : end, cms, out);
		return close ? close + 1 : end;
	}
	if (SCAN_TEXT(&p, end, "G1Ergonomics")) {
		gclog_saw_collector(out->facts, GCLOG_G1);
		close = memchr(p, ']', (size_t)(end - p));
		return close ? close + 1 : end;
	}
	return NULL;
}

// The next bracket, or `end`.
static const char *next_bracket(const char *p, const char *end)
{
	// Eight bytes at a time while none of them is one: '[' and ']' differ from 'Y' and '_' in two bits alone.
	while (end - p >= 8) {
		static const uint64_t ONES = UINT64_C(0x0101010101010101);
		uint64_t x;

		memcpy(&x, p, sizeof(x));
		x = (x ^ (0x59 * ONES)) & (0xf9 * ONES); // 0 in bytes of 0x59, 0x5b, 0x5d and 0x5f
		if ((x - ONES) & ~x & (0x80 * ONES))
			break;
		p += 8;
	}
	while (p < end && *p != '[' && *p != ']')
		p++;
	return p;
}

// Text before an atom in an open record, without the stamps that are the atom's.
static void append_before_atom(struct preunified *u, const char *from, const char *bracket)
{
	static const char ABORT[] = "CMS: abort preclean due to time";
	const char *end = scan_find(from, bracket, ABORT);
	double ignored;

	for (const char *p = from; !end && p < bracket; p++) {
		const char *after = p;

		if (scan_is_digit(*p) && scan_stamps(&after, bracket, &ignored, &ignored)) {
			scan_blanks(&after, bracket);
			if (after == bracket)
				end = p;
			else
				p = after - 1;
		}
	}
	append(u, from, end ? end : bracket);
}

// "[FinalReference, 1110 refs, 0.0002 secs]"
static void take_final_references(struct preunified *u, const char *p, const char *end)
{
	uint64_t count;

	if (scan_integer(&p, end, &count) && SCAN_TEXT(&p, end, " refs"))
		u->now.open.final_refs = count;
}

static enum gclog_told scan_line(struct preunified *u, const struct gclog_line *l, const char *p,
				 const struct gclog_output *out)
{
	enum gclog_told told = u->now.depth ? GCLOG_EVENT : GCLOG_STRANGE;
	const char *from = p, *end = l->end;
	bool orphan = false;

	while (p < end) {
		const char *b = next_bracket(p, end), *after;

		if (b == end)
			break;
		if (*b == ']') {
			p = b + 1;
			if (!u->now.depth && !resume(u, from, p)) {
				if (scan_find(from, p, "->") && scan_find(from, p, "secs"))
					orphan = true;
				from = p;
				continue;
			}
			append(u, from, p);
			from = p;
			if (--u->now.depth == 0)
				close_record(u, l, out);
			else if (u->now.inner_at && u->now.depth < u->now.inner_depth)
				close_inner(u, l, out);
			told = GCLOG_EVENT;
			continue;
		}
		after = take_atom(u, l, from, b, out);
		if (after) {
			if (u->now.depth)
				append_before_atom(u, from, b);
			from = p = after;
			told = GCLOG_EVENT;
			continue;
		}
		p = b + 1;
		if (u->now.depth && is_opener(p, end) && begins_inner(u, l, from, b)) {
			append(u, from, b);
			from = b;
			u->now.inner_at = u->now.len;
			u->now.inner_depth = ++u->now.depth;
			told = GCLOG_EVENT;
		} else if (is_opener(p, end)) {
			set_aside(u, out);
			open_record(u, l, from, b, out);
			from = p;
			told = GCLOG_EVENT;
		} else if (u->now.depth) {
			u->now.depth++;
			if (SCAN_TEXT(&(const char *){ p }, end, "FinalReference, "))
				take_final_references(u, p + sizeof("FinalReference, ") - 1, end);
		} else {
			// A detail of the record before, with brackets of its own.
			if (u->has_pause && record_g1_detail(p, end, &u->pause))
				u->pause.last_line = l->number;
			if (out->facts->collector == GCLOG_G1 && *l->at == ' ' &&
			    told == GCLOG_STRANGE)
				told = GCLOG_DETAIL;
		}
	}
	if (u->now.depth)
		append(u, from, end);
	if (orphan) // an end whose beginning is lost
		out->facts->damaged++;
	return orphan ? GCLOG_STRANGE : told;
}

// Lines within a record: what has neither brackets nor figures of it is no part of it.
static bool is_part(const char *p, const char *end)
{
	return memchr(p, ']', (size_t)(end - p)) || memchr(p, '[', (size_t)(end - p)) ||
	       scan_find(p, end, "->") || scan_find(p, end, "secs");
}

enum gclog_told preunified_line(struct preunified *u, const struct gclog_line *l,
				const struct gclog_output *out)
{
	const char *p = l->at, *end = l->end, *first;

	if (p < end && *p == '}')
		p++;
	first = p;
	scan_blanks(&first, end);
	if (first == end)
		return GCLOG_DETAIL;
	if (*first == 'D' && u->now.depth && gclog_tenuring(first, end, &u->now.open.tenuring))
		return GCLOG_DETAIL;
	if (gclog_is_noise(first, end))
		return GCLOG_DETAIL;
	if (scan_is_digit(*first)) {
		const char *behind = scan_past_stamps(first, end);

		if (behind == end || (*behind != '[' && gclog_is_noise(behind, end)))
			return GCLOG_DETAIL;
	}
	if (u->now.depth && !is_part(p, end))
		return GCLOG_STRANGE;
	return scan_line(u, l, p, out);
}

void preunified_finish(struct preunified *u, const struct gclog_output *out)
{
	struct open_record *r = &u->now;

	// A title is written at once: if it is cut, whoever copied the text cut it, and the record was
	// whole.  Else the VM may still have been at it, or ended in it.
	if (r->depth == 1 && memchr(r->text, '(', r->len) && !memchr(r->text, ')', r->len)) {
		append(u, ")", ")" + 1);
		record_parse(r->text, r->text + r->len, &r->open, out->facts);
		r->open.last_line = r->open.line;
		preunified_flush(u, out);
		u->pause = r->open;
		u->has_pause = true;
	}
	abandon(&u->now, out);
	abandon(&u->before, out);
	preunified_flush(u, out);
}
