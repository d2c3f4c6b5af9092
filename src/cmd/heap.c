// SPDX-License-Identifier: Apache-2.0
// `heap`: the Java heap of a dump.  What is shown of it is in the views.
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/units.h"
#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/heap_live.h"
#include "cmd/heap_views.h"
#include "cmd/pause.h"
#include "heap/paths.h"
#include "heap/tree.h"
#include "present/heap_html.h"

const struct heap_view HEAP_VIEWS[] = {
	{ "histo", "instances and bytes by class; with --retained what each class keeps alive",
	  NULL, 0, 0, false, false, heap_histo },
	{ "suspects", "what holds much of the heap, where it accumulates, what keeps it", NULL, 0,
	  0, true, false, heap_suspects },
	{ "dominators", "the largest objects, classes, packages or loaders by retained size",
	  "[objects|classes|packages|loaders]", 0, 1, true, false, heap_dominators },
	{ "path", "the way from the roots to an object (its address) or a class's instances",
	  "ADDRESS|CLASS", 1, 1, true, false, heap_path },
	{ "threads", "threads with their stacks, locals and retained sizes", NULL, 0, 0, true,
	  false, heap_threads },
	{ "loaders", "class loaders: classes, instances, duplicates, what keeps them", NULL, 0, 0,
	  true, false, heap_loaders },
	{ "duplicates", "strings and arrays that are there more than once", NULL, 0, 0, true, false,
	  heap_duplicates },
	{ "waste", "empty and sparse collections, boxed numbers, zeros at the ends of arrays", NULL,
	  0, 0, true, false, heap_waste },
	{ "off-heap", "native memory that objects stand for, with its owners", NULL, 0, 0, true,
	  false, heap_offheap },
	{ "finalizers", "objects that wait to be finalized, and reference queues", NULL, 0, 0, true,
	  false, heap_finalizers },
	{ "query", "objects by their fields", "QUERY", 1, 1, true, false, heap_query },
	{ "diff", "what grew since an older dump, by class", "OLD", 1, 1, false, false, heap_diff },
	{ 0 },
};

static const struct heap_view *find_view(const char *name)
{
	for (const struct heap_view *v = HEAP_VIEWS; v->name; v++)
		if (!strcmp(v->name, name))
			return v;
	return NULL;
}

const char *heap_argument(const struct heap_job *j, int i)
{
	return j->o->arguments > i + 2 ? j->o->argument[i + 2] : NULL;
}

size_t heap_shown(const struct heap_job *j, size_t count, size_t by_default, struct heap_table *t)
{
	size_t limit = j->o->has_top ? j->o->top : by_default;

	if (!limit || count <= limit)
		return count;
	t->left_out = count - limit;
	return limit;
}

uint64_t heap_id(const struct graph *g, uint32_t n)
{
	struct hprof_part p;

	graph_part(g, n, &p);
	return p.id;
}

// On a terminal a line that is written over; and where an interrupt is noticed.
static bool show_progress(void *arg, double share)
{
	int *last = arg, percent = (int)(share * 100);

	if (*last >= 0 && percent != *last) {
		fprintf(stderr, "\rreading the dump: %3d %%", percent);
		*last = percent;
	}
	return !pause_is_over();
}

enum head {
	HEAD_FILE,
	HEAD_VERSION,
	HEAD_OBJECTS,
	HEAD_BYTES,
	HEAD_LIVE,
	HEAD_LIVE_BYTES,
	HEAD_DANGLING,
	HEAD_CLASSES,
	HEAD_SIZES,
	HEAD_LOSS,
	HEAD_ROOTS,
	HEAD_DUMPS,
	HEAD_COUNT
};
static const struct column HEAD[HEAD_COUNT] = {
	[HEAD_FILE] = { "file", NULL, 0, COLUMN_TEXT, NULL },
	[HEAD_VERSION] = { "format", NULL, 0, COLUMN_TEXT, NULL },
	[HEAD_OBJECTS] = { "objects", NULL, 0, COLUMN_COUNT, NULL },
	[HEAD_BYTES] = { "bytes", NULL, 0, COLUMN_BYTES, NULL },
	[HEAD_LIVE] = { "live_objects", NULL, 0, COLUMN_COUNT, NULL },
	[HEAD_LIVE_BYTES] = { "live_bytes", NULL, 0, COLUMN_BYTES, NULL },
	[HEAD_DANGLING] = { "dangling_references", NULL, 0, COLUMN_COUNT, NULL },
	[HEAD_CLASSES] = { "class_count", NULL, 0, COLUMN_COUNT, NULL },
	[HEAD_SIZES] = { "sizes", NULL, 0, COLUMN_TEXT, NULL },
	[HEAD_LOSS] = { "loss", NULL, 0, COLUMN_TEXT, NULL },
	[HEAD_ROOTS] = { "roots_assumed", NULL, 0, COLUMN_FLAG, NULL },
	[HEAD_DUMPS] = { "dumps_in_file", NULL, 0, COLUMN_COUNT, NULL },
};

static const char *describe_sizes(const struct layout *l, struct arena *mem)
{
	if (!l->is_inferred)
		return "assumed: the ids in this dump are no addresses, so sizes cannot be "
		       "checked; "
		       "a 64-bit VM with compressed references is taken for granted";
	return arena_format(mem,
			    "inferred from addresses: head %u, references %u, alignment %u, fields "
			    "as JDK %s; %.1f %% of %llu objects end where the next begins, %llu "
			    "contradict; %llu classes are larger than their fields",
			    l->head, l->reference, l->alignment,
			    l->rule == LAYOUT_OLD ? "8 to 14" : "15 and later", 100 * l->adjacent,
			    (unsigned long long)l->sample, (unsigned long long)l->contradicted,
			    (unsigned long long)l->widened);
}

// A complete dump of JDK 25 has a few: classes of the archive that were never loaded.
enum { MANY_DANGLING = 100 };

static void add_head(struct heap_job *j)
{
	struct cell *h = arena_array(j->mem, struct cell, HEAD_COUNT);
	const struct dump *d = j->d;
	uint64_t bytes = 0;
	char size[16], live[16];

	for (size_t i = 0; i < d->classes.count; i++)
		bytes += d->classes.at[i]->bytes;
	h[HEAD_FILE] = cell_text(j->o->argument[0]);
	h[HEAD_VERSION] = cell_text(d->header.version);
	h[HEAD_OBJECTS] = cell_count(d->objects);
	h[HEAD_BYTES] = cell_bytes(bytes);
	if (j->g) {
		h[HEAD_LIVE] = cell_count(j->g->reached - GRAPH_TOP);
		h[HEAD_LIVE_BYTES] = cell_bytes(j->g->live_bytes);
		h[HEAD_DANGLING] = cell_count(j->g->dangling);
	}
	h[HEAD_CLASSES] = cell_count(d->classes.count);
	h[HEAD_SIZES] = cell_text(describe_sizes(&d->layout, j->mem));
	h[HEAD_LOSS] = cell_text(d->loss);
	h[HEAD_ROOTS] = cell_flag(d->roots_made);
	h[HEAD_DUMPS] = cell_count(d->dumps);
	j->r->columns = HEAD;
	j->r->head = h;
	j->r->count = HEAD_COUNT;
	units_print_size(bytes, size);
	if (j->g)
		heap_report_note(j->r, "%s  %llu objects, %s; held by a root: %u objects, %s",
				 j->o->argument[0], (unsigned long long)d->objects, size,
				 j->g->reached - GRAPH_TOP,
				 units_print_size(j->g->live_bytes, live));
	else
		heap_report_note(j->r, "%s  %llu objects, %s", j->o->argument[0],
				 (unsigned long long)d->objects, size);
	heap_report_note(j->r, "sizes %s", describe_sizes(&d->layout, j->mem));
	if (d->loss)
		heap_report_note(j->r, "NOT WHOLE: %s. What is there is shown.", d->loss);
	if (j->g && j->g->dangling)
		heap_report_note(
			j->r, "%llu references lead to objects that the dump does not have.%s",
			(unsigned long long)j->g->dangling,
			j->g->dangling > j->g->reached / MANY_DANGLING ? " It may not be complete."
								       : "");
	if (d->roots_made)
		heap_report_note(j->r,
				 "The dump lacks roots: the boot loader's classes, the "
				 "system's loaders and threads stand for them, so what is held is "
				 "estimated.");
	if (d->dumps > 1)
		heap_report_note(j->r, "The file holds %u dumps; this is the last.", d->dumps);
}

static bool analyse(struct heap_job *j, const struct heap_view *v, struct fail *why)
{
	if (!dump_open(j->o->argument[0], j->bigs, j->progress, j->progress_arg, j->mem, j->d, why))
		return false;
	if (v->needs_graph || j->o->retained || j->o->html) {
		struct graph *g = arena_new(j->mem, struct graph);

		if (!graph_build(j->d, v->weak_aside ? GRAPH_SKIP_ALL : 0, j->progress,
				 j->progress_arg, g, why))
			return false;
		j->g = g;
	}
	add_head(j);
	return v->show(j, why);
}

// The map's tiles: what keeps a hundredth of the live heap or more, and what is inside of it.
enum { TILES = 30, TILE_DEPTH = 8 };
static void add_tiles(struct heap_job *j, uint32_t of, unsigned depth, struct heap_tile *to)
{
	struct tree_top top;

	if (depth == TILE_DEPTH || to->bytes * 100 < j->g->live_bytes)
		return;
	tree_largest(j->g, of, TILES, j->mem, &top);
	to->tiles = arena_array(j->mem, struct heap_tile, top.count + 1);
	for (size_t i = 0; i < top.count; i++) {
		struct heap_tile *t = &to->tiles[to->count];

		t->bytes = graph_retained(j->g, top.at[i]);
		if (t->bytes * 1000 < j->g->live_bytes)
			break;
		t->name = path_object(j->g, top.at[i], j->mem);
		to->count++;
		add_tiles(j, top.at[i], depth + 1, t);
	}
}

static int write_html(struct heap_job *j)
{
	struct heap_tile all = { .name = "live heap", .bytes = j->g->live_bytes };
	bool is_file = strcmp(j->o->html, "-") != 0;
	FILE *to = is_file ? fopen(j->o->html, "we") : stdout;
	bool held;

	if (!to) {
		complain("%s: %s", j->o->html, strerror(errno));
		return EXIT_UNREADABLE;
	}
	add_tiles(j, GRAPH_TOP, 0, &all);
	heap_report_html(j->r, &all, to);
	held = !fflush(to) && !ferror(to);
	if ((is_file && fclose(to)) || !held) {
		complain("%s: it could not be written", j->o->html);
		return EXIT_UNREADABLE;
	}
	return EXIT_DONE;
}

static int show(const struct options *o, const struct heap_view *v)
{
	struct arena mem = { 0 };
	const char *tmp = getenv("TMPDIR");
	struct bigs bigs = { .limit = o->max_memory, .directory = tmp ? tmp : "/var/tmp" };
	struct dump d = { 0 };
	struct heap_report r;
	int percent = isatty(STDERR_FILENO) ? 0 : -1, code = EXIT_DONE;
	struct heap_job j = { .o = o,
			      .mem = &mem,
			      .bigs = &bigs,
			      .d = &d,
			      .r = &r,
			      .progress = show_progress,
			      .progress_arg = &percent };
	struct fail why = { 0 };
	bool held;

	heap_report_init(&r, &mem);
	pause_note_signals();
	held = analyse(&j, v, &why);
	if (percent >= 0)
		fputs("\r\033[K", stderr);
	if (pause_is_over()) {
		pause_obey();
	} else if (!held) {
		complain("%s", why.text);
		code = EXIT_UNREADABLE;
	} else if (o->html) {
		code = write_html(&j);
	} else if (o->json) {
		heap_report_json(&r, stdout);
	} else {
		heap_report_text(&r, o->colour, stdout);
	}
	if (j.g)
		graph_drop(j.g);
	dump_close(&d);
	arena_drop(&mem);
	return code;
}

static int run(const struct options *o)
{
	const struct heap_view *v = find_view(o->arguments > 1 ? o->argument[1] : "suspects");
	struct stat st;
	int given = o->arguments > 2 ? o->arguments - 2 : 0;

	if (!v) {
		complain("heap has no view '%s'; jledger heap -h lists them", o->argument[1]);
		return EXIT_USAGE;
	}
	if (given < v->min_arguments || given > v->max_arguments) {
		complain("heap DUMP %s takes %s", v->name, v->arguments ? v->arguments : "no more");
		return EXIT_USAGE;
	}
	if (stat(o->argument[0], &st) && v->show == heap_histo && !strchr(o->argument[0], '/') &&
	    !strstr(o->argument[0], ".hprof") && !o->retained && !o->html)
		return heap_live_histo(o);
	if (stat(o->argument[0], &st) || !S_ISREG(st.st_mode)) {
		complain("%s: no such heap dump; this version reads dumps, which jcmd PID "
			 "GC.heap_dump "
			 "FILE writes (the JVM stands still meanwhile)",
			 o->argument[0]);
		return EXIT_UNREADABLE;
	}
	return show(o, v);
}

const struct command cmd_heap = {
	.name = "heap",
	.files_alone = true,
	.sentence = "the Java heap of a dump or a JVM: who holds it, and why",
	.arguments = "DUMP|PID [VIEW [ARGUMENT]]",
	.min_arguments = 1,
	.max_arguments = 3,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(TOP) | OPTION_BIT(MAX_MEMORY) |
		   OPTION_BIT(RETAINED) | OPTION_BIT(EXCLUDE) | OPTION_BIT(HTML),
	.about =
		"Reads a heap dump in HPROF form (.hprof, .hprof.gz), as jcmd GC.heap_dump, jmap, "
		"jhsdb and -XX:+HeapDumpOnOutOfMemoryError write it. VIEW is one of these; without "
		"one it is suspects.\n\n"
		"histo: instances and bytes by class, as GC.class_histogram -all counts them; with "
		"--retained also what each class keeps alive. Given a PID, or part of a main class "
		"or jar "
		"name, instead of a dump, it reads the whole heap of that JVM from outside, "
		"without a "
		"pause: of Serial, Parallel and G1 only.\n\n"
		"suspects: objects, and groups of one class, that keep a tenth of the live heap or "
		"more; where below them it accumulates; the way there from a root. Classes of an "
		"application's loader are judged each by itself.\n\n"
		"dominators [objects|classes|packages|loaders]: what would be free if it went, "
		"largest first.\n\n"
		"path ADDRESS|CLASS: the shortest way from a root to an object, or the ways to all "
		"instances of a class, merged. References that a collector would cut are not "
		"followed; --exclude says which.\n\n"
		"threads: each thread's stack, and what its locals keep alive.\n\n"
		"loaders: each class loader's classes and instances, classes that several loaders "
		"have, and the way that keeps the loader.\n\n"
		"duplicates: equal strings, and equal arrays of numbers.\n\n"
		"waste: empty, nearly empty and oversized collections, boxed numbers, arrays that "
		"end in zeros.\n\n"
		"off-heap: direct buffers, mapped files, Inflaters, Deflaters and memory segments, "
		"by owner.\n\n"
		"finalizers: what waits to be finalized, and the lengths of reference queues.\n\n"
		"query QUERY: \"select name, orders.size from shop.Customer where orders.size > "
		"3\". "
		"select takes fields, ways over fields, @object, @class, @size and @retained; from "
		"takes a "
		"class, with instanceof those below it too; where takes = != < <= > >= and ~ "
		"(holds the "
		"text), and null, with and between.\n\n"
		"diff OLD: by class, what grew since the dump OLD.\n\n"
		"Sizes are those that the objects had in the JVM. The dump does not hold them; "
		"they "
		"are inferred from the distances between addresses, and each report says how well "
		"that fits. Dumps that were cut are read as far as they go, and the report says "
		"what is missing. OpenJ9's PHD and Android's dialect are refused by name.\n\n"
		"Memory: about 25 bytes an object, beyond --max-memory in files without a name in "
		"TMPDIR (/var/tmp), where a .gz file is inflated too.",
	.examples =
		"jledger heap java_pid4711.hprof ## the leak suspects\n"
		"jledger heap java_pid4711.hprof histo --retained --top 20 ## classes by bytes\n"
		"jledger heap dump.hprof.gz path shop.Session ## what keeps the sessions\n"
		"jledger heap new.hprof diff old.hprof ## what grew between two dumps\n"
		"jledger heap java_pid4711.hprof --html heap.html ## a page with a map of the "
		"heap\n"
		"jledger heap big.hprof suspects --max-memory 1g ## in little memory\n",
	.run = run,
};
