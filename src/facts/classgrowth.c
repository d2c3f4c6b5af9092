// SPDX-License-Identifier: Apache-2.0
#include "facts/classgrowth.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "facts/snapshot.h"

struct named {
	const struct family_row *family;
};

static int by_name(const void *left, const void *right)
{
	const struct named *a = left, *b = right;

	return strcmp(a->family->name, b->family->name);
}

static struct named *sorted_families(const struct snapshot *s, struct arena *mem)
{
	struct named *rows = arena_array(mem, struct named, s->families.count + 1);

	for (size_t i = 0; i < s->families.count; i++)
		rows[i].family = &s->families.at[i];
	if (s->families.count)
		qsort(rows, s->families.count, sizeof(*rows), by_name);
	return rows;
}

// Threads that ended within the window took with them what they had allocated.
static bool threads_ended(const struct snapshot *first, const struct snapshot *now)
{
	uint64_t started = snapshot_get(now, F_JAVA_THREADS_STARTED, 0) -
			   snapshot_get(first, F_JAVA_THREADS_STARTED, 0);
	uint64_t more =
		snapshot_get(now, F_JAVA_THREADS, 0) - snapshot_get(first, F_JAVA_THREADS, 0);

	return started != more;
}

// Bytes, 0: not known.
static double allocated(const struct snapshot *first, const struct snapshot *now, const char **why)
{
	const struct fact *a = &first->fact[F_ALLOCATED], *b = &now->fact[F_ALLOCATED];

	*why = NULL;
	if (!a->known || !b->known)
		*why = b->why_not ? b->why_not : a->why_not;
	else if (!now->fact[F_JAVA_THREADS_STARTED].known)
		*why = "whether threads ended within the window is not known";
	else if (threads_ended(first, now))
		*why = "threads ended within the window, and what they allocated went with them";
	else if (b->value <= a->value)
		*why = "nothing was allocated within the window";
	else
		return (double)b->value - (double)a->value;
	if (!*why)
		*why = "what is allocated was not looked at";
	return 0;
}

void classgrowth_of(const struct snapshot *first, const struct snapshot *now, double window_s,
		    struct arena *mem, struct classgrowth *out)
{
	const struct named *before;
	struct arena frame = { 0 };
	double mb;

	*out = (struct classgrowth){ .why = "it takes two looks: --for" };
	if (first == now || window_s <= 0)
		return;
	mb = allocated(first, now, &out->why) / MIB(1);
	before = sorted_families(first, &frame);
	out->known = true;
	out->per_s = arena_array(mem, double, now->families.count + 1);
	out->per_mb = mb > 0 ? arena_array(mem, double, now->families.count + 1) : NULL;
	for (size_t i = 0; i < now->families.count; i++) {
		const struct named f = { &now->families.at[i] }, *was = NULL;
		double more;

		if (first->families.count)
			was = bsearch(&f, before, first->families.count, sizeof(*before), by_name);
		more = (double)f.family->class_count - (was ? was->family->class_count : 0);
		out->per_s[i] = more / window_s;
		if (out->per_mb)
			out->per_mb[i] = more / mb;
	}
	arena_drop(&frame);
}

void classgrowth_definitions(const struct snapshot *s, struct definitions *out)
{
	uint64_t loaded = snapshot_get(s, F_CLASSES_LOADED, 0);
	uint64_t unloaded = snapshot_get(s, F_CLASSES_UNLOADED, 0);

	*out = (struct definitions){ 0 };
	if (!s->duplicates_known || !s->fact[F_CLASSES_INSTANCE].known)
		return;
	out->found = s->fact[F_CLASSES_INSTANCE].value;
	for (size_t i = 0; i < s->duplicates.count; i++)
		out->repeated += s->duplicates.at[i].definitions - s->duplicates.at[i].loader_count;
	if (!s->fact[F_CLASSES_LOADED].known || unloaded > loaded)
		return;
	out->known = true;
	out->counted = loaded - unloaded;
	out->lost = out->counted > out->found ? out->counted - out->found : 0;
}
