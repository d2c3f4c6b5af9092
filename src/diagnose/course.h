// SPDX-License-Identifier: Apache-2.0
// What a number did over time: whether it grows, since when, and how fast, with an interval.
//
// Pure.  A hinge (level until some moment, a straight line from there) is fitted by least squares over
// all possible moments.  Neighbouring samples are alike, so the interval of the slope comes from means of
// blocks of them, by Student's t.

#ifndef DIAGNOSE_COURSE_H
#define DIAGNOSE_COURSE_H

#include <stdbool.h>
#include <stddef.h>

struct course {
	bool known;   // enough samples
	bool growing; // the interval of the slope is above 0, and the growth above the noise
	double since_s; // when it began, on the samples' clock; the first sample's when it always grew
	bool from_the_start;
	double before, after;    // fitted: at that moment, and at the end
	double slope, low, high; // per second since then; 95 %
	size_t samples;          // since then
};

// `at_s` rises.  Fewer than COURSE_LEAST samples are not known.
enum { COURSE_LEAST = 8 };
void course_of(const double *at_s, const double *value, size_t count, struct course *out);

#endif
