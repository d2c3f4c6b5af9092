// SPDX-License-Identifier: Apache-2.0
#include "present/fleet.h"

#include <math.h>
#include <string.h>

#include "base/arena.h"
#include "base/mask.h"
#include "facts/fleet.h"
#include "facts/snapshot.h"
#include "present/json.h"
#include "present/table.h"
#include "present/words.h"

enum { WIDTH = 79 };

enum cause_column {
	FC_CAUSE,
	FC_KIND,
	FC_TITLE,
	FC_CONFIRMED,
	FC_LIKELY,
	FC_HOSTS,
	FC_BYTES,
	FC_MAIN,
	FC_CULPRIT,
	FC_COUNT
};
static const struct column CAUSE_COLUMNS[FC_COUNT] = {
	{ "cause", "CAUSE", 27, COLUMN_TEXT, "id in the catalogue" },
	{ "kind", NULL, 0, COLUMN_TEXT, "cause, risk or note" },
	{ "title", NULL, 0, COLUMN_TEXT, "what it is" },
	{ "confirmed", "SURE", 6, COLUMN_COUNT, "JVMs where it is confirmed" },
	{ "likely", "LIKELY", 7, COLUMN_COUNT, "JVMs where it is likely" },
	{ "hosts", "HOSTS", 6, COLUMN_COUNT, "machines of these" },
	{ "bytes", "MB", 10, COLUMN_BYTES, "bytes that it explains in all of them" },
	{ "main", "  MOST IN", 22, COLUMN_NAME, "main class of the JVM where it explains most" },
	{ "culprit", NULL, 0, COLUMN_NAME, "culprit there" },
};

enum jvm_column {
	FJ_HOST,
	FJ_PID,
	FJ_MAIN,
	FJ_JDK,
	FJ_CONTAINER,
	FJ_RSS,
	FJ_LIMIT,
	FJ_CAUSE,
	FJ_STATE,
	FJ_CULPRIT,
	FJ_BYTES,
	FJ_END,
	FJ_COUNT
};
static const struct column WORST_COLUMNS[FJ_COUNT] = {
	{ "host", "HOST", 14, COLUMN_NAME, "machine" },
	{ "pid", "PID", 7, COLUMN_COUNT, "number there" },
	{ "main", "  MAIN", 17, COLUMN_NAME, "main class or jar" },
	{ "jdk", NULL, 0, COLUMN_TEXT, "version" },
	{ "container", NULL, 0, COLUMN_TEXT, "id" },
	{ "rss", "RSS", 9, COLUMN_BYTES, "resident bytes" },
	{ "limit", NULL, 0, COLUMN_BYTES, "of its container" },
	{ "cause", "  CAUSE", 22, COLUMN_TEXT, "the first that holds" },
	{ "state", " STATE", 10, COLUMN_TEXT, "confirmed or likely" },
	{ "culprit", NULL, 0, COLUMN_NAME, "of this cause" },
	{ "bytes", NULL, 0, COLUMN_BYTES, "that this cause explains" },
	{ "ended", NULL, 0, COLUMN_TEXT, "how it ended, of a history" },
};

static void cause_row(const struct fleet_cause *c, struct cell row[FC_COUNT])
{
	row[FC_CAUSE] = cell_text(c->cause);
	row[FC_KIND] = cell_text(c->kind);
	row[FC_TITLE] = cell_text(c->title);
	row[FC_CONFIRMED] = cell_count(c->confirmed);
	row[FC_LIKELY] = cell_count(c->likely);
	row[FC_HOSTS] = cell_count(c->hosts);
	row[FC_BYTES] = cell_bytes(c->bytes);
	row[FC_MAIN] = cell_text(c->main);
	row[FC_CULPRIT] = cell_text(c->culprit);
}

static const char *masked(const char *text, struct arena *mem)
{
	return text ? mask_copy(mem, text) : NULL;
}

static void jvm_row(const struct fleet_jvm *j, struct arena *mem, struct cell row[FJ_COUNT])
{
	row[FJ_HOST] = cell_text(j->host);
	row[FJ_PID] = cell_count((uint64_t)j->pid);
	row[FJ_MAIN] = cell_text(masked(j->main, mem));
	row[FJ_JDK] = cell_text(j->jdk);
	row[FJ_CONTAINER] = cell_text(j->container);
	row[FJ_RSS] = cell_bytes(j->rss);
	row[FJ_LIMIT] = cell_bytes(j->limit);
	row[FJ_CAUSE] = cell_text(j->cause);
	row[FJ_STATE] = cell_text(j->state);
	row[FJ_CULPRIT] = cell_text(j->culprit);
	row[FJ_BYTES] = cell_bytes(j->bytes);
	row[FJ_END] = cell_text(j->end);
}

static bool is_bad(const struct fleet_jvm *j)
{
	return !j->healthy || j->eta_s >= 0 || (j->end && !strcmp(j->end, "oom-kill"));
}

// The worst come first: those that are not well are the first so many.
static size_t count_bad(const struct fleet *f)
{
	size_t bad = 0;

	while (bad < f->count && is_bad(&f->jvms[bad]))
		bad++;
	return bad;
}

static size_t shown(size_t count, size_t top)
{
	return top && top < count ? top : count;
}

static void print_rest(size_t count, size_t top, const char *of_what, FILE *to)
{
	if (top && count > top)
		fprintf(to, "%zu more %s\n", count - top, of_what);
}

static void print_causes(const struct fleet *f, size_t top, bool colour, FILE *to)
{
	struct table t = { CAUSE_COLUMNS, FC_COUNT, to, colour, NULL, 0 };

	if (!f->cause_count)
		return;
	fputc('\n', to);
	table_print_head(&t);
	for (size_t i = 0; i < shown(f->cause_count, top); i++) {
		struct cell row[FC_COUNT];
		struct arena mem = { 0 };

		cause_row(&f->causes[i], row);
		row[FC_MAIN] = cell_text(masked(f->causes[i].main, &mem));
		if (row[FC_MAIN].known)
			row[FC_MAIN] = cell_text(arena_format(
				&mem, "  %s", words_tail(row[FC_MAIN].text, 19, &mem)));
		table_print_row(&t, row);
		arena_drop(&mem);
	}
	print_rest(f->cause_count, top, "causes, risks and notes", to);
}

static void print_note(const struct fleet_jvm *j, FILE *to)
{
	char eta[16];

	if (j->end)
		fprintf(to, "    it ended: %.40s\n", j->end);
	else if (j->eta_s >= 0)
		fprintf(to, "    at this rate its limit is reached in %s\n",
			words_duration(j->eta_s, eta));
}

static void print_worst(const struct fleet *f, size_t top, bool colour, FILE *to)
{
	struct table t = { WORST_COLUMNS, FJ_COUNT, to, colour, NULL, 0 };
	size_t bad = count_bad(f);

	if (!bad)
		return;
	fputc('\n', to);
	table_print_head(&t);
	for (size_t i = 0; i < shown(bad, top); i++) {
		const struct fleet_jvm *j = &f->jvms[i];
		struct fleet_jvm safe = *j;
		struct cell row[FJ_COUNT];
		struct arena mem = { 0 };

		jvm_row(j, &mem, row);
		if (row[FJ_MAIN].known)
			row[FJ_MAIN] = cell_text(arena_format(
				&mem, "  %s", words_tail(row[FJ_MAIN].text, 14, &mem)));
		if (row[FJ_CAUSE].known)
			row[FJ_CAUSE] = cell_text(arena_format(&mem, "  %s", j->cause));
		if (row[FJ_STATE].known)
			row[FJ_STATE] = cell_text(arena_format(&mem, " %s", j->state));
		table_print_row(&t, row);
		safe.end = j->end ? words_clean(j->end, 40, &mem) : NULL;
		print_note(&safe, to);
		arena_drop(&mem);
	}
	print_rest(bad, top, "JVMs that are not well", to);
}

void report_fleet_text(const struct fleet *f, size_t top, bool colour, FILE *to)
{
	fprintf(to, "%zu JVM%s on %zu host%s, %zu healthy\n", f->count, f->count == 1 ? "" : "s",
		f->hosts, f->hosts == 1 ? "" : "s", f->healthy);
	print_causes(f, top, colour, to);
	print_worst(f, top, colour, to);
	if (f->strange)
		fprintf(to, "\n%zu of %zu lines were no verdict and were left out.\n", f->strange,
			f->lines);
	if (f->over)
		fprintf(to, "\nThere was no room for verdicts on %zu more JVMs.\n", f->over);
	if (f->findings_over)
		fprintf(to, "\nThere was no room for %zu findings.\n", f->findings_over);
}

static json_t *number(size_t n)
{
	return json_integer((json_int_t)n);
}

static json_t *causes_json(const struct fleet *f, size_t top)
{
	struct table t = { CAUSE_COLUMNS, FC_COUNT, NULL, false, NULL, 0 };
	json_t *array = json_array();

	for (size_t i = 0; i < shown(f->cause_count, top); i++) {
		struct cell row[FC_COUNT];
		struct arena mem = { 0 };
		json_t *o;

		cause_row(&f->causes[i], row);
		row[FC_MAIN] = cell_text(masked(f->causes[i].main, &mem));
		o = table_row_json(&t, row);
		json_set(o, "growth_bytes_per_s", json_of_number(round(f->causes[i].growth_per_s)));
		json_add(array, o);
		arena_drop(&mem);
	}
	return array;
}

static json_t *worst_json(const struct fleet *f, size_t top)
{
	struct table t = { WORST_COLUMNS, FJ_COUNT, NULL, false, NULL, 0 };
	json_t *array = json_array();

	for (size_t i = 0; i < shown(count_bad(f), top); i++) {
		const struct fleet_jvm *j = &f->jvms[i];
		struct cell row[FJ_COUNT];
		struct arena mem = { 0 };
		json_t *o;

		jvm_row(j, &mem, row);
		o = table_row_json(&t, row);
		json_set(o, "at", json_of_time(j->at_s));
		json_set(o, "healthy", json_boolean(j->healthy));
		json_set(o, "growth_bytes_per_s",
			 j->has_growth ? json_of_number(round(j->growth_per_s)) : json_null());
		json_set(o, "limit_eta_s", j->eta_s < 0 ? json_null() : json_of_seconds(j->eta_s));
		json_add(array, o);
		arena_drop(&mem);
	}
	return array;
}

void report_fleet_json(const struct fleet *f, size_t top, FILE *to)
{
	json_t *o = json_object();

	json_set(o, "schema", json_integer(1));
	json_set(o, "host_count", number(f->hosts));
	json_set(o, "jvm_count", number(f->count));
	json_set(o, "healthy_count", number(f->healthy));
	json_set(o, "causes", causes_json(f, top));
	json_set(o, "jvms", worst_json(f, top));
	json_set(o, "left_out",
		 json_pack("{s:o,s:o,s:o,s:o}", "lines", number(f->lines), "no_verdict",
			   number(f->strange), "jvms", number(f->over), "findings",
			   number(f->findings_over)));
	json_print(o, to);
}
