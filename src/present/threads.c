// SPDX-License-Identifier: Apache-2.0
#include "present/threads.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "present/json.h"
#include "present/words.h"

enum { KINDS = THREAD_NATIVE + 1, ENDED = KINDS }; // what ended threads used is nobody's kind

struct row {
	const struct thread_row *thread; // NULL: the look did not see it
	const struct thread_cpu *cpu;
	double s; // within the window
};

struct rows {
	struct row *at;
	size_t count;
	double kind_s[KINDS + 1];
	size_t kind_count[KINDS + 1];
	double window_s, all_s;
};

static int compare(const void *a, const void *b)
{
	const struct row *left = a, *right = b;

	if (left->s != right->s)
		return left->s < right->s ? 1 : -1;
	return (left->cpu->tid > right->cpu->tid) - (left->cpu->tid < right->cpu->tid);
}

static const struct thread_row *find_thread(const struct snapshot *s, int tid)
{
	for (size_t i = 0; i < s->threads.count; i++)
		if (s->threads.at[i].tid == tid)
			return &s->threads.at[i];
	return NULL;
}

static void join(const struct threads_report *r, struct arena *mem, struct rows *out)
{
	double process = r->last->process_s - r->first->process_s;

	*out = (struct rows){ .at = arena_array(mem, struct row, r->last->count),
			      .count = r->last->count,
			      .window_s = r->last->at_s - r->first->at_s };
	for (size_t i = 0; i < out->count; i++) {
		struct row *row = &out->at[i];
		const struct thread_cpu *before;
		size_t kind;

		row->cpu = &r->last->at[i];
		row->thread = find_thread(r->now, row->cpu->tid);
		before = thread_cpus_find(r->first, row->cpu->tid);
		row->s = row->cpu->s - (before && before->s <= row->cpu->s ? before->s : 0);
		kind = row->thread ? row->thread->kind : THREAD_NATIVE;
		out->kind_s[kind] += row->s;
		out->kind_count[kind]++;
		out->all_s += row->s;
	}
	for (size_t i = 0; i < r->first->count; i++)
		out->kind_count[ENDED] += !thread_cpus_find(r->last, r->first->at[i].tid);
	// The process's sum runs in steps of 10 ms: less than a few of them is no ended thread's.
	if (process - out->all_s > 0.05) {
		out->kind_s[ENDED] = process - out->all_s;
		out->all_s = process;
	}
	if (out->count)
		qsort(out->at, out->count, sizeof(*out->at), compare);
}

static const char *kind_name(size_t kind)
{
	return kind == ENDED ? "ended" : thread_kind_name((enum thread_kind)kind);
}

static double share(const struct rows *rows, double s)
{
	return rows->all_s > 0 ? s / rows->all_s : 0;
}

static uint64_t resident(const struct threads_report *r, const struct thread_row *t)
{
	uint64_t sum = 0;

	if (!t || !t->has_stack || !r->now->runs.count)
		return UNKNOWN_BYTES;
	for (size_t i = 0; i < r->now->runs.count; i++) {
		const struct run_row *run = &r->now->runs.at[i];
		uint64_t start = run->start > t->stack_start ? run->start : t->stack_start;
		uint64_t end = run->end < t->stack_end ? run->end : t->stack_end;

		if (!run->swapped && start < end)
			sum += end - start;
	}
	return sum;
}

static void print_row(const struct threads_report *r, const struct rows *rows,
		      const struct row *row, struct arena *mem, FILE *to)
{
	const char *name = row->thread ? row->thread->name : NULL;
	char stack[16];

	fprintf(to, "%8d %-6s %c %8.3f %5.1f %7s  %s\n", row->cpu->tid,
		row->thread ? thread_kind_name(row->thread->kind) : "?", row->cpu->state, row->s,
		100 * share(rows, row->s), words_mb(resident(r, row->thread), stack),
		name ? words_clean(name, 36, mem) : "");
}

static void print_why(const struct threads_report *r, struct arena *mem, FILE *to)
{
	for (size_t i = 0; i < r->now->misses.count; i++)
		if (!strcmp(r->now->misses.at[i].collector, "threads"))
			words_wrap(arena_format(mem, "Java's names and kinds: %s",
						words_clean(r->now->misses.at[i].text, 400, mem)),
				   0, 2, 79, to);
	if (r->now->tier_denied)
		words_wrap(arena_format(mem, "Stacks and some kinds are not told: %s",
					words_clean(r->now->tier_denied, 400, mem)),
			   0, 2, 79, to);
}

void threads_print_text(const struct threads_report *r, FILE *to)
{
	struct arena mem = { 0 };
	struct rows rows;
	size_t shown;

	join(r, &mem, &rows);
	shown = r->top && r->top < rows.count ? r->top : rows.count;
	fprintf(to, "pid %d  %zu threads, %.2f s CPU in %.1f s: %.2f cores\n", r->now->pid,
		rows.count, rows.all_s, rows.window_s,
		rows.window_s > 0 ? rows.all_s / rows.window_s : 0);
	fprintf(to, "%-8s %7s %8s %5s\n", "kind", "threads", "CPU s", "%");
	for (size_t k = 0; k <= KINDS; k++)
		if (rows.kind_count[k] || rows.kind_s[k] > 0)
			fprintf(to, "%-8s %7zu %8.3f %5.1f\n", kind_name(k), rows.kind_count[k],
				rows.kind_s[k], 100 * share(&rows, rows.kind_s[k]));
	fprintf(to, "\n%8s %-6s %s %8s %5s %7s  %s\n", "tid", "kind", "S", "CPU s", "%", "stack",
		"name (stack: MB resident)");
	for (size_t i = 0; i < shown; i++)
		print_row(r, &rows, &rows.at[i], &mem, to);
	if (shown < rows.count)
		fprintf(to, "%zu more: --top 0\n", rows.count - shown);
	print_why(r, &mem, to);
	arena_drop(&mem);
}

static json_t *json_of_row(const struct threads_report *r, const struct rows *rows,
			   const struct row *row)
{
	const struct thread_row *t = row->thread;
	json_t *object = json_object(), *stack = json_object();
	char state[2] = { row->cpu->state };

	json_set(object, "tid", json_integer(row->cpu->tid));
	json_set(object, "name", json_of_text(t ? t->name : NULL));
	json_set(object, "kind", json_of_text(t ? thread_kind_name(t->kind) : NULL));
	json_set(object, "cpu_s", json_of_seconds(row->s));
	json_set(object, "cpu_share", json_of_seconds(share(rows, row->s)));
	json_set(object, "state", json_of_text(state));
	json_set(stack, "reserved",
		 json_of_bytes(t && t->has_stack ? t->stack_end - t->stack_start : UNKNOWN_BYTES));
	json_set(stack, "resident", json_of_bytes(resident(r, t)));
	json_set(object, "stack", stack);
	return object;
}

void threads_print_json(const struct threads_report *r, FILE *to)
{
	json_t *object = json_object(), *threads = json_array(), *kinds = json_array();
	struct arena mem = { 0 };
	struct rows rows;

	join(r, &mem, &rows);
	for (size_t i = 0; i < rows.count; i++)
		json_add(threads, json_of_row(r, &rows, &rows.at[i]));
	for (size_t k = 0; k <= KINDS; k++) {
		json_t *kind = json_object();

		json_set(kind, "kind", json_of_text(kind_name(k)));
		json_set(kind, "cpu_s", json_of_seconds(rows.kind_s[k]));
		json_set(kind, "cpu_share", json_of_seconds(share(&rows, rows.kind_s[k])));
		json_set(kind, "threads", json_of_unsigned(rows.kind_count[k]));
		json_add(kinds, kind);
	}
	json_set(object, "schema", json_integer(1));
	json_set(object, "pid", json_integer(r->now->pid));
	json_set(object, "window_s", json_of_seconds(rows.window_s));
	json_set(object, "cpu_s", json_of_seconds(rows.all_s));
	json_set(object, "threads", threads);
	json_set(object, "kinds", kinds);
	json_print(object, to);
	arena_drop(&mem);
}
