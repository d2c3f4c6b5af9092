// SPDX-License-Identifier: Apache-2.0
// The other processes of a container, with those of the cgroups inside it.
//
// One small file a process is read, each time: how many is bounded, and above that nothing is said
// rather than a part.

#ifndef COLLECT_CGROUP_PROCESSES_H
#define COLLECT_CGROUP_PROCESSES_H

struct container_facts;
struct look;

// Fills `processes` and the sums of the others' Rss for the cgroup in directory `dir`.  The sums
// stay unknown when a process lies outside our PID namespace, or there are too many to read each
// time.
void cgroup_processes_read(const struct look *look, const char *dir, struct container_facts *out);

#endif
