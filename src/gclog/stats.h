// SPDX-License-Identifier: Apache-2.0
// Puts the events of a log together, one by one, in bounded memory.

#ifndef GCLOG_STATS_H
#define GCLOG_STATS_H

struct gc_event;
struct gc_stats;
struct gclog_facts;
struct gc_counter;

struct gc_counter *gc_counter_create(void);
void gc_counter_destroy(struct gc_counter *c);
void gc_counter_add(struct gc_counter *c, const struct gc_event *e);
// May be called again after more events.
void gc_counter_judge(struct gc_counter *c, const struct gclog_facts *log, struct gc_stats *out);

#endif
