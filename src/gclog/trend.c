// SPDX-License-Identifier: Apache-2.0
#include "gclog/trend.h"

#include <math.h>
#include <stdlib.h>

#include "facts/gcstats.h"

void trend_add(struct trend *s, double t, uint64_t value)
{
	if (isnan(t))
		return;
	if (!s->stride)
		s->stride = 1;
	if (s->skipped++ % s->stride)
		return;
	if (s->count == TREND_ROOM) {
		for (size_t i = 0; i < TREND_ROOM / 2; i++)
			s->at[i] = s->at[2 * i];
		s->count = TREND_ROOM / 2;
		s->stride *= 2;
	}
	s->at[s->count].t = t;
	s->at[s->count++].value = (double)value;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double r_squared(const struct trend *s)
{
	double n = (double)s->count, mt = 0, mv = 0, tt = 0, vv = 0, tv = 0;

	for (size_t i = 0; i < s->count; i++) {
		mt += s->at[i].t / n;
		mv += s->at[i].value / n;
	}
	for (size_t i = 0; i < s->count; i++) {
		double t = s->at[i].t - mt, v = s->at[i].value - mv;

		tt += t * t;
		vv += v * v;
		tv += t * v;
	}
	return tt > 0 && vv > 0 ? tv * tv / (tt * vv) : 0;
}

static double until(double left, double slope)
{
	if (left <= 0)
		return 0;
	return slope > 0 ? left / slope : INFINITY;
}

// The slopes between all pairs of points; their median is Theil and Sen's.  The interval is Sen's,
// by Kendall's variance.
static size_t all_slopes(const struct trend *s, double *slopes)
{
	size_t n = 0;

	for (size_t i = 0; i < s->count; i++)
		for (size_t j = i + 1; j < s->count; j++) {
			double dt = s->at[j].t - s->at[i].t;

			if (dt > 0)
				slopes[n++] = (s->at[j].value - s->at[i].value) / dt;
		}
	qsort(slopes, n, sizeof(*slopes), compare);
	return n;
}

static double pick(const double *sorted, size_t n, double index)
{
	if (index < 0)
		index = 0;
	if (index > (double)(n - 1))
		index = (double)(n - 1);
	return sorted[(size_t)index];
}

void trend_judge(const struct trend *s, uint64_t capacity, struct gc_trend *out)
{
	double n = (double)s->count, *slopes, width, *line, at_end;
	size_t pairs;

	*out = (struct gc_trend){ .capacity = capacity, .points = s->skipped };
	out->until_full_low_s = out->until_full_s = out->until_full_high_s = NAN;
	out->low = out->slope = out->high = out->r2 = NAN;
	if (!s->count)
		return;
	out->first = (uint64_t)s->at[0].value;
	out->last = (uint64_t)s->at[s->count - 1].value;
	out->span_s = s->at[s->count - 1].t - s->at[0].t;
	if (s->count < TREND_NEEDED)
		return;
	slopes = malloc(s->count * (s->count - 1) / 2 * sizeof(*slopes));
	line = malloc(s->count * sizeof(*line));
	if (!slopes || !line)
		abort();
	pairs = all_slopes(s, slopes);
	if (pairs) {
		width = 1.96 * sqrt(n * (n - 1) * (2 * n + 5) / 18);
		out->slope = pairs % 2 ? slopes[pairs / 2]
				       : (slopes[pairs / 2 - 1] + slopes[pairs / 2]) / 2;
		out->low = pick(slopes, pairs, floor(((double)pairs - width) / 2));
		out->high = pick(slopes, pairs, ceil(((double)pairs + width) / 2));
		out->r2 = r_squared(s);
		for (size_t i = 0; i < s->count; i++)
			line[i] = s->at[i].value - out->slope * s->at[i].t;
		qsort(line, s->count, sizeof(*line), compare);
		at_end = line[s->count / 2] + out->slope * s->at[s->count - 1].t;
		if (capacity != UNKNOWN_BYTES) {
			out->until_full_s = until((double)capacity - at_end, out->slope);
			out->until_full_low_s = until((double)capacity - at_end, out->high);
			out->until_full_high_s = until((double)capacity - at_end, out->low);
		}
	}
	free(slopes);
	free(line);
}
