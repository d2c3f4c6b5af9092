// SPDX-License-Identifier: Apache-2.0
#include "record/population.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "collect/jvms.h"

// A process may become a JVM by exec, which no start time shows, and mostly does so early: it is asked
// each time that it has been there twice as long, and at least so often.
static const double AGAIN_S = 300;

enum { SHORTEST_ID = 4 }; // of a container id prefix

struct population_entry {
	int pid;
	bool jvm; // and `found` was called
	bool asked;
	double since_s; // first seen
	double asked_s;
};

static int compare(const void *a, const void *b)
{
	const struct population_entry *x = a, *y = b;

	return x->pid < y->pid ? -1 : x->pid > y->pid;
}

static struct population_entry *find(const struct population *p, int pid)
{
	struct population_entry key = { .pid = pid };

	return p->count ? bsearch(&key, p->seen, p->count, sizeof(key), compare) : NULL;
}

static int pid_of(const char *name)
{
	char *end;
	long n;

	if (*name < '1' || *name > '9')
		return 0;
	n = strtol(name, &end, 10);
	return *end || n > INT_MAX ? 0 : (int)n;
}

static bool is_wanted(const struct population *p, const struct jvm_row *row)
{
	if (row->kind != JVM_HOTSPOT && row->kind != JVM_UNKNOWN)
		return false;
	if (!strcmp(p->target, "all") || pid_of(p->target) == row->pid)
		return true;
	if (pid_of(p->target))
		return false;
	if (row->main && strstr(row->main, p->target))
		return true;
	return row->container && strlen(p->target) >= SHORTEST_ID &&
	       !strncmp(row->container, p->target, strlen(p->target));
}

static bool is_worth_asking(const struct population_entry *e, double now_s)
{
	double known = e->asked_s - e->since_s;

	return !e->asked || now_s - e->asked_s >= (known < AGAIN_S ? known : AGAIN_S);
}

static void ask(const struct population *p, struct population_entry *e, double now_s,
		population_found *found, void *arg)
{
	struct arena mem = { 0 };
	struct jvm_row row;
	struct fail why;
	struct span maps;
	size_t at;

	e->asked_s = now_s;
	e->asked = true;
	// Most are no JVM, and what tells native images apart costs more than this one file.
	if (tree_read(p->files, arena_format(&mem, "/proc/%d/maps", e->pid), &mem, &maps, &why) &&
	    !span_find(maps, "/libjvm.so", &at)) {
		arena_drop(&mem);
		return;
	}
	if (jvms_describe(p->files, e->pid, &mem, &row) && is_wanted(p, &row)) {
		e->jvm = true;
		found(arg, &row);
	}
	arena_drop(&mem);
}

bool population_update(struct population *p, double now_s, population_found *found, void *arg,
		       struct fail *why)
{
	struct population_entry *now;
	struct arena mem = { 0 };
	struct tree_names names;
	size_t count = 0;

	if (!tree_list(p->files, "/proc", &mem, &names, why)) {
		arena_drop(&mem);
		return false;
	}
	now = calloc(names.count + 1, sizeof(*now));
	for (size_t i = 0; now && i < names.count; i++) {
		int pid = pid_of(names.at[i]);
		const struct population_entry *old = pid ? find(p, pid) : NULL;

		if (pid)
			now[count++] =
				old ? *old
				    : (struct population_entry){ .pid = pid, .since_s = now_s };
	}
	arena_drop(&mem);
	if (!now)
		return fail(why, FAIL_OS, "no memory");
	qsort(now, count, sizeof(*now), compare);
	free(p->seen);
	p->seen = now;
	p->count = count;
	for (size_t i = 0; i < count; i++)
		if (!now[i].jvm && is_worth_asking(&now[i], now_s))
			ask(p, &now[i], now_s, found, arg);
	return true;
}

void population_forget(struct population *p, int pid)
{
	struct population_entry *e = find(p, pid);

	if (e)
		e->jvm = e->asked = false;
}

void population_drop(struct population *p)
{
	free(p->seen);
	p->seen = NULL;
	p->count = 0;
}
