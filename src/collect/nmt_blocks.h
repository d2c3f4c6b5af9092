// SPDX-License-Identifier: Apache-2.0
// The VM's malloc'd blocks by category, found by their headers; asked for, because all of malloc's memory is
// read for it.

#ifndef COLLECT_NMT_BLOCKS_H
#define COLLECT_NMT_BLOCKS_H

#include <stdbool.h>

struct fail;
struct look;
struct nmtsummary;

// Fills the blocks' columns of the snapshot's rows.  ABSENT: this VM's headers have no mark, or it is not
// known what malloc's memory is.
bool nmt_blocks_read(struct look *look, const struct nmtsummary *s, struct fail *why);

#endif
