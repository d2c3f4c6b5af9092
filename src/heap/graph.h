// SPDX-License-Identifier: Apache-2.0
// Who holds whom: the objects of a dump, numbered by a walk from the roots, with immediate dominators
// and retained sizes.
//
// Number 1 is what stands above all roots; 2 .. `reached` are the objects that a root holds, in the
// walk's order; `reached` + 1 .. `last` those that nothing holds, in the file's order.  References are
// read from the dump itself whenever they are needed, so an object costs some 20 bytes and no more.

#ifndef HEAP_GRAPH_H
#define HEAP_GRAPH_H

#include "heap/dump.h"

enum { GRAPH_TOP = 1, GRAPH_FIRST = 2 };

// Kinds of java.lang.ref references to pass by, as bits of enum klass_reference.
enum { GRAPH_SKIP_NONE = 0, GRAPH_SKIP_ALL = 0x1e };

struct graph {
	struct dump *d;
	unsigned skip;       // what the walk passed by
	unsigned width;      // bytes of a place
	struct big number;   // by the idmap's number
	struct big place;    // by number: offset of the part in the dump
	struct big idom;     // by number, uint32_t
	struct big retained; // by number, uint64_t
	uint32_t reached, last;
	uint64_t dangling;   // references of reached objects to what the dump lacks
	uint64_t live_bytes; // of what a root holds
	uint64_t *live_instances, *live_size; // by class, as d->classes
};

bool graph_build(struct dump *d, unsigned skip, progress_fn *progress, void *arg, struct graph *out,
		 struct fail *why);
void graph_drop(struct graph *g);

uint32_t graph_find(const struct graph *g, uint64_t id); // 0: no such object
// The object's part in the dump; `n` is from GRAPH_FIRST to `last`.
void graph_part(const struct graph *g, uint32_t n, struct hprof_part *out);
// The class of an object; of a class its java.lang.Class.  NULL where the dump lacks it.
struct klass *graph_class_of_part(const struct graph *g, const struct hprof_part *p);
struct klass *graph_class(const struct graph *g, uint32_t n);
uint64_t graph_size(const struct graph *g, uint32_t n); // its own
static inline uint32_t graph_idom(const struct graph *g, uint32_t n)
{
	return ((const uint32_t *)g->idom.at)[n];
}
static inline uint64_t graph_retained(const struct graph *g, uint32_t n)
{
	return ((const uint64_t *)g->retained.at)[n];
}

// Ids that an object holds, `room` at a time from the `from`th on: returns how many are in `to`, and
// sets `*next` to where to go on, 0 at the end.  Zeros and ids of nothing are among them.
unsigned graph_refs(const struct dump *d, unsigned skip, const struct hprof_part *p, uint32_t from,
		    uint64_t *to, unsigned room, uint32_t *next);

// How an object holds another.
enum edge_kind {
	EDGE_FIELD,
	EDGE_STATIC,
	EDGE_ELEMENT,
	EDGE_SUPER,
	EDGE_LOADER,
	EDGE_CLASS,
	EDGE_LOCAL
};
struct edge {
	enum edge_kind kind;
	const char *field; // of FIELD and STATIC
	uint32_t index;    // of ELEMENT; of LOCAL the frame, UINT32_MAX: none
	uint64_t to;       // id
};
// Calls for each reference that is not null until the function says false.
typedef bool edge_fn(void *arg, const struct edge *e);
void graph_edges(const struct graph *g, uint32_t n, edge_fn *fn, void *arg);
// The first edge from `n` to the object `to`; false: there is none.
bool graph_edge_between(const struct graph *g, uint32_t n, uint64_t to, struct edge *out);

// Values of an object's fields by name; false where there is no such field.
bool graph_field_object(const struct graph *g, uint32_t n, const char *name,
			uint32_t *to); // 0: null
bool graph_field_number(const struct graph *g, uint32_t n, const char *name, int64_t *to);
// A java.lang.String's text in `mem`, of at most `limit` characters; NULL: it is none.
const char *graph_text(const struct graph *g, uint32_t n, size_t limit, struct arena *mem);

#endif
