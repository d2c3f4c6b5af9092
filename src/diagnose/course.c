// SPDX-License-Identifier: Apache-2.0
#include "diagnose/course.h"

#include <math.h>

enum { BLOCKS = 10, LEAST_BLOCKS = 4 };

// Two-sided 95 % of Student's t for 1 to 8 degrees of freedom: BLOCKS - 2 at most.
static const double T95[] = { 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306 };

// Growth counts from this many standard deviations of what the hinge leaves over.
static const double NOISE = 3;

struct sums {
	double n, t, tt, v, vv, tv;
};

static void add(struct sums *s, double t, double v, double sign)
{
	s->n += sign;
	s->t += sign * t;
	s->tt += sign * t * t;
	s->v += sign * v;
	s->vv += sign * v * v;
	s->tv += sign * t * v;
}

struct hinge {
	double level, slope, error; // sum of squares left over
};

// Least squares of v = level + slope * max(0, t - at), from the sums of all and of those behind `at`.
static struct hinge fit(const struct sums *all, const struct sums *behind, double at)
{
	double h = behind->t - behind->n * at;
	double hh = behind->tt - 2 * at * behind->t + behind->n * at * at;
	double hv = behind->tv - at * behind->v;
	double det = all->n * hh - h * h;
	struct hinge f = { .level = all->v / all->n };

	if (det > 1e-9 * all->n * hh) {
		f.slope = (all->n * hv - h * all->v) / det;
		f.level = (all->v - f.slope * h) / all->n;
	}
	f.error = all->vv - f.level * all->v - f.slope * hv;
	return f;
}

// The line through means of blocks of the samples from `from` on.
static bool slope_by_blocks(const double *t, const double *v, size_t from, size_t count,
			    struct course *out)
{
	size_t n = count - from, blocks = n < BLOCKS ? n : BLOCKS;
	double bt[BLOCKS], bv[BLOCKS], mt = 0, mv = 0, tt = 0, tv = 0, left = 0, half;

	if (blocks < LEAST_BLOCKS)
		return false;
	for (size_t b = 0; b < blocks; b++) {
		size_t first = from + b * n / blocks, last = from + (b + 1) * n / blocks;

		bt[b] = bv[b] = 0;
		for (size_t i = first; i < last; i++) {
			bt[b] += t[i] / (double)(last - first);
			bv[b] += v[i] / (double)(last - first);
		}
		mt += bt[b] / (double)blocks;
		mv += bv[b] / (double)blocks;
	}
	for (size_t b = 0; b < blocks; b++) {
		tt += (bt[b] - mt) * (bt[b] - mt);
		tv += (bt[b] - mt) * (bv[b] - mv);
	}
	if (tt <= 0)
		return false;
	out->slope = tv / tt;
	for (size_t b = 0; b < blocks; b++) {
		double r = bv[b] - mv - out->slope * (bt[b] - mt);

		left += r * r;
	}
	half = T95[blocks - 3] * sqrt(left / (double)(blocks - 2) / tt);
	out->low = out->slope - half;
	out->high = out->slope + half;
	return true;
}

void course_of(const double *at_s, const double *value, size_t count, struct course *out)
{
	struct sums all = { 0 }, behind;
	struct hinge best;
	size_t since = 0;
	double zero, base, left;

	*out = (struct course){ 0 };
	if (count < COURSE_LEAST || at_s[count - 1] <= at_s[0])
		return;
	// Small numbers: sums of squares of bytes and of days would eat the digits.
	zero = at_s[0];
	base = value[0];
	for (size_t i = 0; i < count; i++)
		add(&all, at_s[i] - zero, value[i] - base, 1);
	behind = all;
	best = fit(&all, &behind, 0);
	// Enough samples behind the bend for blocks of their own.
	for (size_t i = 0; i + LEAST_BLOCKS < count; i++) {
		struct hinge f = fit(&all, &behind, at_s[i] - zero);

		if (f.error < best.error) {
			best = f;
			since = i;
		}
		add(&behind, at_s[i] - zero, value[i] - base, -1);
	}
	out->known = slope_by_blocks(at_s, value, since, count, out);
	out->since_s = at_s[since];
	out->from_the_start = since == 0;
	out->samples = count - since;
	out->before = base + best.level;
	out->after = out->before + best.slope * (at_s[count - 1] - at_s[since]);
	left = sqrt(fmax(best.error, 0) / (double)count);
	out->growing = out->known && out->low > 0 && out->after - out->before > NOISE * left;
}
