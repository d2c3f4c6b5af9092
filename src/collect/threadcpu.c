// SPDX-License-Identifier: Apache-2.0
#include "collect/threadcpu.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "collect/collector.h"
#include "collect/look.h"

enum { THREADS_LIMIT = 1 << 17, UTIME_WORD = 11 }; // of what stands behind the state

// "TID (NAME) STATE PPID ...": a name may hold anything, the last ')' ends it.
static bool parse_stat(struct span text, char *state, double *ticks)
{
	struct span word;
	uint64_t user = 0, kernel = 0;
	size_t end = text.len;

	while (end && text.at[end - 1] != ')')
		end--;
	if (!end)
		return false;
	text.at += end;
	text.len -= end;
	if (!span_take_word(&text, &word) || word.len != 1)
		return false;
	*state = word.at[0];
	for (int i = 1; i < UTIME_WORD; i++)
		if (!span_take_word(&text, &word))
			return false;
	if (!span_take_word(&text, &word) || !span_take_dec(&word, &user) ||
	    !span_take_word(&text, &word) || !span_take_dec(&word, &kernel))
		return false;
	*ticks = (double)user + (double)kernel;
	return true;
}

static bool read_one(const struct target *t, struct arena *mem, struct thread_cpu *c)
{
	const double hertz = (double)sysconf(_SC_CLK_TCK);
	struct span text, word;
	uint64_t ns;
	char path[80];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/stat", t->pid, c->tid);
	if (!tree_read(t->files, path, mem, &text, NULL) || !parse_stat(text, &c->state, &c->s))
		return false;
	c->s /= hertz;
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
	struct span text;
	double wall;
	char path[40], state;

	*out = (struct thread_cpus){ 0 };
	snprintf(path, sizeof(path), "/proc/%d/stat", t->pid);
	if (!tree_read(t->files, path, mem, &text, why))
		return false;
	if (!parse_stat(text, &state, &out->process_s))
		return fail(why, FAIL_CORRUPT, "%s is not as proc(5) says", path);
	out->process_s /= (double)sysconf(_SC_CLK_TCK);
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
