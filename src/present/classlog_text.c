// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <string.h>

#include "base/arena.h"
#include "facts/classlog.h"
#include "present/classlog.h"
#include "present/table.h"
#include "present/words.h"

enum { WIDTH = 79, SHOWN = 15, SOURCES_SHOWN = 8 };

struct printer {
	const struct classlog_facts *c;
	const struct classlog_shown *how;
	struct arena mem;
	FILE *to;
};

static size_t limit_of(const struct printer *p, size_t count)
{
	size_t limit = p->how->all_rows ? count : p->how->top ? p->how->top : SHOWN;

	return limit < count ? limit : count;
}

static void say_more(const struct printer *p, size_t shown, size_t count, const char *what)
{
	if (shown < count)
		fprintf(p->to, "%zu more %s: --top 0\n", count - shown, what);
}

static const char *rate(struct printer *p, uint64_t count)
{
	return p->c->timed ? arena_format(&p->mem, "%11.1f", (double)count / p->c->span_s) : NULL;
}

static void print_head(struct printer *p)
{
	const struct classlog_facts *c = p->c;
	const char *text =
		arena_format(&p->mem, "%s: %" PRIu64 " classes loaded, %" PRIu64 " unloaded",
			     c->file, c->loaded, c->unloaded);

	if (c->timed)
		text = arena_format(&p->mem, "%s in %.1f s (%.1f and %.1f a second)", text,
				    c->span_s, (double)c->loaded / c->span_s,
				    (double)c->unloaded / c->span_s);
	else
		text = arena_format(&p->mem, "%s; its lines have no time", text);
	words_wrap(words_clean(text, 0, &p->mem), 0, 2, WIDTH, p->to);
	fprintf(p->to, "%s, %" PRIu64 " lines, %" PRIu64 " of them something else\n",
		c->unified ? "-Xlog:class+load,class+unload" : "-verbose:class", c->lines,
		c->unknown);
	if (c->names_full)
		fputs("More names than are kept: those that came late are in the sums only\n",
		      p->to);
	fputc('\n', p->to);
}

enum { FA_LOADED, FA_UNLOADED, FA_NAMES, FA_PER_S, FA_GAP, FA_GENERATOR, FA_COUNT };

static const struct column FAMILIES[FA_COUNT] = {
	[FA_LOADED] = { NULL, "loaded", 9, COLUMN_COUNT, "" },
	[FA_UNLOADED] = { NULL, "unloaded", 10, COLUMN_COUNT, "" },
	[FA_NAMES] = { NULL, "names", 8, COLUMN_COUNT, "" },
	[FA_PER_S] = { NULL, "      per s", 12, COLUMN_TEXT, "" },
	[FA_GAP] = { NULL, "", 2, COLUMN_TEXT, "" },
	[FA_GENERATOR] = { NULL, "generator", 22, COLUMN_TEXT, "" },
};

static void print_family(struct printer *p, const struct table *t, const struct classlog_family *f)
{
	const char *generator = f->generator;
	const char *text = f->name;

	if (!generator && f->loaded > 1 && strchr(f->name, '#'))
		generator = "unknown";
	table_print_row(t, (const struct cell[FA_COUNT]){
				   [FA_LOADED] = cell_count(f->loaded),
				   [FA_UNLOADED] = cell_count(f->unloaded),
				   [FA_NAMES] = cell_count(f->distinct_names),
				   [FA_PER_S] = cell_text(rate(p, f->loaded)),
				   [FA_GENERATOR] = cell_text(generator),
			   });
	if (f->loader_type)
		text = arena_format(&p->mem, "%s, in %s", text, f->loader_type);
	if (f->source)
		text = arena_format(&p->mem, "%s, from %s", text, f->source);
	fputs("  ", p->to);
	words_wrap(words_clean(text, 0, &p->mem), 2, 4, WIDTH, p->to);
}

static void print_families(struct printer *p)
{
	size_t count = p->c->families.count, shown = limit_of(p, count);
	struct table t = { FAMILIES, FA_COUNT, p->to, p->how->colour, NULL, 0 };

	if (!p->c->timed)
		t.hidden |= UINT64_C(1) << FA_PER_S;
	table_print_head(&t);
	for (size_t i = 0; i < shown; i++)
		print_family(p, &t, &p->c->families.at[i]);
	say_more(p, shown, count, "families");
}

static void print_sources(struct printer *p)
{
	static const struct column COLUMNS[] = {
		{ NULL, "loaded", 9, COLUMN_COUNT, "" },
		{ NULL, "", 2, COLUMN_TEXT, "" },
		{ NULL, "from", 68, COLUMN_NAME, "" },
	};
	size_t count = p->c->sources.count;
	size_t shown = !p->how->all_rows && count > SOURCES_SHOWN ? SOURCES_SHOWN : count;
	struct table t = { COLUMNS, 3, p->to, p->how->colour, NULL, 0 };

	fputc('\n', p->to);
	table_print_head(&t);
	for (size_t i = 0; i < shown; i++)
		table_print_row(&t, (const struct cell[3]){ cell_count(p->c->sources.at[i].loaded),
							    cell_text(NULL),
							    cell_text(p->c->sources.at[i].name) });
	say_more(p, shown, count, "sources");
}

static void print_again(struct printer *p)
{
	static const struct column COLUMNS[] = {
		{ NULL, "loaded", 9, COLUMN_COUNT, "" },
		{ NULL, "unloaded", 10, COLUMN_COUNT, "" },
		{ NULL, "", 2, COLUMN_TEXT, "" },
		{ NULL, "name", 58, COLUMN_NAME, "" },
	};
	size_t count = p->c->again.count, shown = limit_of(p, count);
	struct table t = { COLUMNS, 4, p->to, p->how->colour, NULL, 0 };

	if (!count) {
		fputs("No name was loaded more than once.\n", p->to);
		return;
	}
	table_print_head(&t);
	for (size_t i = 0; i < shown; i++)
		table_print_row(&t, (const struct cell[4]){ cell_count(p->c->again.at[i].loaded),
							    cell_count(p->c->again.at[i].unloaded),
							    cell_text(NULL),
							    cell_text(p->c->again.at[i].name) });
	say_more(p, shown, count, "names");
	fputs("The log does not tell whose a class is: of one loader or of many.\n", p->to);
}

void classlog_print_text(const struct classlog_facts *c, const struct classlog_shown *how, FILE *to)
{
	struct printer p = { .c = c, .how = how, .to = to };

	print_head(&p);
	if (how->duplicates)
		print_again(&p);
	else
		print_families(&p);
	print_sources(&p);
	arena_drop(&p.mem);
}
