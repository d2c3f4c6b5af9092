// SPDX-License-Identifier: Apache-2.0
// What `jledger heap DUMP` can show, a function each: from what heap/ finds to the rows of a report.

#ifndef CMD_HEAP_VIEWS_H
#define CMD_HEAP_VIEWS_H

#include "heap/graph.h"
#include "present/heap_report.h"

struct options;

struct heap_job {
	const struct options *o;
	struct arena *mem;
	struct bigs *bigs;
	struct dump *d;
	struct graph *g; // NULL where the view does without
	struct heap_report *r;
	progress_fn *progress;
	void *progress_arg;
};

struct heap_view {
	const char *name, *sentence;
	const char *arguments; // behind the name; NULL: none
	int min_arguments, max_arguments;
	bool needs_graph;
	bool weak_aside; // the graph is walked without weak, soft, phantom and final references
	bool (*show)(struct heap_job *j, struct fail *why);
};

extern const struct heap_view HEAP_VIEWS[]; // ends with a NULL name

bool heap_histo(struct heap_job *j, struct fail *why);
bool heap_dominators(struct heap_job *j, struct fail *why);
bool heap_suspects(struct heap_job *j, struct fail *why);
bool heap_path(struct heap_job *j, struct fail *why);
bool heap_threads(struct heap_job *j, struct fail *why);
bool heap_loaders(struct heap_job *j, struct fail *why);
bool heap_duplicates(struct heap_job *j, struct fail *why);
bool heap_waste(struct heap_job *j, struct fail *why);
bool heap_offheap(struct heap_job *j, struct fail *why);
bool heap_finalizers(struct heap_job *j, struct fail *why);
bool heap_query(struct heap_job *j, struct fail *why);
bool heap_diff(struct heap_job *j, struct fail *why);

// How many of `count` rows are to be shown; the table is told of the others.
size_t heap_shown(const struct heap_job *j, size_t count, size_t by_default, struct heap_table *t);
// The argument behind the view's name; NULL: not given.
const char *heap_argument(const struct heap_job *j, int i);
uint64_t heap_id(const struct graph *g, uint32_t n);

#endif
