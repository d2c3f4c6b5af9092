// SPDX-License-Identifier: Apache-2.0
#include "gclog/durations.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = DURATIONS_STEPS * DURATIONS_OCTAVES };

static void *need(void *got)
{
	if (!got)
		abort();
	return got;
}

// Octaves begin at 2^-32 s; what is shorter is in the first bucket, what is longer in the last.
static size_t bucket_of(double seconds)
{
	int exponent;
	double m = frexp(seconds, &exponent); // 0.5 <= m < 1
	int octave = exponent + 32;

	if (!(seconds > 0) || octave < 0)
		return 0;
	if (octave >= DURATIONS_OCTAVES)
		return BUCKETS - 1;
	return (size_t)octave * DURATIONS_STEPS + (size_t)((m - 0.5) * 2 * DURATIONS_STEPS);
}

static double middle_of(size_t bucket)
{
	double m = 0.5 + ((double)(bucket % DURATIONS_STEPS) + 0.5) / (2 * DURATIONS_STEPS);

	return ldexp(m, (int)(bucket / DURATIONS_STEPS) - 32);
}

static void spill(struct durations *d)
{
	d->bucket = need(calloc(BUCKETS, sizeof(*d->bucket)));
	for (size_t i = 0; i < d->count; i++)
		d->bucket[bucket_of(d->exact[i])]++;
	free(d->exact);
	d->exact = NULL;
}

void durations_add(struct durations *d, double seconds)
{
	if (!d->bucket && d->count == DURATIONS_EXACT)
		spill(d);
	if (d->bucket) {
		d->bucket[bucket_of(seconds)]++;
	} else {
		if (d->count == d->room) {
			d->room = d->room ? d->room * 2 : 1024;
			d->exact = need(realloc(d->exact, d->room * sizeof(*d->exact)));
		}
		d->exact[d->count] = seconds;
	}
	d->count++;
	d->sorted = false;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double durations_percentile(struct durations *d, double share)
{
	uint64_t rank = (uint64_t)ceil(share * (double)d->count), seen = 0;

	if (!d->count)
		return NAN;
	if (!rank)
		rank = 1;
	if (!d->bucket) {
		if (!d->sorted)
			qsort(d->exact, d->count, sizeof(*d->exact), compare);
		d->sorted = true;
		return d->exact[rank - 1];
	}
	for (size_t i = 0; i < BUCKETS; i++) {
		seen += d->bucket[i];
		if (seen >= rank)
			return middle_of(i);
	}
	return NAN;
}

void durations_drop(struct durations *d)
{
	free(d->exact);
	free(d->bucket);
	*d = (struct durations){ 0 };
}
