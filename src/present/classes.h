// SPDX-License-Identifier: Apache-2.0
// `classes`: loaders, families, names that stand twice, and why a loader lives.

#ifndef PRESENT_CLASSES_H
#define PRESENT_CLASSES_H

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

#include "facts/classstats.h"

struct classgrowth;
struct definitions;
struct report;

// What of it is to be shown; several may be.
enum {
	CLASSES_VIEW_LOADERS = 1,
	CLASSES_VIEW_FAMILIES = 2,
	CLASSES_VIEW_DUPLICATES = 4,
	CLASSES_VIEW_WHY_ALIVE = 8,
	CLASSES_VIEW_STATS = 16,
	CLASSES_VIEW_METASPACE = 32,
};

struct classes_report {
	const struct report *of;
	unsigned views;                        // CLASSES_VIEW_*
	const struct classgrowth *growth;      // of families; NULL: not shown
	const struct definitions *definitions; // beside duplicates; NULL: not shown
	class_columns columns;                 // of CLASSES_VIEW_STATS
	bool with_loaders;                     // likewise
};

void classes_print_text(const struct classes_report *c, FILE *to);
void classes_print_json(const struct classes_report *c, FILE *to);
// What the views STATS and METASPACE show; they have files of their own.
void classes_stats_text(const struct classes_report *c, FILE *to); // present/class_stats.c
void classes_stats_csv(const struct classes_report *c, FILE *to);
json_t *classes_stats_json(const struct classes_report *c);
void classes_metaspace_text(const struct classes_report *c, FILE *to); // present/metaspace.c
json_t *classes_metaspace_json(const struct classes_report *c);

#endif
