// SPDX-License-Identifier: Apache-2.0
#include "facts/threadcpu.h"

#include <stdlib.h>

static int compare(const void *a, const void *b)
{
	const struct thread_cpu *left = a, *right = b;

	return (left->tid > right->tid) - (left->tid < right->tid);
}

const struct thread_cpu *thread_cpus_find(const struct thread_cpus *t, int tid)
{
	struct thread_cpu key = { .tid = tid };

	return t->count ? bsearch(&key, t->at, t->count, sizeof(*t->at), compare) : NULL;
}
