// SPDX-License-Identifier: Apache-2.0
// threads, loaders, duplicates, waste, off-heap, finalizers, diff.
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "cmd/heap_views.h"
#include "cmd/options.h"
#include "heap/contents.h"
#include "heap/loading.h"
#include "heap/natives.h"
#include "heap/paths.h"
#include "heap/query.h"

enum { ROWS = 30, THREADS = 10, FRAMES_SHOWN = 40 };

enum thread_column { TC_RETAINED, TC_OWN, TC_GAP, TC_NAME, TC_CLASS, TC_OBJECT, TC_COUNT };
static const struct column THREADS_HEAD[TC_COUNT] = {
	[TC_RETAINED] = { "retained", "retained", 14, COLUMN_COUNT, NULL },
	[TC_OWN] = { "bytes", NULL, 0, COLUMN_COUNT, NULL },
	[TC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[TC_NAME] = { "name", "thread", 62, COLUMN_TEXT, NULL },
	[TC_CLASS] = { "class", NULL, 0, COLUMN_TEXT, NULL },
	[TC_OBJECT] = { "object", NULL, 0, COLUMN_ADDRESS, NULL },
};
enum frame_column { FC_INDENT, FC_FRAME, FC_COUNT };
static const struct column FRAMES[FC_COUNT] = {
	[FC_INDENT] = { NULL, "", 4, COLUMN_TEXT, NULL },
	[FC_FRAME] = { "frame", "stack, innermost first", 74, COLUMN_NAME, NULL },
};
enum local_column { OC_INDENT, OC_RETAINED, OC_FRAME, OC_GAP, OC_CLASS, OC_OBJECT, OC_COUNT };
static const struct column LOCALS[OC_COUNT] = {
	[OC_INDENT] = { NULL, "", 4, COLUMN_TEXT, NULL },
	[OC_RETAINED] = { "retained", "retained", 12, COLUMN_COUNT, NULL },
	[OC_FRAME] = { "frame_index", "frame", 7, COLUMN_COUNT, NULL },
	[OC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[OC_CLASS] = { "class", "local", 50, COLUMN_NAME, NULL },
	[OC_OBJECT] = { "object", NULL, 0, COLUMN_ADDRESS, NULL },
};

struct stack_row {
	const struct dump_thread *t;
	uint32_t n;
	uint64_t retained;
};

static int by_retained(const void *a, const void *b)
{
	const struct stack_row *x = a, *y = b;

	if (x->retained != y->retained)
		return x->retained < y->retained ? 1 : -1;
	return x->t->serial < y->t->serial ? -1 : x->t->serial > y->t->serial;
}

static const char *frame_text(const struct dump_frame *f, struct arena *mem)
{
	if (f->line > 0)
		return arena_format(mem, "%s.%s(%s:%d)", f->class_name, f->method,
				    *f->source ? f->source : "?", f->line);
	return arena_format(mem, "%s.%s(%s)", f->class_name, f->method,
			    f->line == -3 ? "native"
			    : *f->source  ? f->source
					  : "?");
}

static void add_thread(struct heap_job *j, struct heap_table *t, const struct stack_row *x)
{
	struct heap_table *frames, *locals;
	struct heap_row *row;
	struct cell *c;
	uint32_t shown = j->o->json ? x->t->frame_count : FRAMES_SHOWN;

	row = heap_report_row(j->r, t, &c);
	if (x->n) {
		c[TC_RETAINED] = cell_count(x->retained);
		c[TC_OWN] = cell_count(graph_size(j->g, x->n));
		c[TC_NAME] = cell_text(path_thread_name(j->g, x->n, j->mem));
		c[TC_CLASS] = cell_text(path_object(j->g, x->n, j->mem));
	}
	c[TC_OBJECT] = cell_address(x->t->id);
	frames = heap_report_table(j->r, row, "frames", NULL, FRAMES, FC_COUNT);
	for (uint32_t i = 0; i < x->t->frame_count && i < shown; i++) {
		heap_report_row(j->r, frames, &c);
		c[FC_FRAME] = cell_text(frame_text(x->t->frames[i], j->mem));
	}
	frames->left_out = x->t->frame_count > shown ? x->t->frame_count - shown : 0;
	locals = heap_report_table(j->r, row, "locals", NULL, LOCALS, OC_COUNT);
	for (uint32_t i = 0; i < x->t->local_count; i++) {
		uint32_t n = graph_find(j->g, x->t->locals[i]);

		if (!n || (!j->o->json && graph_retained(j->g, n) * 100 < x->retained))
			continue;
		heap_report_row(j->r, locals, &c);
		c[OC_RETAINED] = cell_count(graph_retained(j->g, n));
		if (x->t->local_frames[i] != UINT32_MAX)
			c[OC_FRAME] = cell_count(x->t->local_frames[i]);
		c[OC_CLASS] = cell_text(path_object(j->g, n, j->mem));
		c[OC_OBJECT] = cell_address(x->t->locals[i]);
	}
}

bool heap_threads(struct heap_job *j, struct fail *why)
{
	struct heap_table *t =
		heap_report_table(j->r, NULL, "threads", NULL, THREADS_HEAD, TC_COUNT);
	size_t count = j->d->threads.count, shown;
	struct stack_row *rows = arena_array(j->mem, struct stack_row, count + 1);

	for (size_t i = 0; i < count; i++) {
		rows[i].t = &j->d->threads.at[i];
		rows[i].n = graph_find(j->g, rows[i].t->id);
		rows[i].retained = rows[i].n ? graph_retained(j->g, rows[i].n) : 0;
	}
	if (count)
		qsort(rows, count, sizeof(*rows), by_retained);
	else
		heap_report_note(j->r, "The dump names no thread.");
	shown = heap_shown(j, count, j->o->json ? 0 : THREADS, t);
	for (size_t i = 0; i < shown; i++)
		add_thread(j, t, &rows[i]);
	return true;
}

enum loader_column {
	LO_RETAINED,
	LO_CLASSES,
	LO_INSTANCES,
	LO_BYTES,
	LO_GAP,
	LO_TYPE,
	LO_NAME,
	LO_LOADER,
	LO_COUNT
};
static const struct column LOADERS[LO_COUNT] = {
	[LO_RETAINED] = { "retained", "retained", 13, COLUMN_COUNT, NULL },
	[LO_CLASSES] = { "class_count", "classes", 9, COLUMN_COUNT, NULL },
	[LO_INSTANCES] = { "instances", "instances", 11, COLUMN_COUNT,
			   "held by a root, of its classes" },
	[LO_BYTES] = { "bytes", "bytes", 13, COLUMN_COUNT, "of these instances" },
	[LO_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[LO_TYPE] = { "type", "loader", 32, COLUMN_NAME, NULL },
	[LO_NAME] = { "name", NULL, 0, COLUMN_TEXT, NULL },
	[LO_LOADER] = { "loader", NULL, 0, COLUMN_ADDRESS, NULL },
};
enum step_column { PC_INDENT, PC_FIELD, PC_CLASS, PC_OBJECT, PC_COUNT };
static const struct column STEPS[PC_COUNT] = {
	[PC_INDENT] = { NULL, "", 4, COLUMN_TEXT, NULL },
	[PC_FIELD] = { "field", "kept alive by", 28, COLUMN_TEXT, NULL },
	[PC_CLASS] = { "class", "", 46, COLUMN_NAME, NULL },
	[PC_OBJECT] = { "object", NULL, 0, COLUMN_ADDRESS, NULL },
};
enum definition_column { DC_DEFINITIONS, DC_LOADERS, DC_GAP, DC_CLASS, DC_COUNT };
static const struct column DEFINITIONS[DC_COUNT] = {
	[DC_DEFINITIONS] = { "definitions", "definitions", 12, COLUMN_COUNT, NULL },
	[DC_LOADERS] = { "loader_count", "loaders", 9, COLUMN_COUNT, NULL },
	[DC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[DC_CLASS] = { "class", "class", 56, COLUMN_NAME, NULL },
};

bool heap_loaders(struct heap_job *j, struct fail *why)
{
	struct heap_table *t = heap_report_table(j->r, NULL, "loaders", NULL, LOADERS, LO_COUNT);
	struct heap_table *twice;
	struct loadings l;
	struct cell *c;
	size_t shown;

	if (!loadings_find(j->g, j->mem, &l, why))
		return false;
	shown = heap_shown(j, l.count, j->o->json ? 0 : THREADS, t);
	for (size_t i = 0; i < shown; i++) {
		const struct loading_row *x = &l.at[i];
		struct heap_row *row = heap_report_row(j->r, t, &c);
		struct heap_table *steps;

		if (x->n)
			c[LO_RETAINED] = cell_count(x->retained);
		c[LO_CLASSES] = cell_count(x->classes);
		c[LO_INSTANCES] = cell_count(x->instances);
		c[LO_BYTES] = cell_count(x->bytes);
		c[LO_TYPE] = cell_text(x->type);
		c[LO_NAME] = cell_text(x->name);
		c[LO_LOADER] = cell_address(x->loader);
		steps = heap_report_table(j->r, row, "path", NULL, STEPS, PC_COUNT);
		for (size_t s = 0; s < x->path.count; s++) {
			heap_report_row(j->r, steps, &c);
			c[PC_FIELD] = cell_text(s ? path_via(&x->path.steps[s].via, j->mem)
						  : x->path.root);
			c[PC_CLASS] = cell_text(x->path.steps[s].object);
			c[PC_OBJECT] = cell_address(heap_id(j->g, x->path.steps[s].n));
		}
	}
	twice = heap_report_table(j->r, NULL, "duplicates",
				  l.duplicate_count ? "Classes that are there more than once"
						    : NULL,
				  DEFINITIONS, DC_COUNT);
	shown = heap_shown(j, l.duplicate_count, ROWS, twice);
	for (size_t i = 0; i < shown; i++) {
		heap_report_row(j->r, twice, &c);
		c[DC_DEFINITIONS] = cell_count(l.duplicates[i].definitions);
		c[DC_LOADERS] = cell_count(l.duplicates[i].loaders);
		c[DC_CLASS] = cell_text(l.duplicates[i].name);
	}
	return true;
}

enum same_column { UC_WASTE, UC_NUMBER, UC_GAP, UC_CLASS, UC_GAP2, UC_TEXT, UC_OBJECT, UC_COUNT };
static const struct column SAME[UC_COUNT] = {
	[UC_WASTE] = { "waste", "waste", 12, COLUMN_COUNT, "bytes of all but one" },
	[UC_NUMBER] = { "count", "count", 10, COLUMN_COUNT, NULL },
	[UC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[UC_CLASS] = { "class", "of", 22, COLUMN_NAME, NULL },
	[UC_GAP2] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[UC_TEXT] = { "text", "text", 31, COLUMN_TEXT, NULL },
	[UC_OBJECT] = { "object", NULL, 0, COLUMN_ADDRESS, NULL },
};

bool heap_duplicates(struct heap_job *j, struct fail *why)
{
	static const char *const KEYS[] = { "arrays", "strings" };
	size_t limit = j->o->has_top ? j->o->top : ROWS;

	for (int strings = 1; strings >= 0; strings--) {
		struct heap_table *t =
			heap_report_table(j->r, NULL, KEYS[strings], NULL, SAME, UC_COUNT);
		struct duplicates d;
		struct cell *c;

		if (!duplicates_find(j->g, strings, limit ? limit : SIZE_MAX / 4, j->mem, &d, why))
			return false;
		t->title =
			arena_format(j->mem, "%llu %s, %llu different; %llu bytes are repeats",
				     (unsigned long long)d.objects, KEYS[strings],
				     (unsigned long long)d.distinct, (unsigned long long)d.waste);
		for (size_t i = 0; i < d.count; i++) {
			heap_report_row(j->r, t, &c);
			c[UC_WASTE] = cell_count(d.at[i].waste);
			c[UC_NUMBER] = cell_count(d.at[i].count);
			c[UC_CLASS] = cell_text(path_object(j->g, d.at[i].first, j->mem));
			c[UC_TEXT] = cell_text(graph_text(j->g, d.at[i].first, 200, j->mem));
			c[UC_OBJECT] = cell_address(heap_id(j->g, d.at[i].first));
		}
	}
	return true;
}

enum waste_column { WC_BYTES, WC_NUMBER, WC_GAP, WC_KIND, WC_CLASS, WC_COUNT };
static const struct column WASTE[WC_COUNT] = {
	[WC_BYTES] = { "bytes", "bytes", 12, COLUMN_COUNT, "that could be saved" },
	[WC_NUMBER] = { "count", "count", 10, COLUMN_COUNT, NULL },
	[WC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[WC_KIND] = { "kind", "kind", 20, COLUMN_TEXT, NULL },
	[WC_CLASS] = { "class", "class", 36, COLUMN_NAME, NULL },
};

bool heap_waste(struct heap_job *j, struct fail *why)
{
	struct heap_table *t = heap_report_table(j->r, NULL, "waste", NULL, WASTE, WC_COUNT);
	struct wastes w;
	size_t shown;

	waste_find(j->g, j->mem, &w);
	shown = heap_shown(j, w.count, j->o->json ? 0 : ROWS, t);
	for (size_t i = 0; i < shown; i++) {
		struct cell *c;

		heap_report_row(j->r, t, &c);
		c[WC_BYTES] = cell_count(w.at[i].bytes);
		c[WC_NUMBER] = cell_count(w.at[i].count);
		c[WC_KIND] = cell_text(w.at[i].kind);
		c[WC_CLASS] = cell_text(w.at[i].k->name);
	}
	return true;
}

enum native_column { NC_BYTES, NC_SURE, NC_NUMBER, NC_GAP, NC_KIND, NC_OWNER, NC_OBJECT, NC_COUNT };
static const struct column NATIVES[NC_COUNT] = {
	[NC_BYTES] = { "bytes", "bytes", 14, COLUMN_COUNT, NULL },
	[NC_SURE] = { "estimated", NULL, 0, COLUMN_FLAG, NULL },
	[NC_NUMBER] = { "count", NULL, 0, COLUMN_COUNT, NULL },
	[NC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[NC_KIND] = { "kind", "kind", 18, COLUMN_TEXT, NULL },
	[NC_OWNER] = { "owner", "owner", 46, COLUMN_NAME, NULL },
	[NC_OBJECT] = { "object", NULL, 0, COLUMN_ADDRESS, NULL },
};

bool heap_offheap(struct heap_job *j, struct fail *why)
{
	struct heap_table *t = heap_report_table(j->r, NULL, "off_heap", NULL, NATIVES, NC_COUNT);
	uint64_t known = 0, estimated = 0;
	struct natives f;
	size_t shown;

	natives_find(j->g, j->mem, &f);
	for (size_t i = 0; i < f.count; i++)
		*(f.at[i].estimated ? &estimated : &known) += f.at[i].bytes;
	heap_report_note(j->r,
			 "%llu bytes outside of the heap; %llu more are estimated (Inflaters, "
			 "Deflaters).",
			 (unsigned long long)known, (unsigned long long)estimated);
	shown = heap_shown(j, f.count, j->o->json ? 0 : ROWS, t);
	for (size_t i = 0; i < shown; i++) {
		const struct native *x = &f.at[i];
		struct cell *c;

		heap_report_row(j->r, t, &c);
		c[NC_BYTES] = cell_count(x->bytes);
		c[NC_SURE] = cell_flag(x->estimated);
		c[NC_NUMBER] = cell_count(x->count);
		c[NC_KIND] = cell_text(x->kind);
		c[NC_OWNER] = cell_text(x->owner ? path_object(j->g, x->owner, j->mem) : NULL);
		c[NC_OBJECT] = cell_address(heap_id(j->g, x->n));
	}
	return true;
}

enum final_column { IC_WAITING, IC_REGISTERED, IC_GAP, IC_CLASS, IC_COUNT };
static const struct column FINALIZERS[IC_COUNT] = {
	[IC_WAITING] = { "count", "waiting", 10, COLUMN_COUNT, "for the finalizer thread" },
	[IC_REGISTERED] = { "registered", "registered", 12, COLUMN_COUNT, "still in use" },
	[IC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[IC_CLASS] = { "class", "class with a finalizer", 54, COLUMN_NAME, NULL },
};
enum queue_column { QC_LENGTH, QC_GAP, QC_HEAD, QC_OWNER, QC_OBJECT, QC_COUNT };
static const struct column QUEUES[QC_COUNT] = {
	[QC_LENGTH] = { "length", "length", 10, COLUMN_COUNT, NULL },
	[QC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[QC_HEAD] = { "first", "first reference", 34, COLUMN_NAME, NULL },
	[QC_OWNER] = { "owner", "owner", 33, COLUMN_NAME, NULL },
	[QC_OBJECT] = { "object", NULL, 0, COLUMN_ADDRESS, NULL },
};

bool heap_finalizers(struct heap_job *j, struct fail *why)
{
	struct heap_table *t =
		heap_report_table(j->r, NULL, "finalizers", NULL, FINALIZERS, IC_COUNT);
	struct finalizables f;
	struct cell *c;
	size_t shown;

	finalizables_find(j->g, j->mem, &f);
	shown = heap_shown(j, f.count, ROWS, t);
	for (size_t i = 0; i < shown; i++) {
		heap_report_row(j->r, t, &c);
		c[IC_WAITING] = cell_count(f.at[i].waiting);
		c[IC_REGISTERED] = cell_count(f.at[i].registered);
		c[IC_CLASS] = cell_text(f.at[i].k->name);
	}
	t = heap_report_table(j->r, NULL, "queues",
			      f.queue_count ? "Reference queues that are not empty" : NULL, QUEUES,
			      QC_COUNT);
	shown = heap_shown(j, f.queue_count, ROWS, t);
	for (size_t i = 0; i < shown; i++) {
		heap_report_row(j->r, t, &c);
		c[QC_LENGTH] = cell_count(f.queues[i].length);
		c[QC_HEAD] = cell_text(f.queues[i].head ? f.queues[i].head->name : NULL);
		c[QC_OWNER] = cell_text(
			f.queues[i].owner ? path_object(j->g, f.queues[i].owner, j->mem) : NULL);
		c[QC_OBJECT] = cell_address(heap_id(j->g, f.queues[i].n));
	}
	return true;
}

bool heap_query(struct heap_job *j, struct fail *why)
{
	struct query *q = arena_new(j->mem, struct query);
	struct column *columns;
	struct query_result found;
	struct heap_table *t;

	if (!query_parse(heap_argument(j, 0), q, why) || !query_run(j->g, q,
								    !j->o->has_top ? 100
								    : j->o->top    ? j->o->top
										   : SIZE_MAX,
								    j->mem, &found, why))
		return false;
	heap_report_note(j->r, "%llu objects match.", (unsigned long long)found.matched);
	columns = arena_array(j->mem, struct column, q->value_count);
	for (unsigned i = 0; i < q->value_count; i++)
		columns[i] = (struct column){ q->values[i], q->values[i], 78 / q->value_count,
					      COLUMN_TEXT, NULL };
	t = heap_report_table(j->r, NULL, "rows", NULL, columns, q->value_count);
	t->left_out = (size_t)found.matched - found.count;
	for (size_t i = 0; i < found.count; i++) {
		struct cell *c;

		heap_report_row(j->r, t, &c);
		for (unsigned v = 0; v < q->value_count; v++)
			c[v] = cell_text(found.at[i].values[v]);
	}
	return true;
}

enum change_column { GC_BYTES_NOW, GC_BYTES, GC_NUMBER, GC_GAP, GC_CLASS, GC_COUNT_OF };
static const struct column CHANGES[GC_COUNT_OF] = {
	[GC_BYTES_NOW] = { "bytes", "bytes now", 13, COLUMN_COUNT, NULL },
	[GC_BYTES] = { "bytes_change", "change", 14, COLUMN_DELTA, NULL },
	[GC_NUMBER] = { "instances_change", "instances", 14, COLUMN_DELTA, NULL },
	[GC_GAP] = { NULL, "", 2, COLUMN_TEXT, NULL },
	[GC_CLASS] = { "class", "class", 37, COLUMN_NAME, NULL },
};

struct change {
	const char *name;
	uint64_t bytes, was_bytes, count, was_count;
};

static int by_class_name(const void *a, const void *b)
{
	return strcmp(((const struct change *)a)->name, ((const struct change *)b)->name);
}

static int by_growth(const void *a, const void *b)
{
	const struct change *x = a, *y = b;
	int64_t dx = (int64_t)(x->bytes - x->was_bytes), dy = (int64_t)(y->bytes - y->was_bytes);

	if (dx != dy)
		return dx < dy ? 1 : -1;
	return strcmp(x->name, y->name);
}

// The number behind a hidden class's name is another one in each run.
static const char *lasting_name(const char *name, struct arena *mem)
{
	const char *suffix = strstr(name, "/0x");

	return suffix ? arena_copy(mem, name, (size_t)(suffix - name)) : name;
}

bool heap_diff(struct heap_job *j, struct fail *why)
{
	struct heap_table *t = heap_report_table(j->r, NULL, "changes", NULL, CHANGES, GC_COUNT_OF);
	const struct dump *both[2] = { j->d, arena_new(j->mem, struct dump) };
	VEC(struct change) all = { 0 };
	size_t kept = 0, shown;

	if (!dump_open(heap_argument(j, 0), j->bigs, j->progress, j->progress_arg, j->mem,
		       (struct dump *)both[1], why))
		return false;
	for (int old = 0; old < 2; old++)
		for (size_t i = 0; i < both[old]->classes.count; i++) {
			const struct klass *k = both[old]->classes.at[i];
			struct change c = { .name = lasting_name(k->name, j->mem) };

			*(old ? &c.was_bytes : &c.bytes) = k->bytes;
			*(old ? &c.was_count : &c.count) = k->instances;
			vec_push(j->mem, &all, c);
		}
	if (all.count)
		qsort(all.at, all.count, sizeof(*all.at), by_class_name);
	for (size_t i = 0; i < all.count;) {
		struct change c = all.at[i];

		for (i++; i < all.count && !strcmp(all.at[i].name, c.name); i++) {
			c.bytes += all.at[i].bytes;
			c.was_bytes += all.at[i].was_bytes;
			c.count += all.at[i].count;
			c.was_count += all.at[i].was_count;
		}
		if (c.bytes != c.was_bytes || c.count != c.was_count)
			all.at[kept++] = c;
	}
	if (kept)
		qsort(all.at, kept, sizeof(*all.at), by_growth);
	else
		heap_report_note(j->r, "No class has grown or shrunk.");
	shown = heap_shown(j, kept, j->o->json ? 0 : ROWS, t);
	for (size_t i = 0; i < shown; i++) {
		const struct change *x = &all.at[i];
		struct cell *c;

		heap_report_row(j->r, t, &c);
		c[GC_BYTES_NOW] = cell_count(x->bytes);
		c[GC_BYTES] = cell_change((int64_t)(x->bytes - x->was_bytes), true);
		c[GC_NUMBER] = cell_change((int64_t)(x->count - x->was_count), true);
		c[GC_CLASS] = cell_text(x->name);
	}
	dump_close((struct dump *)both[1]);
	return true;
}
