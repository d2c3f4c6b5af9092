// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "base/units.h"
#include "present/gc.h"
#include "present/report.h"
#include "present/words.h"

enum { WIDTH = 79, ROWS_SHOWN = 8, FILES_SHOWN = 4 };

static void print_known(const char *format, double value, FILE *to)
{
	if (isnan(value))
		fputs("?", to);
	else
		fprintf(to, format, value);
}

static void print_size(uint64_t bytes, FILE *to)
{
	char text[16];

	fputs(bytes == UNKNOWN_BYTES ? "?" : units_print_size(bytes, text), to);
}

static void print_head(const struct gc_report *r, FILE *to)
{
	const struct gc_stats *s = r->stats;
	struct arena mem = { 0 };
	char text[16];

	for (size_t i = 0; i < r->file_count && i < FILES_SHOWN; i++)
		fprintf(to, "%s\n", words_tail(r->files[i], WIDTH, &mem));
	if (r->file_count > FILES_SHOWN)
		fprintf(to, "and %zu more files\n", r->file_count - FILES_SHOWN);
	fprintf(to, "%s  %s  %s%s  %" PRIu64 " lines", s->dialect,
		*s->collector ? s->collector : "collector not known", *s->jdk ? "JDK " : "",
		words_clean(s->jdk, 16, &mem), s->lines);
	if (s->span_s > 0)
		fprintf(to, "  over %s", words_duration(s->span_s, text));
	fputs("\n\n", to);
	arena_drop(&mem);
}

static void print_pauses(const struct gc_stats *s, FILE *to)
{
	const struct gc_pauses *p = &s->pauses;

	fprintf(to, "pauses        %" PRIu64 ", %.3f s in all", p->all.count, p->all.sum_s);
	if (p->nested)
		fprintf(to, " (%" PRIu64 " more within others)", p->nested);
	if (!isnan(s->throughput))
		fprintf(to, ", throughput %.2f %%", 100 * s->throughput);
	fputs("\n              seconds: p50 ", to);
	print_known("%.4f", p->p50_s, to);
	fputs("  p90 ", to);
	print_known("%.4f", p->p90_s, to);
	fputs("  p99 ", to);
	print_known("%.4f", p->p99_s, to);
	fputs("\n              p99.9 ", to);
	print_known("%.4f", p->p999_s, to);
	fprintf(to, "  max %.4f\n", p->all.max_s);
	if (!p->exact)
		fputs("              (percentiles are right to 0.1 %)\n", to);
	if (s->stop.count)
		fprintf(to,
			"stops         %" PRIu64 ", %.3f s in all, %.3f s of it until all threads "
			"stood\n",
			s->stop.count, s->stop.sum_s, s->reach.sum_s);
}

static void print_rates(const struct gc_stats *s, FILE *to)
{
	char text[16];

	if (s->allocated.count) {
		fputs("allocated     ", to);
		print_size((uint64_t)s->allocated.mean, to);
		fputs("/s, at most ", to);
		print_size((uint64_t)s->allocated.max, to);
		fputs("/s", to);
		if (s->promoted.count) {
			fputs("; promoted ", to);
			print_size((uint64_t)s->promoted.mean, to);
			fputs("/s", to);
		}
		fputc('\n', to);
	}
	if (!isnan(s->cpu.cores))
		fprintf(to,
			"GC's CPU      %.2f cores: %.2f s in pauses, %.2f s beside the program\n",
			s->cpu.cores, s->cpu.pauses_s, s->cpu.concurrent_s);
	if (s->live.points) {
		fprintf(to, "live set      %zu points, ", s->live.points);
		print_size(s->live.first, to);
		fputs(" to ", to);
		print_size(s->live.last, to);
		if (!isnan(s->live.slope))
			fprintf(to, "\n              %+.1f MB an hour (%+.1f to %+.1f)",
				s->live.slope * 3600 / 1048576, s->live.low * 3600 / 1048576,
				s->live.high * 3600 / 1048576);
		fputc('\n', to);
		if (isfinite(s->live.until_full_s))
			fprintf(to, "              full in %s at that pace\n",
				words_duration(s->live.until_full_s, text));
	}
	if (s->meta.last.after != UNKNOWN_BYTES) {
		fprintf(to, "%-14s", s->meta.perm ? "perm" : "Metaspace");
		print_size(s->meta.last.before, to);
		fputs(" -> ", to);
		print_size(s->meta.last.after, to);
		fprintf(to, " at the last of %" PRIu64 " collections that may unload\n",
			s->meta.collections);
	}
}

static void print_named(const char *title, const struct gc_named_sum *all, size_t count, FILE *to)
{
	struct arena mem = { 0 };

	if (!count)
		return;
	fprintf(to, "\n%-44s%10s%12s%12s\n", title, "count", "sum s", "max s");
	for (size_t i = 0; i < count && i < ROWS_SHOWN; i++)
		fprintf(to, "  %-42s%10" PRIu64 "%12.3f%12.4f\n",
			words_clean(all[i].name, 42, &mem), all[i].sum.count, all[i].sum.sum_s,
			all[i].sum.max_s);
	if (count > ROWS_SHOWN)
		fprintf(to, "  %zu more: --json\n", count - ROWS_SHOWN);
	arena_drop(&mem);
}

static void print_place(const struct gc_sentence *s, struct arena *mem, const char **where)
{
	if (!s->from.line)
		*where = "";
	else if (s->to.line && s->to.line != s->from.line && s->to.file == s->from.file)
		*where = arena_format(mem, " [lines %" PRIu64 " to %" PRIu64 "]", s->from.line,
				      s->to.line);
	else
		*where = arena_format(mem, " [line %" PRIu64 "]", s->from.line);
}

static void print_sentences(const struct gc_stats *s, FILE *to)
{
	struct gc_sentences all = { 0 };
	struct arena mem = { 0 };

	gc_sentences_of(s, &mem, &all);
	if (all.count)
		fputs("\nWHAT STANDS OUT\n", to);
	for (size_t i = 0; i < all.count; i++) {
		const char *where;

		print_place(&all.at[i], &mem, &where);
		fputs("  ", to);
		words_wrap(arena_format(&mem, "%s%s", all.at[i].text, where), 2, 4, WIDTH, to);
	}
	arena_drop(&mem);
}

static void print_strangers(const struct gc_report *r, FILE *to)
{
	const struct gc_stats *s = r->stats;
	struct arena mem = { 0 };

	if (!s->unknown_lines)
		return;
	fprintf(to, "\n%" PRIu64 " of %" PRIu64 " lines are not known to belong to a GC log:\n",
		s->unknown_lines, s->lines);
	for (size_t i = 0; i < s->stranger_count; i++)
		fprintf(to, "  %6" PRIu64 "  %s\n", s->strangers[i].line,
			words_clean(s->strangers[i].text, 66, &mem));
	if (s->unknown_lines > s->stranger_count)
		fprintf(to, "  %" PRIu64 " more\n", s->unknown_lines - s->stranger_count);
	arena_drop(&mem);
}

void gc_print_text(const struct gc_report *r, FILE *to)
{
	const struct gc_stats *s = r->stats;

	print_head(r, to);
	if (!s->events) {
		fputs("No event of a garbage collector is in it.\n", to);
	} else {
		print_pauses(s, to);
		print_rates(s, to);
		print_named("pauses", s->names, s->name_count, to);
		print_named("causes", s->causes, s->cause_count, to);
		print_named("beside the program", s->phases, s->phase_count, to);
		print_named("stops", s->stops, s->stop_count, to);
		print_sentences(s, to);
	}
	print_strangers(r, to);
	if (r->judged && s->events) {
		fputs("\nVERDICT\n", to);
		report_findings_text(r->judged, to);
	}
}

void gc_print_verdict(const struct gc_report *r, FILE *to)
{
	print_head(r, to);
	report_findings_text(r->judged, to);
}
