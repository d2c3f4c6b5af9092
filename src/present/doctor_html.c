// SPDX-License-Identifier: Apache-2.0
#include "present/doctor_html.h"

#include <inttypes.h>
#include <math.h>
#include <time.h>

#include "base/arena.h"
#include "base/mask.h"
#include "base/units.h"
#include "ledger/container.h"
#include "present/html.h"
#include "present/report.h"
#include "present/words.h"

struct printer {
	const struct report *r;
	struct arena mem;
	FILE *to;
};

static const char *text_fact(const struct snapshot *s, enum fact_id id)
{
	return s->fact[id].known ? s->fact[id].text : NULL;
}

// Commands of the catalogue say PID, and may be of a version to come.
static const char *advice(struct printer *p, const char *text)
{
	return words_of_commands(words_for_pid(text, p->r->now->pid, &p->mem), p->r->has_command,
				 &p->mem);
}

static void open_row(struct printer *p, const char *name)
{
	html_element("dt", name, p->to);
	fputs("<dd>", p->to);
}

static void close_row(struct printer *p)
{
	fputs("</dd>\n", p->to);
}

static void text_row(struct printer *p, const char *name, const char *text)
{
	if (!text || !*text)
		return;
	open_row(p, name);
	html_text(text, p->to);
	close_row(p);
}

static const char *mb(struct printer *p, uint64_t bytes)
{
	char text[16];

	return bytes == UNKNOWN_BYTES ? NULL
				      : arena_format(&p->mem, "%s MB", words_mb(bytes, text));
}

static const char *moment(struct printer *p, int64_t wall_s)
{
	char text[40];
	time_t t = (time_t)wall_s;
	struct tm tm;

	if (!gmtime_r(&t, &tm) || !strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S UTC", &tm))
		return NULL;
	return arena_text(&p->mem, text);
}

// ---- the target and the verdict

static void print_target(struct printer *p)
{
	const struct snapshot *s = p->r->now;
	const char *name = text_fact(s, F_MAIN);
	char up[16];

	fputs("<header>\n<h1>", p->to);
	html_name(name ? mask_copy(&p->mem, name) : "JVM", p->to);
	fprintf(p->to, " <span class=\"soft\">pid %d</span></h1>\n<dl>\n", s->pid);
	text_row(p, "JDK", text_fact(s, F_JDK_VERSION));
	text_row(p, "VM", text_fact(s, F_VM_NAME));
	text_row(p, "collector", text_fact(s, F_COLLECTOR));
	text_row(p, "largest heap", mb(p, snapshot_get(s, F_HEAP_MAX, UNKNOWN_BYTES)));
	if (s->fact[F_UPTIME].known)
		text_row(p, "up", words_duration((double)s->fact[F_UPTIME].value / 1e3, up));
	if (s->container.known)
		text_row(p, "container limit", mb(p, s->container.limit));
	text_row(p, "host", s->host);
	text_row(p, "looked at", moment(p, s->wall_s));
	text_row(p, "capture", s->capture);
	text_row(p, "tier", tier_name(s->tier));
	fputs("</dl>\n</header>\n", p->to);
}

static void print_verdict(struct printer *p)
{
	const struct diagnosis *d = p->r->diagnosis;
	char change[16], window[16];

	if (!d->healthy) {
		fputs("<p class=\"verdict bad\">", p->to);
		html_text(arena_format(&p->mem, "Root cause: %s, %s", d->all[0].cause->id,
				       verdict_name(d->all[0].verdict)),
			  p->to);
	} else if (d->unexplained) {
		fputs("<p class=\"verdict warn\">", p->to);
		html_text(arena_format(&p->mem, "No cause: %s MB in %s can't be explained yet",
				       words_change(d->unexplained, change),
				       words_duration(p->r->window_s, window)),
			  p->to);
	} else {
		fputs("<p class=\"verdict good\">", p->to);
		html_text(p->r->log_alone ? "Healthy: no cause shows in the GC log"
			  : p->r->window_s > 0
				  ? "Healthy: no cause of growth was found"
				  : "Healthy: no cause was found at this moment; growth "
				    "needs a window",
			  p->to);
	}
	fputs("</p>\n", p->to);
}

static void print_growth_rows(struct printer *p)
{
	const struct diagnosis *d = p->r->diagnosis;
	char change[16];

	if (!d->growth.count)
		return;
	fputs("<div class=\"scroll\"><table>\n<thead><tr><th>what grew</th><th class=\"n\">MB</th>"
	      "<th>harmless, because</th></tr></thead>\n<tbody>\n",
	      p->to);
	for (size_t i = 0; i < d->growth.count; i++) {
		const struct growth_part *g = &d->growth.at[i];

		fputs("<tr>", p->to);
		html_element("td", g->title, p->to);
		fprintf(p->to, "<td class=\"n\">%s</td>", words_change(g->bytes, change));
		html_element("td", g->why, p->to);
		fputs("</tr>\n", p->to);
	}
	fputs("</tbody>\n</table></div>\n", p->to);
}

static void print_growth(struct printer *p)
{
	const struct diagnosis *d = p->r->diagnosis;
	const struct ledger *l = p->r->ledger;
	char text[16], window[16];

	fputs("<h2>Resident memory</h2>\n<dl>\n", p->to);
	text_row(p, "RSS", mb(p, l->scanned));
	if (l->has_growth && p->r->window_s > 0) {
		text_row(p, "growth",
			 arena_format(&p->mem, "%s MB in %s (%.2f MB/s)",
				      words_change(l->growth, text),
				      words_duration(p->r->window_s, window),
				      (double)l->growth / (double)MIB(1) / p->r->window_s));
		text_row(p, "allocated on the heap",
			 d->allocation.known ? mb(p, d->allocation.bytes)
			 : d->allocation.why_not
				 ? arena_format(&p->mem, "not known: %s", d->allocation.why_not)
				 : NULL);
	}
	if (d->has_growth_per_mb)
		text_row(p, "growth by load",
			 arena_format(&p->mem, "%.1f KB for each MB allocated, harmless left out",
				      d->growth_per_mb / (double)KIB(1)));
	if (d->limit_eta.known && isfinite(d->limit_eta.mid_s))
		text_row(p, "the limit is reached in", words_duration(d->limit_eta.mid_s, text));
	fputs("</dl>\n", p->to);
	print_growth_rows(p);
}

static void print_aftermath(struct printer *p)
{
	const struct aftermath *a = p->r->aftermath;

	if (!a)
		return;
	fputs("<h2>Against ", p->to);
	html_name(p->r->aftermath_of, p->to);
	fputs("</h2>\n<dl>\n", p->to);
	for (size_t i = 0; i < a->rows.count; i++)
		text_row(p, outcome_name(a->rows.at[i].outcome),
			 arena_format(&p->mem, "%s: %s", a->rows.at[i].cause->id,
				      a->rows.at[i].because ? a->rows.at[i].because : ""));
	if (!a->rows.count)
		text_row(p, "causes", "none then, and none now");
	fputs("</dl>\n", p->to);
}

// ---- findings

static void print_culprit(struct printer *p, const struct finding *f)
{
	if (!f->culprit.name)
		return;
	open_row(p, f->culprit.kind ? f->culprit.kind : "culprit");
	fputs("<code>", p->to);
	html_name(f->culprit.name, p->to);
	fputs("</code>", p->to);
	if (f->culprit.loader) {
		html_text(", loader ", p->to);
		fputs("<code>", p->to);
		html_name(f->culprit.loader, p->to);
		fputs("</code>", p->to);
	}
	close_row(p);
}

static void print_proof(struct printer *p, const struct finding *f)
{
	if (f->evidence.count) {
		open_row(p, "proof");
		fputs("<ul>", p->to);
		for (size_t i = 0; i < f->evidence.count; i++) {
			const struct evidence_row *e = &f->evidence.at[i];

			fputs("<li>", p->to);
			html_text(e->text, p->to);
			if (e->source)
				html_text(arena_format(&p->mem, " (%s)", e->source), p->to);
			fputs("</li>", p->to);
		}
		fputs("</ul>", p->to);
		close_row(p);
	}
	for (size_t i = 0; i < f->confused.count; i++)
		text_row(p, arena_format(&p->mem, "not %s", f->confused.at[i].cause),
			 f->confused.at[i].why_not);
}

static void print_numbers(struct printer *p, const struct finding *f)
{
	if (f->bytes)
		text_row(p, "explains", mb(p, f->bytes));
	if (f->has_growth)
		text_row(p, "grows by",
			 arena_format(&p->mem, "%.1f KB a second%s",
				      f->growth_per_s / (double)KIB(1),
				      f->has_growth_per_mb
					      ? arena_format(&p->mem, ", %.1f KB a MB allocated",
							     f->growth_per_mb / (double)KIB(1))
					      : ""));
	text_row(p, "collectable", collectable_name(f->collectable));
}

static void print_remedies(struct printer *p, const struct finding *f)
{
	if (f->experiment) {
		open_row(p, "prove it");
		html_element("code", advice(p, f->experiment), p->to);
		close_row(p);
	}
	if (!f->remedies.count && !f->cause->remedy)
		return;
	open_row(p, "do");
	fputs("<ul>", p->to);
	for (size_t i = 0; i < f->remedies.count; i++)
		html_element("li", advice(p, f->remedies.at[i]), p->to);
	if (!f->remedies.count)
		html_element("li", advice(p, f->cause->remedy), p->to);
	fputs("</ul>", p->to);
	close_row(p);
}

static void print_finding(struct printer *p, const struct finding *f)
{
	static const char *const COLOURS[] = {
		[KIND_CAUSE] = "bad", [KIND_RISK] = "warn", [KIND_NOTE] = "soft"
	};

	fputs("<article>\n<h3>", p->to);
	html_text(f->cause->id, p->to);
	fprintf(p->to, " <span class=\"badge %s\">%s, %s</span></h3>\n", COLOURS[f->cause->kind],
		finding_kind_name(f->cause->kind), verdict_name(f->verdict));
	fputs("<p>", p->to);
	html_text(f->text && *f->text ? f->text : f->cause->title, p->to);
	fputs("</p>\n<dl>\n", p->to);
	print_culprit(p, f);
	print_numbers(p, f);
	print_proof(p, f);
	print_remedies(p, f);
	fputs("</dl>\n</article>\n", p->to);
}

static void print_findings(struct printer *p)
{
	const struct diagnosis *d = p->r->diagnosis;

	if (!d->held)
		return;
	fputs("<h2>Findings</h2>\n", p->to);
	for (size_t i = 0; i < d->held; i++)
		print_finding(p, &d->all[i]);
}

// ---- the ledger

static void number_cell(struct printer *p, const char *text, bool wide)
{
	fprintf(p->to, "<td class=\"n%s\">%s</td>", wide ? " wide" : "", text ? text : "");
}

static void print_account(struct printer *p, const struct account_row *a)
{
	const struct ledger *l = p->r->ledger;
	char text[16];

	fputs("<tr>", p->to);
	html_element("td", ACCOUNTS[a->account].title, p->to);
	if (a->unknown) {
		fputs("<td class=\"n\">unknown</td>", p->to);
	} else {
		number_cell(p, words_mb(a->resident, text), false);
	}
	number_cell(p, a->has_growth && !a->unknown ? words_change(a->growth, text) : NULL, false);
	number_cell(p, words_mb(a->used, text), true);
	number_cell(p, words_mb(a->committed, text), true);
	number_cell(p, words_mb(a->reserved, text), true);
	fprintf(p->to, "<td class=\"wide\">%s</td>",
		a->unknown ? "" : certainty_name(a->certainty));
	fputs("<td class=\"wide\">", p->to);
	if (!a->unknown && l->scanned)
		fprintf(p->to,
			"<meter min=\"0\" max=\"%" PRIu64 "\" value=\"%" PRIu64 "\"></meter>",
			l->scanned, a->resident);
	fputs("</td></tr>\n", p->to);
}

static void print_sum(struct printer *p, const char *title, uint64_t bytes, const int64_t *growth)
{
	char text[16];

	fputs("<tr>", p->to);
	html_element("td", title, p->to);
	number_cell(p, words_mb(bytes, text), false);
	number_cell(p, growth ? words_change(*growth, text) : NULL, false);
	fputs("<td class=\"wide\" colspan=\"5\"></td></tr>\n", p->to);
}

static void print_ledger(struct printer *p)
{
	const struct ledger *l = p->r->ledger;

	fputs("<h2>Ledger</h2>\n<div class=\"scroll\"><table>\n<thead><tr><th>MB</th>"
	      "<th class=\"n\">resident</th><th class=\"n\">growth</th><th class=\"n "
	      "wide\">used</th>"
	      "<th class=\"n wide\">committed</th><th class=\"n wide\">reserved</th>"
	      "<th class=\"wide\">certainty</th><th "
	      "class=\"wide\">share</th></tr></thead>\n<tbody>\n",
	      p->to);
	for (int i = 0; i < ACCOUNT_COUNT; i++)
		print_account(p, &l->rows[i]);
	print_sum(p, "unaccounted", l->unaccounted, NULL);
	fputs("</tbody>\n<tfoot>\n", p->to);
	print_sum(p, "sum", l->scanned, l->has_growth ? &l->growth : NULL);
	fputs("</tfoot>\n</table></div>\n", p->to);
}

static void print_container(struct printer *p)
{
	struct container_ledger c;

	container_build(p->r->now, &c);
	if (!c.known)
		return;
	fputs("<h2>Container</h2>\n<dl>\n", p->to);
	text_row(p, "limit", mb(p, c.limit));
	text_row(p, "usage", mb(p, c.usage));
	text_row(p, "working set", mb(p, c.working_set));
	text_row(p, "anonymous, this JVM", mb(p, c.anon_jvm));
	text_row(p, "anonymous, others", mb(p, c.anon_others));
	text_row(p, "files mapped by this JVM", mb(p, c.file_jvm));
	text_row(p, "files mapped by others", mb(p, c.file_others));
	text_row(p, "page cache, active", mb(p, c.file_unmapped_active));
	text_row(p, "page cache, inactive", mb(p, c.file_unmapped_inactive));
	text_row(p, "shared memory and tmpfs", mb(p, c.shmem));
	text_row(p, "kernel", mb(p, c.kernel));
	text_row(p, "swap", mb(p, c.swap));
	fputs("</dl>\n", p->to);
}

// ---- what does not hold

static void print_others(struct printer *p, enum verdict which, const char *title)
{
	const struct diagnosis *d = p->r->diagnosis;
	size_t count = 0;

	for (size_t i = 0; i < d->count; i++)
		count += d->all[i].verdict == which;
	fprintf(p->to, "<details><summary>%s: %zu</summary>\n<dl>\n", title, count);
	for (size_t i = 0; i < d->count; i++) {
		const struct finding *f = &d->all[i];
		bool unknown = which == VERDICT_CANNOT_TELL;
		const char *reason = unknown ? f->missing : f->text;

		if (f->verdict != which)
			continue;
		text_row(p, f->cause->id,
			 arena_format(&p->mem, "%s%s%s%s", unknown ? "missing: " : "",
				      reason && *reason ? reason : f->cause->title,
				      unknown && f->how ? "; get it by: " : "",
				      unknown && f->how ? advice(p, f->how) : ""));
	}
	fputs("</dl>\n</details>\n", p->to);
}

static void print_missing(struct printer *p)
{
	const struct snapshot *s = p->r->now;

	if (!s->misses.count && !s->tier_denied && !s->tier_gain)
		return;
	fputs("<h2>What could not be had</h2>\n<dl>\n", p->to);
	for (size_t i = 0; i < s->misses.count; i++)
		text_row(p, s->misses.at[i].collector, s->misses.at[i].text);
	text_row(p, "denied", s->tier_denied);
	text_row(p, "would help", s->tier_gain);
	fputs("</dl>\n", p->to);
}

void doctor_html_section(const struct report *r, FILE *to)
{
	struct printer p = { .r = r, .to = to };

	fputs("<section>\n", to);
	print_target(&p);
	print_verdict(&p);
	print_growth(&p);
	print_aftermath(&p);
	print_findings(&p);
	print_ledger(&p);
	print_container(&p);
	fputs("<h2>Considered</h2>\n", to);
	print_others(&p, VERDICT_RULED_OUT, "Ruled out");
	print_others(&p, VERDICT_CANNOT_TELL, "Cannot tell");
	print_missing(&p);
	fprintf(to, "<p class=\"soft\">jledger ");
	html_text(r->tool_version, to);
	fputs("</p>\n</section>\n", to);
	arena_drop(&p.mem);
}

// Of a GC log that was judged alone.
void doctor_html_verdict(const struct report *r, FILE *to)
{
	struct printer p = { .r = r, .to = to };

	print_verdict(&p);
	print_findings(&p);
	arena_drop(&p.mem);
}

void doctor_html_considered(const struct report *r, FILE *to)
{
	struct printer p = { .r = r, .to = to };

	fputs("<h2>Considered</h2>\n", to);
	print_others(&p, VERDICT_RULED_OUT, "Ruled out");
	print_others(&p, VERDICT_CANNOT_TELL, "Cannot tell");
	fputs("<p class=\"soft\">jledger ", to);
	html_text(r->tool_version, to);
	fputs("</p>\n", to);
	arena_drop(&p.mem);
}
