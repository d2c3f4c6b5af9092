// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "present/gc.h"
#include "present/past.h"
#include "present/report.h"
#include "present/target_text.h"
#include "present/words.h"

enum {
	WIDTH = 79,
	TITLE_AT = 12,
	BODY_AT = 2,
	PROOF_AT = 11,
	DO_AT = 6,
	OUTCOME_AT = 12,
	GROWTH_SHOWN = 4
};

struct printer {
	const struct report *r;
	struct arena mem;
	FILE *to;
};

static const char *clean(struct printer *p, const char *text)
{
	return words_clean(words_for_pid(text, p->r->now->pid, &p->mem), 0, &p->mem);
}

// Text that tells the reader to run something.
static const char *advice(struct printer *p, const char *text)
{
	return words_of_commands(clean(p, text), p->r->has_command, &p->mem);
}

static void paint(const struct printer *p, const char *code)
{
	if (p->r->colour)
		fputs(code, p->to);
}

// "RSS 296 MB, +157 MB in 28 s (5.6 MB/s).  At this rate the limit is reached in 38 s."
static void print_rss(struct printer *p)
{
	const struct ledger *l = p->r->ledger;
	const struct diagnosis *d = p->r->diagnosis;
	char change[16], window[16], eta[16];
	const char *grown = "", *limit = "";

	if (l->has_growth && p->r->window_s > 0 && !strcmp(words_change(l->growth, change), "0"))
		grown = arena_format(&p->mem, ", unchanged in %s.",
				     words_duration(p->r->window_s, window));
	else if (l->has_growth && p->r->window_s > 0)
		grown = arena_format(&p->mem, ", %s MB in %s (%.1f MB/s).", change,
				     words_duration(p->r->window_s, window),
				     (double)l->growth / (double)MIB(1) / p->r->window_s);
	if (d->limit_eta.known && isfinite(d->limit_eta.mid_s))
		limit = arena_format(&p->mem, "At this rate the limit is reached in %s.",
				     words_duration(d->limit_eta.mid_s, eta));
	grown = arena_format(&p->mem, "RSS %.0f MB%s", units_in_mb(l->scanned), grown);
	fprintf(p->to, "%s%s%s\n", grown,
		!*limit                                      ? ""
		: strlen(grown) + 2 + strlen(limit) <= WIDTH ? "  "
							     : "\n",
		limit);
}

// The largest part, up or down, of those that `shown` doesn't have yet.
static size_t largest_part(const struct diagnosis *d, const bool *shown)
{
	size_t most = d->growth.count;

	for (size_t i = 0; i < d->growth.count; i++)
		if (!shown[i] && (most == d->growth.count ||
				  llabs(d->growth.at[i].bytes) > llabs(d->growth.at[most].bytes)))
			most = i;
	return most;
}

// "growth  +88 Metaspace, +33 Java heap (first touch), +36 elsewhere": the sum is that of RSS.
static void print_growth(struct printer *p)
{
	const struct diagnosis *d = p->r->diagnosis;
	bool *done = arena_array(&p->mem, bool, d->growth.count + 1);
	int64_t rest = p->r->ledger->growth;
	char *line = arena_text(&p->mem, "");
	char change[16];
	size_t shown = 0;

	while (shown < GROWTH_SHOWN) {
		size_t i = largest_part(d, done);
		const struct growth_part *g = &d->growth.at[i];

		if (i == d->growth.count || !strcmp(words_change(g->bytes, change), "0"))
			break;
		done[i] = true;
		rest -= g->bytes;
		line = arena_format(&p->mem, "%s%s%s %s%s%s%s", line, shown ? ", " : "", change,
				    g->title, g->why ? " (" : "", g->why ? g->why : "",
				    g->why ? ")" : "");
		shown++;
	}
	if (!shown)
		return;
	if (p->r->ledger->has_growth && strcmp(words_change(rest, change), "0") != 0)
		line = arena_format(&p->mem, "%s, %s elsewhere", line, change);
	fputs("growth  ", p->to);
	words_wrap(line, 8, 8, WIDTH, p->to);
}

// What the growth is to be measured by, so that more load is not taken for more of a fault.
static void print_load(struct printer *p)
{
	const struct diagnosis *d = p->r->diagnosis;

	if (!d->has_growth_per_mb || d->growth_per_mb < 1)
		return;
	fprintf(p->to,
		"load    %.0f MB allocated on the heap; beside what is harmless +%.1f KB a MB\n",
		units_in_mb(d->allocation.bytes), d->growth_per_mb / (double)KIB(1));
}

static void print_right(struct printer *p, const char *left, const char *right)
{
	size_t used = words_columns(left);
	int pad = used + strlen(right) + 2 < WIDTH ? (int)(WIDTH - used - strlen(right)) : 2;

	fprintf(p->to, "%s%*s%s\n", left, pad, "", right);
}

static void print_collectable(struct printer *p, const struct finding *f)
{
	static const char *const SAYS[] = {
		[COLLECTABLE_CONFIRMED] = "the copies are collectable: a Full GC frees them",
		[COLLECTABLE_LIKELY] = "the copies are collectable (dead loaders)",
		[COLLECTABLE_NO] = "the copies are alive: no GC frees them",
		[COLLECTABLE_UNKNOWN] = "whether a GC would free them is not known",
	};
	const char *state = collectable_name(f->collectable);

	if (!state)
		return;
	print_right(p, arena_format(&p->mem, "%*s%s", TITLE_AT, "", SAYS[f->collectable]), state);
}

static void print_list(struct printer *p, const char *heading, const char *text)
{
	fprintf(p->to, "  %-*s", PROOF_AT - 2, heading);
	words_wrap(text, PROOF_AT, PROOF_AT, WIDTH, p->to);
}

// Who says so stands behind the last of the facts that one source gave.
static const char *source_of(struct printer *p, const struct finding *f, size_t i)
{
	const char *source = f->evidence.at[i].source;

	if (!source || (i + 1 < f->evidence.count && f->evidence.at[i + 1].source &&
			!strcmp(f->evidence.at[i + 1].source, source)))
		return "";
	return arena_format(&p->mem, " (%s)", source);
}

static void print_proof(struct printer *p, const struct finding *f)
{
	for (size_t i = 0; i < f->evidence.count; i++)
		print_list(p, i ? "" : "Proof",
			   arena_format(&p->mem, "%s%s", clean(p, f->evidence.at[i].text),
					source_of(p, f, i)));
	for (size_t i = 0; i < f->confused.count; i++)
		print_list(p, i ? "" : "Not",
			   arena_format(&p->mem, "%s: %s", f->confused.at[i].cause,
					clean(p, f->confused.at[i].why_not)));
	if (f->experiment)
		print_list(p, "Prove it", advice(p, f->experiment));
}

static void print_remedies(struct printer *p, const struct finding *f)
{
	for (size_t i = 0; i < f->remedies.count; i++) {
		fprintf(p->to, "%-*s", DO_AT, i ? "" : "DO");
		words_wrap(advice(p, f->remedies.at[i]), DO_AT, DO_AT, WIDTH, p->to);
	}
	if (f->remedies.count || !f->cause->remedy)
		return;
	fprintf(p->to, "%-*s", DO_AT, "DO");
	words_wrap(advice(p, f->cause->remedy), DO_AT, DO_AT, WIDTH, p->to);
}

static void print_cause(struct printer *p, const struct finding *f, bool root)
{
	paint(p, root ? "\033[1;31m" : "\033[1m");
	print_right(p,
		    arena_format(&p->mem, "%-*s%s", TITLE_AT, root ? "ROOT CAUSE" : "CAUSE",
				 f->cause->id),
		    verdict_name(f->verdict));
	paint(p, "\033[0m");
	print_collectable(p, f);
	if (f->text) {
		fprintf(p->to, "%*s", BODY_AT, "");
		words_wrap(clean(p, f->text), BODY_AT, BODY_AT, WIDTH, p->to);
	}
	fputc('\n', p->to);
	print_proof(p, f);
	fputc('\n', p->to);
	print_remedies(p, f);
}

static void print_aside(struct printer *p, const struct finding *f)
{
	fprintf(p->to, "%-*s", DO_AT, f->cause->kind == KIND_RISK ? "RISK" : "NOTE");
	words_wrap(arena_format(&p->mem, "%s: %s", f->cause->id,
				clean(p, f->text ? f->text : f->cause->title)),
		   DO_AT, DO_AT, WIDTH, p->to);
}

// Nothing is accused, but the reader of "HEALTHY" would be misled.
static void print_unexplained(struct printer *p)
{
	const struct diagnosis *d = p->r->diagnosis;
	const struct growth_part *most = NULL;
	char change[16], window[16];

	for (size_t i = 0; i < d->growth.count; i++)
		if (!d->growth.at[i].harmless && (!most || d->growth.at[i].bytes > most->bytes))
			most = &d->growth.at[i];
	paint(p, "\033[1;33m");
	fputs("NO CAUSE    ", p->to);
	paint(p, "\033[0m");
	words_wrap(arena_format(&p->mem,
				"%s MB in %s has no cause that can be told yet%s%s; --causes lists "
				"what is missing for each",
				words_change(d->unexplained, change),
				words_duration(p->r->window_s, window), most ? ", most of it " : "",
				most ? most->title : ""),
		   TITLE_AT, TITLE_AT, WIDTH, p->to);
}

static void print_findings(struct printer *p)
{
	const struct diagnosis *d = p->r->diagnosis;
	bool root = true;

	if (d->healthy && p->r->log_alone) {
		paint(p, "\033[1;32m");
		fputs("HEALTHY", p->to);
		paint(p, "\033[0m");
		fputs("     no cause shows in the GC log\n", p->to);
	} else if (d->healthy && d->unexplained) {
		print_unexplained(p);
	} else if (d->healthy) {
		paint(p, "\033[1;32m");
		fputs("HEALTHY", p->to);
		paint(p, "\033[0m");
		fputs(p->r->window_s > 0 ? "     no cause of growth was found\n"
					 : "     no cause was found at this moment; growth needs a "
					   "window: --for 30s\n",
		      p->to);
	}
	for (size_t i = 0; i < d->held; i++) {
		if (d->all[i].cause->kind == KIND_CAUSE) {
			print_cause(p, &d->all[i], root);
			root = false;
		} else {
			print_aside(p, &d->all[i]);
		}
	}
}

// What bears on the memory at hand comes first in the one line that the summary has.
static void print_summary(struct printer *p)
{
	const struct diagnosis *d = p->r->diagnosis;
	size_t out = 0, unknown = 0;
	char *line;

	for (size_t i = 0; i < d->count; i++) {
		out += d->all[i].verdict == VERDICT_RULED_OUT;
		unknown += d->all[i].verdict == VERDICT_CANNOT_TELL;
	}
	line = arena_format(&p->mem, "Ruled out %zu, cannot tell %zu%s", out, unknown,
			    p->r->all_causes ? "" : ".  All with reasons: --causes");
	if (p->r->log_alone) {
		fprintf(p->to, "%s\n", line);
		return;
	}
	print_right(p, line,
		    arena_format(&p->mem, "tier %s, %.1f s", tier_name(p->r->now->tier),
				 p->r->window_s > 0 ? p->r->window_s : p->r->now->cost.wall_s));
}

static void print_all(struct printer *p)
{
	const struct diagnosis *d = p->r->diagnosis;

	for (size_t i = 0; i < d->count; i++) {
		const struct finding *f = &d->all[i];
		bool unknown = f->verdict == VERDICT_CANNOT_TELL;
		const char *reason = unknown ? f->missing : f->text;

		print_right(p, f->cause->id, verdict_name(f->verdict));
		fputs("  ", p->to);
		words_wrap(arena_format(&p->mem, "%s%s%s%s", unknown ? "missing: " : "",
					reason ? clean(p, reason) : f->cause->title,
					unknown && f->how ? "; get it by: " : "",
					unknown && f->how ? advice(p, f->how) : ""),
			   BODY_AT, BODY_AT, WIDTH, p->to);
	}
	fputc('\n', p->to);
}

static void print_aftermath(struct printer *p)
{
	const struct aftermath *a = p->r->aftermath;

	if (!a)
		return;
	words_wrap(arena_format(&p->mem, "AGAINST %s%s", clean(p, p->r->aftermath_of),
				a->rows.count ? "" : ": no cause then, and none now"),
		   0, 2, WIDTH, p->to);
	for (size_t i = 0; i < a->rows.count; i++) {
		fprintf(p->to, "  %-*s", OUTCOME_AT, outcome_name(a->rows.at[i].outcome));
		words_wrap(
			arena_format(&p->mem, "%s: %s", a->rows.at[i].cause->id,
				     clean(p, a->rows.at[i].because ? a->rows.at[i].because : "")),
			OUTCOME_AT + 2, OUTCOME_AT + 2, WIDTH, p->to);
	}
	fputc('\n', p->to);
}

// "GC log  gc.log: G1, 92 pauses over 2.4 h, 3.478 s in all"
static void print_log(struct printer *p)
{
	const struct gc_report *log = p->r->log;
	const struct gc_stats *s = log ? log->stats : NULL;
	char span[16];

	if (!s)
		return;
	fputs("GC log  ", p->to);
	words_wrap(arena_format(&p->mem, "%s%s: %s, %" PRIu64 " pauses%s%s, %.3f s in all",
				words_tail(log->files[0], WIDTH / 2, &p->mem),
				log->file_count > 1 ? " and more" : "",
				*s->collector ? s->collector : "collector not known",
				s->pauses.all.count, s->span_s > 0 ? " over " : "",
				s->span_s > 0 ? words_duration(s->span_s, span) : "",
				s->pauses.all.sum_s),
		   8, 8, WIDTH, p->to);
}

void report_findings_text(const struct report *r, FILE *to)
{
	struct printer p = { .r = r, .to = to };

	print_findings(&p);
	fputc('\n', to);
	if (r->all_causes)
		print_all(&p);
	print_summary(&p);
	arena_drop(&p.mem);
}

void report_doctor_text(const struct report *r, FILE *to)
{
	struct printer p = { .r = r, .to = to };

	target_text_head(r, to);
	if (r->past)
		past_print_text(r->past, to);
	print_rss(&p);
	print_growth(&p);
	print_load(&p);
	print_log(&p);
	fputc('\n', to);
	print_aftermath(&p);
	print_findings(&p);
	fputc('\n', to);
	if (r->all_causes)
		print_all(&p);
	print_summary(&p);
	target_text_missing(r, to);
	arena_drop(&p.mem);
}
