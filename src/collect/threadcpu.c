// SPDX-License-Identifier: Apache-2.0
#include "collect/threadcpu.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/fail.h"
#include "collect/collector.h"
#include "collect/look.h"
#include "parse/procstat.h"

enum { THREADS_LIMIT = 1 << 17 };

static bool read_stat(const struct target *t, const char *path, struct arena *mem,
		      struct procstat *out, struct fail *why)
{
	struct span text;

	return tree_read(t->files, path, mem, &text, why) && procstat_parse(text, out, why);
}

static double seconds_of(const struct procstat *s)
{
	return (double)(s->user_ns + s->system_ns) / 1e9;
}

static bool read_one(const struct target *t, struct arena *mem, struct thread_cpu *c)
{
	struct procstat stat;
	struct span text, word;
	uint64_t ns;
	char path[80];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", t->pid, c->tid);
	if (!read_stat(t, path, mem, &stat, NULL))
		return false;
	c->state = stat.state;
	c->s = seconds_of(&stat);
	snprintf(path, sizeof(path), "/proc/%d/task/%d/schedstat", t->pid, c->tid);
	if (tree_read(t->files, path, mem, &text, NULL) && span_take_word(&text, &word) &&
	    span_take_dec(&word, &ns) && ns) // 0: the kernel does not count
		c->s = (double)ns / 1e9;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct thread_cpu *left = a, *right = b;

	return (left->tid > right->tid) - (left->tid < right->tid);
}

bool threadcpu_read(const struct target *t, struct arena *mem, struct thread_cpus *out,
		    struct fail *why)
{
	VEC(struct thread_cpu) got = { 0 };
	struct tree_names names;
	struct procstat stat;
	double wall;
	char path[40];

	*out = (struct thread_cpus){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/stat", t->pid);
	if (!read_stat(t, path, mem, &stat, why))
		return false;
	out->process_s = seconds_of(&stat);
	snprintf(path, sizeof(path), "/proc/%d/task", t->pid);
	if (!look_clock(t->files, mem, &out->at_s, &wall, why) ||
	    !tree_list(t->files, path, mem, &names, why))
		return false;
	if (names.count > THREADS_LIMIT)
		return fail(why, FAIL_CORRUPT, "process %d has %zu threads", t->pid, names.count);
	for (size_t i = 0; i < names.count; i++) {
		struct span name = span_of(names.at[i]);
		struct thread_cpu c = { 0 };
		uint64_t tid;

		if (!span_take_dec(&name, &tid) || name.len || !tid || tid > INT_MAX)
			continue;
		c.tid = (int)tid;
		if (read_one(t, mem, &c))
			vec_push(mem, &got, c);
	}
	if (got.count)
		qsort(got.at, got.count, sizeof(*got.at), compare);
	out->at = got.at;
	out->count = got.count;
	return true;
}
