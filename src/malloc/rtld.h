// SPDX-License-Identifier: Apache-2.0
// What the dynamic linker allocated before malloc was there: its records of the libraries, and
// the first thread's control block with its TLS.
//
// A few pages, but they are nobody else's.  Proof: the chain of link_map records starts in ld.so's
// data, is linked both ways and names ld.so and libc at their load addresses; a control block
// points to itself twice and holds the thread's id.  Only pages with such a record, or with what
// it points to in the same mapping, are given out.

#ifndef MALLOC_RTLD_H
#define MALLOC_RTLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "malloc/view.h"

struct glibc;

struct rtld_piece {
	uint64_t start, end; // page-aligned
	bool tls;            // the first thread's control block and TLS; else records of libraries
};

struct rtld {
	VEC(struct rtld_piece) pieces; // by kind, without overlap
	bool whole; // the chain of records and the control block were found, or there are none
};

// Pages that are taken or belong to `g` (NULL: no glibc heap) are never given out.  `ns_pid` is the
// process's id in its innermost namespace.  Finds nothing in a static program.
void rtld_read(const struct malloc_view *v, const struct glibc *g, int ns_pid, struct arena *mem,
	       struct rtld *out);

#endif
