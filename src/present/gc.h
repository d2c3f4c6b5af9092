// SPDX-License-Identifier: Apache-2.0
// What `jledger gc` prints of a GC log: the summary as text and JSON, its sentences, and the single
// events as CSV and JSON lines.

#ifndef PRESENT_GC_H
#define PRESENT_GC_H

#include <stddef.h>
#include <stdio.h>

#include "base/arena.h"
#include "facts/gcstats.h"

struct report;

struct gc_report {
	const char *const *files; // in the order in which they were read
	size_t file_count;
	const struct gc_stats *stats;
	const struct report *judged; // of the log alone; NULL: it was not judged
};

struct gc_sentence {
	const char *text;
	struct gc_place from, to; // line 0: of the whole log
};
struct gc_sentences {
	struct gc_sentence *at;
	size_t count, room;
};
// What the numbers say in words, the gravest first; what contradicts stands beside it.
void gc_sentences_of(const struct gc_stats *s, struct arena *mem, struct gc_sentences *out);

// Which log it is, and the findings alone, of one that was judged.
void gc_print_verdict(const struct gc_report *r, FILE *to);
// A page's part with charts: present/gc_html.c.
void gc_html_section(const struct gc_report *r, FILE *to);
void gc_print_text(const struct gc_report *r, FILE *to);
void gc_print_json(const struct gc_report *r, FILE *to);

// One event a line.  Unknown values are empty in CSV and null in JSON.
void gc_events_print_csv_head(FILE *to);
void gc_event_print_csv(const struct gc_event *e, const char *file, FILE *to);
void gc_event_print_json(const struct gc_event *e, const char *file, FILE *to);
// For a person who follows a log: "12.345  Pause Young  Allocation Failure  0.012 s  37 -> 12 MB".
void gc_event_print_text(const struct gc_event *e, FILE *to);

#endif
