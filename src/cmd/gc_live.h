// SPDX-License-Identifier: Apache-2.0
// `gc PID`: the collector of a running JVM, in our words or in jstat's columns.

#ifndef CMD_GC_LIVE_H
#define CMD_GC_LIVE_H

struct options;

// The command on a PID; returns an exit code.
int gc_live_run(const struct options *o);

#endif
