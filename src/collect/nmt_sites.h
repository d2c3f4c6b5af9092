// SPDX-License-Identifier: Apache-2.0
// Who asked for what Native Memory Tracking counts, at level detail: blocks and ranges by call stack.

#ifndef COLLECT_NMT_SITES_H
#define COLLECT_NMT_SITES_H

#include <stdbool.h>

struct fail;
struct look;
struct nmtregions;
struct nmtsummary;
struct statics;

// Call sites of malloc'd blocks and, from `regions` (NULL: not known), of mappings; named as far as the
// library's file has names.  CORRUPT: layout unknown; then the mappings' sites are there all the same.
bool nmt_sites_read(struct look *look, const struct statics *statics, const struct nmtsummary *s,
		    const struct nmtregions *regions, struct fail *why);

#endif
