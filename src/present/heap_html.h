// SPDX-License-Identifier: Apache-2.0
// A heap report as one HTML file that needs nothing else: the tables, and a map of who retains what, in
// which an area is a share of the live heap and what is dominated lies inside of what dominates it.

#ifndef PRESENT_HEAP_HTML_H
#define PRESENT_HEAP_HTML_H

#include "present/heap_report.h"

struct heap_tile {
	const char *name;
	uint64_t bytes;
	struct heap_tile *tiles; // inside, largest first
	size_t count;
};

// `top` stands for the whole live heap; NULL: without a map.
void heap_report_html(const struct heap_report *r, const struct heap_tile *top, FILE *to);

#endif
