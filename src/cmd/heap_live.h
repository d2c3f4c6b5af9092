// SPDX-License-Identifier: Apache-2.0
// What `jledger heap` shows of a JVM that runs.

#ifndef CMD_HEAP_LIVE_H
#define CMD_HEAP_LIVE_H

struct options;

int heap_live_histo(const struct options *o); // an exit code

#endif
