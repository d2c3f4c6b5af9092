// SPDX-License-Identifier: Apache-2.0
#include "present/malloc.h"

#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "diagnose/malloc_effects.h"
#include "diagnose/malloc_settings.h"
#include "present/report.h"
#include "present/target_text.h"
#include "present/words.h"

enum { WIDTH = 79, INDENT = 6, TIDS_SHOWN = 6 };

static void print_row(const char *what, uint64_t bytes, uint64_t resident, const char *note,
		      FILE *to)
{
	char a[16], b[16];

	fprintf(to, "  %-21s %9s %9s  %s\n", what, words_mb(bytes, a), words_mb(resident, b), note);
}

static void print_sums(const struct snapshot *s, struct arena *mem, FILE *to)
{
	const struct malloc_facts *m = &s->malloc;
	uint64_t in_arenas = m->resident_in_use - m->resident_mmapped;

	fprintf(to, "%-23s %9s %9s\n", "MB", "bytes", "resident");
	print_row("in use, in arenas", m->in_use, in_arenas,
		  arena_format(mem, "%" PRIu64 " blocks", m->chunks), to);
	print_row("in use, mapped alone", m->mmapped, m->resident_mmapped,
		  arena_format(mem, "%" PRIu64 " blocks", m->mmapped_count), to);
	print_row("freed", m->freed, m->resident_returnable + m->resident_pinned, "", to);
	print_row("  a trim returns", UNKNOWN_BYTES, m->resident_returnable, "whole free pages",
		  to);
	print_row("  stays", UNKNOWN_BYTES, m->resident_pinned,
		  "beside blocks in use, arenas' ends", to);
	print_row("  threads' caches", m->cached, UNKNOWN_BYTES, "", to);
	print_row("  fast bins", m->fast, UNKNOWN_BYTES, "", to);
	print_row("  bins", m->bins, UNKNOWN_BYTES, "", to);
	print_row("  ends of arenas", m->top, UNKNOWN_BYTES, "", to);
	if (m->unparsed)
		print_row("not followed", m->unparsed, UNKNOWN_BYTES, "", to);
}

static void print_certainty(const struct malloc_facts *m, struct arena *mem, FILE *to)
{
	const char *text;

	if (m->certainty == MALLOC_UNSURE)
		text = arena_format(mem, "Unsure: %s.", words_clean(m->unsure_why, 0, mem));
	else if (m->certainty == MALLOC_EXACT)
		text = "Exact: nothing moved meanwhile, and every sum agrees.";
	else
		text = arena_format(
			mem,
			"It allocates meanwhile: the middle of %u walks, which lie %.1f %% "
			"apart.",
			m->walks, m->spread * 100);
	words_wrap(text, 0, 0, WIDTH, to);
}

static void print_tids(const struct malloc_arena_row *a, FILE *to)
{
	if (!a->tids) {
		fprintf(to, "  %" PRIu32 " threads", a->attached_threads);
		return;
	}
	for (size_t i = 0; i < a->tid_count && i < TIDS_SHOWN; i++)
		fprintf(to, "%s%d", i ? " " : "  ", a->tids[i]);
	if (a->tid_count > TIDS_SHOWN)
		fprintf(to, " +%zu", a->tid_count - TIDS_SHOWN);
}

static void print_arenas(const struct malloc_facts *m, FILE *to)
{
	fprintf(to, "\n%-14s %5s %7s %7s %7s %7s %8s  %s\n", "arena", "heaps", "system", "in use",
		"freed", "trim", "resident", "threads");
	for (size_t i = 0; i < m->arenas.count; i++) {
		const struct malloc_arena_row *a = &m->arenas.at[i];
		char b[5][16];

		fprintf(to, "%-14s %5" PRIu32 " %7s %7s %7s %7s %8s", a->main ? "main" : "",
			a->heaps, words_mb(a->system, b[0]), words_mb(a->in_use, b[1]),
			words_mb(a->cached + a->fast + a->bins + a->top, b[2]),
			words_mb(a->returnable, b[3]), words_mb(a->resident, b[4]));
		print_tids(a, to);
		fputc('\n', to);
	}
}

static void print_sizes(const struct malloc_facts *m, FILE *to)
{
	fprintf(to, "\n%12s %12s %10s %12s %10s\n", "chunks up to", "in use", "MB", "freed", "MB");
	for (size_t i = 0; i < m->sizes.count; i++) {
		const struct malloc_size_row *s = &m->sizes.at[i];
		char a[16], b[16];

		fprintf(to, "%12" PRIu64 " %12" PRIu64 " %10s %12" PRIu64 " %10s\n", s->up_to,
			s->count, words_mb(s->bytes, a), s->free_count, words_mb(s->free_bytes, b));
	}
}

static void print_settings(const struct malloc_report *r, struct arena *mem, FILE *to)
{
	if (r->settings->settings.count || r->effects->list.count)
		fputs("\nSettings\n", to);
	for (size_t i = 0; i < r->settings->settings.count; i++) {
		const struct judged_setting *j = &r->settings->settings.at[i];

		fprintf(to, "  %s=%s  (%s)  %s\n", words_clean(j->name, 30, mem),
			words_clean(j->given, 20, mem), j->where,
			j->in_force ? "in force" : "without effect");
		if (j->why) {
			fprintf(to, "%*s", INDENT, "");
			words_wrap(words_clean(j->why, 0, mem), INDENT, INDENT, WIDTH, to);
		}
	}
	for (size_t i = 0; i < r->effects->list.count; i++) {
		const struct malloc_effect *e = &r->effects->list.at[i];

		fprintf(to, "  %-15s %s\n%*s", e->setting, e->value, INDENT, "");
		words_wrap(e->text, INDENT, INDENT, WIDTH, to);
	}
}

void malloc_print_text(const struct malloc_report *r, FILE *to)
{
	const struct snapshot *s = r->of->now;
	const struct malloc_facts *m = &s->malloc;
	struct arena mem = { 0 };

	target_text_head(r->of, to);
	fprintf(to, "malloc is %s; %zu arenas\n",
		s->fact[F_ALLOCATOR].known ? words_clean(s->fact[F_ALLOCATOR].text, 40, &mem)
					   : "unknown",
		s->arenas.count);
	if (m->known) {
		print_sums(s, &mem, to);
		print_certainty(m, &mem, to);
		if (r->arenas)
			print_arenas(m, to);
		if (r->sizes)
			print_sizes(m, to);
	} else {
		words_wrap(arena_format(&mem, "What it holds is unknown: %s",
					m->why_not ? words_clean(m->why_not, 0, &mem)
						   : "its memory could not be read"),
			   0, 2, WIDTH, to);
	}
	print_settings(r, &mem, to);
	fputc('\n', to);
	target_text_missing(r->of, to);
	target_text_cost(r->of, to);
	arena_drop(&mem);
}
