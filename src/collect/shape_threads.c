// SPDX-License-Identifier: Apache-2.0
#include "collect/shape_threads.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/mask.h"
#include "base/units.h"
#include "collect/collector.h"
#include "collect/stack_shapes.h"
#include "os/tasks.h"
#include "parse/thread_print.h"

#define DEFAULT_STACK MIB(1) // ThreadStackSize on x86-64

// HotSpot's own names for its threads; the kernel shows their first 15 bytes.
static const struct {
	const char *starts;
	enum thread_kind kind;
} KINDS[] = {
	{ "GC Thread#", THREAD_GC },
	{ "G1 ", THREAD_GC },
	{ "ParGC Thread", THREAD_GC },
	{ "Gang worker", THREAD_GC },
	{ "Concurrent Mark", THREAD_GC },
	{ "CMS ", THREAD_GC },
	{ "Shenandoah", THREAD_GC },
	{ "ZDirector", THREAD_GC },
	{ "ZDriver", THREAD_GC },
	{ "ZWorker", THREAD_GC },
	{ "ZStat", THREAD_GC },
	{ "ZUncommitter", THREAD_GC },
	{ "ZUnmapper", THREAD_GC },
	{ "StringDedup", THREAD_GC },
	{ "C1 CompilerThre", THREAD_JIT },
	{ "C2 CompilerThre", THREAD_JIT },
	{ "JVMCI Compiler", THREAD_JIT },
	{ "Sweeper thread", THREAD_VM },
	{ "Service Thread", THREAD_VM },
	{ "Monitor Deflati", THREAD_VM },
	{ "Notification Th", THREAD_VM },
	{ "VM Thread", THREAD_VM },
	{ "VM Periodic Tas", THREAD_VM },
};

static enum thread_kind kind_of(const char *name, enum thread_kind otherwise)
{
	for (size_t i = 0; i < sizeof(KINDS) / sizeof(KINDS[0]); i++)
		if (!strncmp(name, KINDS[i].starts, strlen(KINDS[i].starts)))
			return KINDS[i].kind;
	return otherwise;
}

static int by_nid(const void *a, const void *b)
{
	const struct thread_print_row *x = a, *y = b;

	return x->nid < y->nid ? -1 : x->nid > y->nid;
}

static const struct thread_print_row *find_printed(const struct look *look, int ns_tid)
{
	struct thread_print_row key = { .nid = (uint64_t)ns_tid };

	if (!look->printed)
		return NULL;
	return bsearch(&key, look->printed->at, look->printed->count, sizeof(key), by_nid);
}

static struct stack_sizes known_sizes(const struct look *look)
{
	static const char *const FLAGS[] = { "ThreadStackSize", "CompilerThreadStackSize",
					     "VMThreadStackSize" };
	struct stack_sizes sizes = { .count = 0 };

	for (size_t i = 0; i < sizeof(FLAGS) / sizeof(FLAGS[0]); i++) {
		const struct flag_row *f = snapshot_find_flag(look->out, FLAGS[i]);

		if (f && f->number < GIB(1) / KIB(1))
			stack_sizes_add(&sizes, KIB(f->number));
	}
	stack_sizes_add(&sizes, DEFAULT_STACK);
	return sizes;
}

static void claim_stack(const struct look *look, struct range r, enum claim_table table,
			uint32_t row)
{
	snapshot_claim(look->out, (struct claim){
					  .start = r.start,
					  .end = r.end,
					  .account = "thread-stacks",
					  .source = "shape",
					  .certainty = CERTAINTY_ESTIMATED,
					  .table = table,
					  .row = row,
				  });
}

static void add_thread(struct look *look, const struct task *task, const struct stack_sizes *sizes,
		       bool *taken)
{
	const struct thread_print_row *printed = find_printed(look, task->ns_tid);
	struct thread_row row = { .tid = task->tid, .name = printed ? printed->name : task->name };
	uint64_t at = task->stack_pointer;
	struct range r;

	if (!at && printed)
		at = printed->stack_at;
	if (row.name) // a capture holds it masked
		row.name = mask_copy(look->mem, row.name);
	row.kind = kind_of(row.name ? row.name : "", printed && printed->java ? THREAD_JAVA
						     : printed                ? THREAD_VM
									      : THREAD_NATIVE);
	if (at && stack_shapes_at(&look->maps, at, sizes, &r)) {
		const struct mapping *m = maps_find(&look->maps, r.end - 1);

		row.has_stack = true;
		row.stack_start = r.start;
		row.stack_end = r.end;
		if (m)
			taken[m - look->maps.at] = true;
		claim_stack(look, r, CLAIM_OF_THREAD, (uint32_t)look->out->threads.count);
	}
	vec_push(look->mem, &look->out->threads, row);
}

// Stacks grow down, so that the far end is hardly ever touched; a block of malloc of the same size
// begins with its own header.
static bool is_touched_below(const struct look *look, const struct mapping *m)
{
	enum { FAR_END = 4 * PAGE_SIZE_BYTES };

	return pages_between(&look->pages, m->start, m->start + FAR_END, PAGE_PRESENT) > 0;
}

// Threads whose stack pointer nobody tells have stacks all the same: what has the shape and is
// exactly of a known size, for as many threads as are left.
static void claim_rest(struct look *look, const struct stack_sizes *sizes, const bool *taken)
{
	size_t left = 0;

	for (size_t i = 0; i < look->out->threads.count; i++)
		left += !look->out->threads.at[i].has_stack;
	for (size_t i = 0; left && i < look->maps.count; i++) {
		struct range r;

		if (taken[i] || !stack_shapes_exact(&look->maps, i, sizes, &r) ||
		    is_touched_below(look, &look->maps.at[i]))
			continue;
		claim_stack(look, r, CLAIM_OF_NONE, 0);
		left--;
	}
}

bool shape_threads_read(struct look *look, struct fail *why)
{
	struct stack_sizes sizes = known_sizes(look);
	bool *taken = arena_array(look->mem, bool, look->maps.count);
	struct tasks tasks;

	if (!tasks_read(look->target->files, look->target->pid, look->mem, &tasks, why))
		return false;
	if (look->printed)
		qsort(look->printed->at, look->printed->count, sizeof(*look->printed->at), by_nid);
	for (size_t i = 0; i < tasks.count; i++)
		add_thread(look, &tasks.at[i], &sizes, taken);
	claim_rest(look, &sizes, taken);
	return true;
}
