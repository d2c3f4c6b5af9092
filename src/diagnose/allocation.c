// SPDX-License-Identifier: Apache-2.0
#include "diagnose/allocation.h"

#include <stdlib.h>

#include "base/units.h"

// Rows of the VM's own threads in rising order of their ids.
struct list {
	const struct thread_row **at;
	size_t count;
};

static int by_tid(const void *a, const void *b)
{
	const struct thread_row *const *x = a, *const *y = b;

	return ((*x)->tid > (*y)->tid) - ((*x)->tid < (*y)->tid);
}

// Compilers and the like are among them only where the VM told: they allocate next to nothing.
static bool list_threads(const struct snapshot *s, struct arena *mem, struct list *out)
{
	*out = (struct list){ arena_array(mem, const struct thread_row *, s->threads.count + 1),
			      0 };
	for (size_t i = 0; i < s->threads.count; i++) {
		const struct thread_row *t = &s->threads.at[i];

		if (t->has_allocated)
			out->at[out->count++] = t;
		else if (t->kind == THREAD_JAVA)
			return false;
	}
	if (out->count)
		qsort(out->at, out->count, sizeof(*out->at), by_tid);
	return out->count > 0;
}

struct sums {
	uint64_t bytes;
	uint64_t ended, begun; // Java threads of the first moment that are gone; all that are new
};

// An id whose count fell is another thread's by now.
static struct sums compare(const struct list *first, const struct list *now)
{
	struct sums s = { 0 };
	size_t i = 0;

	for (size_t k = 0; k < now->count; k++) {
		const struct thread_row *t = now->at[k];

		for (; i < first->count && first->at[i]->tid < t->tid; i++)
			s.ended += first->at[i]->kind == THREAD_JAVA;
		if (i < first->count && first->at[i]->tid == t->tid &&
		    first->at[i]->allocated <= t->allocated) {
			s.bytes += t->allocated - first->at[i++]->allocated;
			continue;
		}
		s.bytes += t->allocated;
		s.begun++;
	}
	for (; i < first->count; i++)
		s.ended += first->at[i]->kind == THREAD_JAVA;
	return s;
}

void allocation_in_window(const struct evidence *e, struct arena *mem, struct allocation *out)
{
	const struct fact *was = &e->first->fact[F_JAVA_THREADS_STARTED];
	const struct fact *is = &e->now->fact[F_JAVA_THREADS_STARTED];
	struct list first, now;
	struct sums s;

	*out = (struct allocation){ 0 };
	if (e->first == e->now || e->window_s <= 0) {
		out->why_not = "one moment alone does not tell it";
		return;
	}
	if (!list_threads(e->first, mem, &first) || !list_threads(e->now, mem, &now)) {
		out->why_not = "what the threads allocated could not be read";
		return;
	}
	if (!was->known || !is->known || is->value < was->value) {
		out->why_not = "threads may have come and gone unseen (no jvmstat counter of them)";
		return;
	}
	s = compare(&first, &now);
	if (is->value - was->value > s.begun)
		s.ended += is->value - was->value - s.begun;
	if (s.ended) {
		out->why_not = arena_format(mem,
					    "%llu Java thread%s ended in the window, and what %s "
					    "allocated is lost",
					    (unsigned long long)s.ended, s.ended > 1 ? "s" : "",
					    s.ended > 1 ? "they" : "it");
		return;
	}
	out->known = true;
	out->bytes = s.bytes;
}

bool allocation_per_mb(const struct allocation *a, double bytes, double *per_mb)
{
	if (!a->known || a->bytes < MIB(1))
		return false;
	*per_mb = bytes / ((double)a->bytes / (double)MIB(1));
	return true;
}
