// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "ledger/checks.h"
#include "ledger/container.h"
#include "ledger/loaders.h"
#include "ledger/parts.h"
#include "present/drill_text.h"
#include "present/report.h"
#include "present/rows.h"
#include "present/target_text.h"
#include "present/words.h"

enum {
	WIDTH = 79,
	PARTS_SHOWN = 4, // sub-rows of an account
	ROWS_SHOWN = 20, // of a drill-down
};
static const uint64_t PART_WORTH_A_LINE = 52429; // what rounds to 0.1 MB

struct printer {
	const struct report *r;
	const struct ledger *l;
	struct table table;
	struct arena mem;
	FILE *to;
};

// "pid 4711  RSS 296.0 MB  (limit 512, working set 283, swap 0)         MB resident"
static void print_head(const struct printer *p)
{
	const struct snapshot *s = p->r->now;
	const struct container_facts *c = &s->container;
	char line[128];
	int n;

	n = snprintf(line, sizeof(line), "pid %d  RSS %.1f MB  (", s->pid,
		     units_in_mb(p->l->scanned));
	if (c->known && c->limit != UNKNOWN_BYTES)
		n += snprintf(line + n, sizeof(line) - (size_t)n, "limit %.0f, ",
			      units_in_mb(c->limit));
	if (c->known && c->working_set != UNKNOWN_BYTES)
		n += snprintf(line + n, sizeof(line) - (size_t)n, "working set %.0f, ",
			      units_in_mb(c->working_set));
	snprintf(line + n, sizeof(line) - (size_t)n, "swap %.0f)", units_in_mb(p->l->swap));
	fprintf(p->to, "%-67s MB resident\n", line);
}

// "against old.jlc.zip: pid 4711 30 min ago"
static void print_against(const struct printer *p)
{
	const struct report *r = p->r;
	struct arena mem = { 0 };
	char age[16];

	if (!r->against)
		return;
	words_wrap(arena_format(&mem, "against %s: pid %d%s, %s before",
				words_clean(r->against->capture, 0, &mem), r->first->pid,
				r->against->same_process ? "" : ", another process",
				words_duration(r->window_s, age)),
		   0, 2, WIDTH, p->to);
	arena_drop(&mem);
}

// That the VM counts too, and where to see it.
static void print_tracking(const struct printer *p)
{
	const struct nmt_facts *nmt = &p->r->now->nmt;
	char mb[16];

	if (nmt->known && nmt->committed != UNKNOWN_BYTES)
		fprintf(p->to, "NMT (%s): %s MB committed: --by category%s\n",
			nmt->level ? nmt->level : "?", words_mb(nmt->committed, mb),
			nmt->level && !strcmp(nmt->level, "detail") ? ", --by site" : "");
}

// `cells` is a row of the account table whose title is still to be set.
static void print_part(const struct printer *p, const char *name, struct cell cells[AC_COUNT])
{
	struct arena mem = { 0 };

	cells[AC_TITLE] = cell_text(arena_format(&mem, "  %s", name));
	table_print_row(&p->table, cells);
	arena_drop(&mem);
}

static void print_bytes(const struct printer *p, const char *name, uint64_t resident)
{
	struct cell row[AC_COUNT] = { 0 };

	row[AC_RESIDENT] = cell_bytes(resident);
	print_part(p, name, row);
}

static void print_spaces(const struct printer *p)
{
	for (size_t i = 0; i < p->r->now->spaces.count; i++) {
		struct cell space[SC_COUNT], row[AC_COUNT] = { 0 };

		rows_space(p->l, i, space);
		if (!p->r->now->spaces.at[i].committed)
			continue;
		row[AC_RESIDENT] = space[SC_RESIDENT];
		row[AC_USED] = space[SC_USED];
		row[AC_COMMITTED] = space[SC_COMMITTED];
		print_part(p, space[SC_NAME].text, row);
	}
}

static void print_parts(const struct printer *p, const struct account_row *a,
			const struct parts *parts, size_t limit)
{
	size_t shown = 0, more = 0;
	uint64_t rest = 0;

	for (size_t i = 0; i < parts->count; i++) {
		const struct part_row *part = &parts->at[i];

		if (part->account != a->account || part->resident < PART_WORTH_A_LINE)
			continue;
		if (part->resident == a->resident && !shown)
			return; // one part that says no more than its account
		if (shown < limit) {
			print_bytes(p, part->name, part->resident);
			shown++;
		} else {
			rest += part->resident;
			more++;
		}
	}
	if (more) {
		char name[32];

		snprintf(name, sizeof(name), "%zu more", more);
		print_bytes(p, name, rest);
	}
}

static void print_loaders(const struct printer *p, size_t limit)
{
	struct arena mem = { 0 };
	struct loader_groups groups;
	size_t shown = 0;

	loaders_group(p->l, &mem, &groups);
	for (size_t i = 0; i < groups.count && shown < limit; i++) {
		const struct loader_group *g = &groups.at[i];
		struct cell row[AC_COUNT] = { 0 };
		const char *dot = g->type ? strrchr(g->type, '.') : NULL;
		const char *type = !g->type ? "(unknown)" : dot ? dot + 1 : g->type;
		const char *name;

		if (g->metaspace + g->class_space < PART_WORTH_A_LINE)
			break;
		name = g->loaders == 1
			       ? arena_format(&mem, "%s%s", type, g->hidden ? " (hidden)" : "")
			       : arena_format(&mem, "%zu %s%s", g->loaders, type,
					      g->hidden ? " (hidden)" : "");
		row[AC_RESIDENT] = cell_bytes(g->metaspace + g->class_space);
		row[AC_USED] = cell_bytes(g->used);
		print_part(p, name, row);
		shown++;
	}
	arena_drop(&mem);
}

// What stands below an account.  Metaspace and class space are one thing to a person who reads of
// loaders, so loaders stand below the second.
static void print_below(const struct printer *p, const struct account_row *a,
			const struct parts *parts, size_t limit)
{
	const char *id = ACCOUNTS[a->account].id;
	bool loaders = p->r->now->loaders.count;

	if (!strcmp(id, "java-heap") && p->r->now->spaces.count)
		print_spaces(p);
	else if (!strcmp(id, "class-space") && loaders)
		print_loaders(p, limit);
	else if (strcmp(id, "metaspace") != 0 || !loaders)
		print_parts(p, a, parts, limit);
}

// Accounts that round to nothing are left to --json, unless they grew, shrank or reserve much.
static bool worth_a_line(const struct account_row *a)
{
	return a->unknown || a->resident >= PART_WORTH_A_LINE || a->swap >= PART_WORTH_A_LINE ||
	       a->growth >= (int64_t)PART_WORTH_A_LINE ||
	       a->growth <= -(int64_t)PART_WORTH_A_LINE || a->committed != UNKNOWN_BYTES;
}

static const char *counted_title(const struct printer *p, const char *id, const char *title,
				 struct arena *mem)
{
	size_t n = 0;

	if (!strcmp(id, "thread-stacks"))
		for (size_t i = 0; i < p->r->now->threads.count; i++)
			n += p->r->now->threads.at[i].has_stack;
	else if (!strcmp(id, "direct-buffers"))
		n = p->r->now->buffers.count;
	return n ? arena_format(mem, "%s (%zu)", title, n) : title;
}

static void print_malloc(const struct printer *p, const struct malloc_split *split)
{
	struct cell row[AC_COUNT];

	rows_malloc(p->l, split, MALLOC_IN_USE, row);
	table_print_row(&p->table, row);
	if (!worth_a_line(&split->freed))
		return;
	rows_account(p->l, &split->freed, row);
	row[AC_TITLE] = cell_text("malloc, freed");
	table_print_row(&p->table, row);
	print_bytes(p, "a trim returns", split->row[MALLOC_RETURNABLE].resident);
}

static void print_accounts(const struct printer *p)
{
	size_t limit = p->r->top ? p->r->top : PARTS_SHOWN;
	struct arena mem = { 0 };
	struct malloc_split split;
	bool is_split = malloc_split(p->l, p->r->first_ledger, &split);
	struct parts parts;

	parts_list(p->l, &mem, &parts);
	for (int i = 0; i < ACCOUNT_COUNT; i++) {
		const struct account_row *a = &p->l->rows[i];
		const struct account_info *info = &ACCOUNTS[i];
		struct cell row[AC_COUNT];

		if (!worth_a_line(a))
			continue;
		if (is_split && i == account_find("malloc")) {
			print_malloc(p, &split);
			continue;
		}
		rows_account(p->l, a, row);
		row[AC_TITLE] = cell_text(counted_title(p, info->id, info->title, &mem));
		if (a->unknown)
			row[AC_CERTAINTY] = cell_text("unknown");
		table_print_row(&p->table, row);
		print_below(p, a, &parts, limit);
	}
	arena_drop(&mem);
}

static int64_t unaccounted_growth(const struct report *r)
{
	return (int64_t)r->ledger->unaccounted - (int64_t)r->first_ledger->unaccounted;
}

// A line whose middle is words instead of columns: "unaccounted  0.7   3 mappings: ...   0".
static void print_line(const struct printer *p, const char *title, uint64_t bytes,
		       const char *words, int64_t growth)
{
	size_t growth_ends = 0;
	char mb[16], change[16];

	for (int i = 0; i <= AC_GROWTH; i++)
		if (ACCOUNT_COLUMNS[i].heading && !(p->table.hidden >> i & 1))
			growth_ends += ACCOUNT_COLUMNS[i].width;
	fprintf(p->to, "%-22s%9s", title, words_mb(bytes, mb));
	if (!p->table.changed) {
		fprintf(p->to, "%s%s\n", *words ? "   " : "", words);
		return;
	}
	words_change(growth, change);
	if (31 + 3 + strlen(words) + 1 + strlen(change) > growth_ends)
		fprintf(p->to, "   %s  %s\n", words, change);
	else
		fprintf(p->to, "   %s%*s\n", words, (int)(growth_ends - 34 - strlen(words)),
			change);
}

static void print_sum(const struct printer *p)
{
	const struct snapshot *s = p->r->now;
	char words[96] = "", count[64] = "";
	int n = 0;

	if (p->l->unknowns.count)
		snprintf(count, sizeof(count), "%zu mapping%s: --by mapping", p->l->unknowns.count,
			 p->l->unknowns.count == 1 ? "" : "s");
	print_line(p, "unaccounted", p->l->unaccounted, count, unaccounted_growth(p->r));
	if (s->fact[F_RSS_ANON].known && s->fact[F_RSS_FILE].known) {
		n = snprintf(words, sizeof(words), "= RssAnon %.1f + RssFile %.1f",
			     units_in_mb(s->fact[F_RSS_ANON].value),
			     units_in_mb(s->fact[F_RSS_FILE].value));
		if (snapshot_get(s, F_RSS_SHMEM, 0))
			n += snprintf(words + n, sizeof(words) - (size_t)n, " + RssShmem %.1f",
				      units_in_mb(s->fact[F_RSS_SHMEM].value));
	}
	if (p->l->drift >= PART_WORTH_A_LINE)
		snprintf(words + n, sizeof(words) - (size_t)n, ", drift %.1f",
			 units_in_mb(p->l->drift));
	print_line(p, "sum", p->l->scanned, words, p->l->growth);
}

static void print_failed_checks(const struct printer *p)
{
	const struct snapshot *s = p->r->now;
	char ours[16], theirs[16];

	for (size_t i = 0; i < p->l->overlaps.count; i++) {
		const struct overlap_row *o = &p->l->overlaps.at[i];

		fprintf(p->to,
			"CHECK FAILED  %s (%s) and %s (%s) both claim %" PRIx64 "-%" PRIx64
			": please report\n",
			o->a->account, o->a->source, o->b->account, o->b->source, o->start, o->end);
	}
	for (size_t i = 0; i < s->checks.count; i++) {
		const struct check_row *c = &s->checks.at[i];

		const char *reason = checks_reason(p->l, c);

		if (!checks_differ(p->l, c))
			continue;
		fprintf(p->to, "CHECK  %s %s: %s MB here, %s MB by %s\n", c->account, c->what,
			words_mb(checks_ours(p->l, c), ours), words_mb(c->theirs, theirs),
			c->source);
		if (reason)
			fprintf(p->to, "       (%s)\n", reason);
	}
}

static const char *share(struct printer *p, const char *before, const char *name, uint64_t bytes)
{
	if (bytes == UNKNOWN_BYTES)
		return before;
	return arena_format(&p->mem, "%s%s%s %.1f", before, *before ? ", " : "", name,
			    units_in_mb(bytes));
}

static const char *kernel_share(struct printer *p, const char *before,
				const struct container_ledger *c)
{
	const char *parts = "";

	if (c->kernel == UNKNOWN_BYTES)
		return share(p, before, "slab", c->slab);
	parts = share(p, parts, "slab", c->slab);
	parts = share(p, parts, "page tables", c->page_tables);
	parts = share(p, parts, "stacks", c->kernel_stacks);
	before = share(p, before, "kernel", c->kernel);
	return *parts ? arena_format(&p->mem, "%s (%s)", before, parts) : before;
}

// What the container suffered already.
static const char *strain(struct printer *p)
{
	const struct container_facts *f = &p->r->now->container;
	const char *text = "";

	if (f->some_avg10 >= 0)
		text = arena_format(&p->mem, "; memory pressure %.1f %% of 10 s", f->some_avg10);
	if (f->some_avg10 >= 0 && f->full_avg10 >= 0)
		text = arena_format(&p->mem, "%s, all tasks %.1f %%", text, f->full_avg10);
	if (f->limit_hits != UNKNOWN_BYTES && f->limit_hits)
		text = arena_format(&p->mem, "%s; limit hit %" PRIu64 " x", text, f->limit_hits);
	if (f->oom_kills != UNKNOWN_BYTES && f->oom_kills)
		text = arena_format(&p->mem, "%s; OOM kills %" PRIu64, text, f->oom_kills);
	return text;
}

// The container's own ledger, where a limit makes it one that matters; else it is in --json.
static void print_container(struct printer *p)
{
	struct container_ledger c;
	const char *anon, *files;

	container_build(p->r->now, &c);
	if (!c.known || c.limit == UNKNOWN_BYTES || c.usage == UNKNOWN_BYTES)
		return;
	anon = share(p, "", "anon of the JVM", c.anon_jvm);
	anon = share(p, anon, "of others", c.anon_others);
	anon = share(p, anon, "rest", c.anon_rest);
	files = share(p, "", "files mapped by the JVM", c.file_jvm);
	files = share(p, files, "by others", c.file_others);
	files = share(p, files, "unmapped", c.file_unmapped_active);
	files = share(p, files, "inactive", c.file_unmapped_inactive);
	files = kernel_share(p, files, &c);
	fputs("container  ", p->to);
	words_wrap(arena_format(&p->mem, "%.1f of %.0f MB: %s%s%s%s", units_in_mb(c.usage),
				units_in_mb(c.limit), anon, *anon && *files ? "; " : "", files,
				strain(p)),
		   11, 11, WIDTH, p->to);
}

void report_map_text(const struct report *r, FILE *to)
{
	struct printer p = { .r = r, .l = r->ledger, .to = to };
	size_t limit = r->top ? r->top : ROWS_SHOWN;
	char window[16];

	p.table = (struct table){ ACCOUNT_COLUMNS, AC_COUNT, to, r->colour, NULL, 0 };
	p.table.hidden = UINT64_C(1) << (p.l->swap ? AC_RESERVED : AC_SWAP);
	if (p.l->has_growth)
		p.table.changed = words_duration(r->window_s, window);
	if (r->all_rows)
		limit = SIZE_MAX;
	print_head(&p);
	print_against(&p);
	if (r->by != BY_ACCOUNT) {
		drill_text_print(r, limit, to);
	} else {
		table_print_head(&p.table);
		print_accounts(&p);
		print_sum(&p);
		print_container(&p);
		print_tracking(&p);
	}
	print_failed_checks(&p);
	target_text_missing(r, to);
	target_text_cost(r, to);
	arena_drop(&p.mem);
}
