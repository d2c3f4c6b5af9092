// SPDX-License-Identifier: Apache-2.0
// heap PID histo: the heap of a JVM that goes on running.
#include "cmd/heap_live.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/target.h"
#include "collect/discover.h"
#include "collect/look.h"
#include "present/heap_report.h"

enum { ROWS = 30 };

enum histo_column { INSTANCES, BYTES, OLD, OLD_BYTES, GAP, CLASS, COLUMNS };
static const struct column HISTO[COLUMNS] = {
	[INSTANCES] = { "instances", "instances", 12, COLUMN_COUNT, "objects of the class" },
	[BYTES] = { "bytes", "bytes", 14, COLUMN_COUNT, "their own size" },
	[OLD] = { "old_instances", "old", 12, COLUMN_COUNT, "of them in the old generation" },
	[OLD_BYTES] = { "old_bytes", NULL, 0, COLUMN_BYTES, "of them in the old generation" },
	[GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[CLASS] = { "class", "class", 38, COLUMN_NAME, NULL },
};

enum head { PROCESS, OBJECTS, HEAP_BYTES, USED, UNUSED, SKIPPED, REPEATS, HEADS };
static const struct column HEAD[HEADS] = {
	[PROCESS] = { "pid", NULL, 0, COLUMN_COUNT, NULL },
	[OBJECTS] = { "objects", NULL, 0, COLUMN_COUNT, NULL },
	[HEAP_BYTES] = { "bytes", NULL, 0, COLUMN_BYTES, NULL },
	[USED] = { "used", NULL, 0, COLUMN_BYTES, NULL },
	[UNUSED] = { "buffers", NULL, 0, COLUMN_BYTES, NULL },
	[SKIPPED] = { "skipped", NULL, 0, COLUMN_BYTES, NULL },
	[REPEATS] = { "repeats", NULL, 0, COLUMN_COUNT, NULL },
};

static int by_bytes(const void *a, const void *b)
{
	const struct live_row *x = a, *y = b;

	if (x->bytes != y->bytes)
		return x->bytes < y->bytes ? 1 : -1;
	return strcmp(x->name, y->name);
}

static void fill(const struct options *o, struct snapshot *s, struct heap_report *r)
{
	struct live_facts *l = &s->live;
	struct heap_table *t = heap_report_table(r, NULL, "classes", NULL, HISTO, COLUMNS);
	struct cell *h = arena_array(r->mem, struct cell, HEADS);
	size_t shown = o->has_top ? o->top : o->json ? 0 : ROWS;
	char bytes[16], skipped[16];

	if (!shown || shown > l->rows.count)
		shown = l->rows.count;
	t->left_out = l->rows.count - shown;
	h[PROCESS] = cell_count((uint64_t)s->pid);
	h[OBJECTS] = cell_count(l->objects);
	h[HEAP_BYTES] = cell_bytes(l->bytes);
	h[USED] = cell_bytes(l->used);
	h[UNUSED] = cell_bytes(l->gaps);
	h[SKIPPED] = cell_bytes(l->skipped);
	h[REPEATS] = cell_count(l->repeats);
	r->columns = HEAD;
	r->head = h;
	r->count = HEADS;
	heap_report_note(r, "process %d  %llu objects, %s, garbage included; read %u time%s",
			 s->pid, (unsigned long long)l->objects, units_print_size(l->bytes, bytes),
			 l->repeats + 1, l->repeats ? "s" : "");
	if (l->skipped)
		heap_report_note(r,
				 "%s could not be told apart: garbage of unloaded classes, as a "
				 "rule.",
				 units_print_size(l->skipped, skipped));
	if (l->rows.count)
		qsort(l->rows.at, l->rows.count, sizeof(*l->rows.at), by_bytes);
	for (size_t i = 0; i < shown; i++) {
		const struct live_row *row = &l->rows.at[i];
		struct cell *c;

		heap_report_row(r, t, &c);
		c[INSTANCES] = cell_count(row->count);
		c[BYTES] = cell_count(row->bytes);
		c[OLD] = cell_count(row->old_count);
		c[OLD_BYTES] = cell_bytes(row->old_bytes);
		c[CLASS] = cell_text(row->name);
	}
}

static const char *reason_of(const struct snapshot *s)
{
	for (size_t i = 0; i < s->misses.count; i++)
		if (!strcmp(s->misses.at[i].collector, "livehisto"))
			return s->misses.at[i].text;
	return s->tier_denied ? s->tier_denied : "its Java heap can't be read";
}

static bool look(const struct options *o, struct arena *mem, struct fail *why)
{
	struct subject subject;
	struct target target;
	struct snapshot s;
	struct heap_report r;
	bool looked;

	if (!subject_resolve(o->argument[0], mem, &subject, why))
		return false;
	if (subject.is_capture || subject.history || subject.all) {
		subject_close(&subject);
		return fail(why, FAIL_ABSENT, "heap histo takes one running JVM, or a heap dump");
	}
	if (!subject_open(&subject, 0, o, mem, &target, why))
		return false;
	target.classes_alone = true;
	target.of_them = CLASSES_LOADERS | CLASSES_OBJECTS;
	target.may_attach = false;
	looked = look_at(&target, mem, &s, why);
	discover_close(&target);
	if (!looked)
		return false;
	if (!s.live.known)
		return fail(why, FAIL_ABSENT, "process %d: %s", s.pid, reason_of(&s));
	heap_report_init(&r, mem);
	r.source = "live";
	fill(o, &s, &r);
	if (o->json)
		heap_report_json(&r, stdout);
	else
		heap_report_text(&r, o->colour, stdout);
	return true;
}

int heap_live_histo(const struct options *o)
{
	struct arena mem = { 0 };
	struct fail why = { 0 };
	bool done = look(o, &mem, &why);

	if (!done && (why.kind == FAIL_GONE || why.kind == FAIL_DENIED))
		complain("%s", why.text);
	else if (!done)
		complain("%s; jcmd PID GC.class_histogram -all counts in a pause, and jcmd PID "
			 "GC.heap_dump makes a file for jledger heap",
			 why.text);
	arena_drop(&mem);
	return done ? EXIT_DONE : EXIT_UNREADABLE;
}
