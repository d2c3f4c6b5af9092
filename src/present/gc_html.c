// SPDX-License-Identifier: Apache-2.0
// A GC log as a page's part: what holds, charts of heap, pauses and rates, tables of causes.
//
// The charts are SVG in the page itself: nothing runs and nothing is loaded.
#include <inttypes.h>
#include <math.h>

#include "base/arena.h"
#include "base/units.h"
#include "present/doctor_html.h"
#include "present/gc.h"
#include "present/html.h"
#include "present/report.h"
#include "present/words.h"

enum { WIDTH = 900, HEIGHT = 220, LEFT = 64, BOTTOM = 24, TOP = 8, RIGHT = 8, TICKS = 4 };

struct chart {
	FILE *to;
	const struct gc_course *course;
	double begin_s, span_s, most; // of the axes
};

static double x_of(const struct chart *c, double t)
{
	return LEFT + (t - c->begin_s) / c->span_s * (WIDTH - LEFT - RIGHT);
}

static double y_of(const struct chart *c, double value)
{
	double part = value / c->most;

	return HEIGHT - BOTTOM - (part > 1 ? 1 : part) * (HEIGHT - BOTTOM - TOP);
}

typedef double value_of(const struct gc_point *p); // NAN: not known

static double known(uint64_t bytes)
{
	return bytes == UNKNOWN_BYTES ? NAN : (double)bytes;
}

static double heap_before(const struct gc_point *p)
{
	return known(p->before);
}

static double heap_after(const struct gc_point *p)
{
	return known(p->after);
}

static double heap_capacity(const struct gc_point *p)
{
	return known(p->capacity);
}

static double longest(const struct gc_point *p)
{
	return p->max_s;
}

static double most_of(const struct gc_course *course, value_of *value)
{
	double most = 0;

	for (size_t i = 0; i < course->count; i++) {
		double v = value(&course->at[i]);

		if (v > most)
			most = v;
	}
	return most;
}

static void print_size(double bytes, char text[16])
{
	units_print_size(bytes > 0 && bytes < 1e18 ? (uint64_t)bytes : 0, text);
}

typedef void print_value(double value, char text[16]);

static void print_seconds(double seconds, char text[16])
{
	snprintf(text, 16, seconds < 0.1 ? "%.3f s" : "%.2f s", seconds);
}

static void begin_chart(const struct chart *c, const char *title, const char *legend,
			print_value *print)
{
	char text[16];

	fputs("<figure style=\"margin:.8rem 0\"><figcaption>", c->to);
	html_element("strong", title, c->to);
	fputs(" <span class=\"soft\">", c->to);
	html_text(legend, c->to);
	fprintf(c->to,
		"</span></figcaption>\n<svg viewBox=\"0 0 %d %d\" width=\"100%%\" role=\"img\">\n",
		WIDTH, HEIGHT);
	for (int i = 0; i <= TICKS; i++) {
		double value = c->most * i / TICKS, y = y_of(c, value);

		print(value, text);
		fprintf(c->to,
			"<line x1=\"%d\" x2=\"%d\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"var(--line)\"/>"
			"<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\" font-size=\"11\" "
			"fill=\"var(--soft)\">%s</text>\n",
			LEFT, WIDTH - RIGHT, y, y, LEFT - 4, y + 4, text);
	}
	for (int i = 0; i <= TICKS; i++) {
		double t = c->begin_s + c->span_s * i / TICKS;

		fprintf(c->to,
			"<text x=\"%.1f\" y=\"%d\" text-anchor=\"%s\" font-size=\"11\" "
			"fill=\"var(--soft)\">%s</text>\n",
			x_of(c, t), HEIGHT - 6,
			i == TICKS ? "end"
			: i        ? "middle"
				   : "start",
			words_duration(t, text));
	}
}

static void end_chart(const struct chart *c)
{
	fputs("</svg></figure>\n", c->to);
}

static void draw_line(const struct chart *c, value_of *value, const char *colour,
		      const char *dashes)
{
	bool open = false;

	fprintf(c->to,
		"<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" stroke-dasharray=\"%s\" "
		"d=\"",
		colour, dashes);
	for (size_t i = 0; i < c->course->count; i++) {
		double v = value(&c->course->at[i]);

		if (isnan(v)) {
			open = false;
			continue;
		}
		fprintf(c->to, "%c%.1f %.1f", open ? 'L' : 'M', x_of(c, c->course->at[i].begin_s),
			y_of(c, v));
		open = true;
	}
	fputs("\"/>\n", c->to);
}

static void draw_heap(struct chart *c)
{
	c->most = fmax(most_of(c->course, heap_capacity), most_of(c->course, heap_before));
	if (!(c->most > 0))
		return;
	begin_chart(c, "Heap",
		    "before collections (solid), after them (bold colour), capacity (dashed)",
		    print_size);
	draw_line(c, heap_capacity, "var(--soft)", "6 4");
	draw_line(c, heap_before, "var(--warn)", "none");
	draw_line(c, heap_after, "var(--good)", "none");
	end_chart(c);
}

static void draw_pauses(struct chart *c)
{
	c->most = most_of(c->course, longest);
	if (!(c->most > 0))
		return;
	begin_chart(c, "Pauses", "the longest of each moment; full and failed ones in red",
		    print_seconds);
	for (size_t i = 0; i < c->course->count; i++) {
		const struct gc_point *p = &c->course->at[i];
		double x = x_of(c, p->begin_s);

		fprintf(c->to,
			"<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%d\" y2=\"%.1f\" stroke=\"var(--%s)\" "
			"stroke-width=\"1.5\"/>\n",
			x, x, HEIGHT - BOTTOM, y_of(c, p->max_s), p->full ? "bad" : "good");
	}
	end_chart(c);
}

enum { BUCKETS = 120 };

// Bytes a second in slices of equal time: single collections are too short to be rates.
static void fill_rates(const struct chart *c, bool promoted, double rate[BUCKETS])
{
	double slice = c->span_s / BUCKETS;

	for (int i = 0; i < BUCKETS; i++)
		rate[i] = 0;
	for (size_t i = 0; i < c->course->count; i++) {
		const struct gc_point *p = &c->course->at[i];
		double at = (p->begin_s - c->begin_s) / slice;
		int b = at < 0 ? 0 : at >= BUCKETS ? BUCKETS - 1 : (int)at;

		rate[b] += (double)(promoted ? p->promoted : p->allocated) / slice;
	}
}

static void draw_rate(const struct chart *c, const double rate[BUCKETS], const char *colour)
{
	fprintf(c->to, "<path fill=\"none\" stroke=\"%s\" stroke-width=\"1.5\" d=\"", colour);
	for (int i = 0; i < BUCKETS; i++)
		fprintf(c->to, "%c%.1f %.1f", i ? 'L' : 'M',
			x_of(c, c->begin_s + c->span_s * (i + 0.5) / BUCKETS), y_of(c, rate[i]));
	fputs("\"/>\n", c->to);
}

static void draw_rates(struct chart *c)
{
	double allocated[BUCKETS], promoted[BUCKETS];

	fill_rates(c, false, allocated);
	fill_rates(c, true, promoted);
	c->most = 0;
	for (int i = 0; i < BUCKETS; i++)
		c->most = fmax(c->most, fmax(allocated[i], promoted[i]));
	if (!(c->most > 0))
		return;
	begin_chart(c, "Rates", "a second: allocated (yellow), promoted (red)", print_size);
	draw_rate(c, allocated, "var(--warn)");
	draw_rate(c, promoted, "var(--bad)");
	end_chart(c);
}

static void draw_all(const struct gc_stats *s, FILE *to)
{
	struct chart c = { .to = to, .course = &s->course };
	const struct gc_course *course = &s->course;

	if (!course->count)
		return;
	c.begin_s = course->at[0].begin_s;
	c.span_s = course->at[course->count - 1].end_s - c.begin_s;
	if (!(c.span_s > 0) || !isfinite(c.span_s))
		return;
	fputs("<h2>Course</h2>\n", to);
	draw_heap(&c);
	draw_pauses(&c);
	draw_rates(&c);
}

static void print_named(const char *title, const struct gc_named_sum *all, size_t count, FILE *to)
{
	double most = 0;

	if (!count)
		return;
	for (size_t i = 0; i < count; i++)
		most = fmax(most, all[i].sum.sum_s);
	fputs("<div class=\"scroll\"><table>\n<thead><tr>", to);
	html_element("th", title, to);
	fputs("<th class=\"n\">count</th><th class=\"n\">sum s</th><th class=\"n\">max s</th>"
	      "<th class=\"wide\">share</th></tr></thead>\n<tbody>\n",
	      to);
	for (size_t i = 0; i < count; i++) {
		fputs("<tr>", to);
		html_element("td", all[i].name, to);
		fprintf(to,
			"<td class=\"n\">%" PRIu64 "</td><td class=\"n\">%.3f</td><td "
			"class=\"n\">%.4f</td><td class=\"wide\"><meter min=\"0\" max=\"%.6f\" "
			"value=\"%.6f\"></meter></td></tr>\n",
			all[i].sum.count, all[i].sum.sum_s, all[i].sum.max_s, most > 0 ? most : 1,
			all[i].sum.sum_s);
	}
	fputs("</tbody>\n</table></div>\n", to);
}

static void print_row(const char *name, const char *value, FILE *to)
{
	html_element("dt", name, to);
	html_element("dd", value, to);
	fputs("\n", to);
}

static void print_head(const struct gc_report *r, FILE *to)
{
	const struct gc_stats *s = r->stats;
	const struct gc_pauses *p = &s->pauses;
	struct arena mem = { 0 };
	char text[16];

	fputs("<header>\n<h1>GC log <span class=\"soft\">", to);
	for (size_t i = 0; i < r->file_count && i < 4; i++) {
		fputs(i ? " " : "", to);
		html_name(words_tail(r->files[i], 60, &mem), to);
	}
	fputs("</span></h1>\n<dl>\n", to);
	print_row("dialect", s->dialect, to);
	print_row("collector", *s->collector ? s->collector : "not known", to);
	if (*s->jdk)
		print_row("JDK", s->jdk, to);
	if (s->span_s > 0)
		print_row("over", words_duration(s->span_s, text), to);
	print_row("lines",
		  arena_format(&mem, "%" PRIu64 ", %" PRIu64 " of them not of a GC log", s->lines,
			       s->unknown_lines),
		  to);
	print_row("pauses",
		  arena_format(&mem, "%" PRIu64 ", %.3f s in all", p->all.count, p->all.sum_s), to);
	if (!isnan(p->p50_s))
		print_row("seconds",
			  arena_format(&mem, "p50 %.4f, p90 %.4f, p99 %.4f, p99.9 %.4f, max %.4f",
				       p->p50_s, p->p90_s, p->p99_s, p->p999_s, p->all.max_s),
			  to);
	if (!isnan(s->throughput))
		print_row("throughput", arena_format(&mem, "%.2f %%", 100 * s->throughput), to);
	if (!isnan(s->cpu.cores))
		print_row("GC's CPU", arena_format(&mem, "%.2f cores", s->cpu.cores), to);
	fputs("</dl>\n</header>\n", to);
	arena_drop(&mem);
}

void gc_html_section(const struct gc_report *r, FILE *to)
{
	const struct gc_stats *s = r->stats;

	fputs("<section>\n", to);
	print_head(r, to);
	if (r->judged)
		doctor_html_verdict(r->judged, to);
	draw_all(s, to);
	fputs("<h2>Causes</h2>\n", to);
	print_named("pauses", s->names, s->name_count, to);
	print_named("causes", s->causes, s->cause_count, to);
	print_named("beside the program", s->phases, s->phase_count, to);
	print_named("stops", s->stops, s->stop_count, to);
	if (r->judged)
		doctor_html_considered(r->judged, to);
	fputs("</section>\n", to);
}
