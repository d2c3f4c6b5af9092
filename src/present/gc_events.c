// SPDX-License-Identifier: Apache-2.0
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "present/gc.h"
#include "present/json.h"
#include "present/words.h"

static const struct {
	const char *name;
	unsigned flag;
} FLAGS[] = {
	{ "nested", GC_NESTED },
	{ "promotion-failed", GC_PROMOTION_FAILED },
	{ "concurrent-mode-failure", GC_CONCURRENT_FAILED },
	{ "to-space-exhausted", GC_TO_SPACE },
	{ "explicit", GC_EXPLICIT },
	{ "humongous", GC_HUMONGOUS },
	{ "metadata", GC_METADATA },
	{ "gc-locker", GC_LOCKER },
	{ "last-ditch", GC_LAST_DITCH },
	{ "due-to-time", GC_DUE_TO_TIME },
	{ "aborted", GC_ABORTED },
};
enum { FLAG_COUNT = sizeof(FLAGS) / sizeof(FLAGS[0]) };

static const struct {
	const char *name;
	size_t at;
} SIZES[] = {
	{ "heap_before", offsetof(struct gc_event, heap.before) },
	{ "heap_after", offsetof(struct gc_event, heap.after) },
	{ "heap_capacity", offsetof(struct gc_event, heap.capacity) },
	{ "young_before", offsetof(struct gc_event, young.before) },
	{ "young_after", offsetof(struct gc_event, young.after) },
	{ "young_capacity", offsetof(struct gc_event, young.capacity) },
	{ "old_before", offsetof(struct gc_event, old.before) },
	{ "old_after", offsetof(struct gc_event, old.after) },
	{ "old_capacity", offsetof(struct gc_event, old.capacity) },
	{ "meta_before", offsetof(struct gc_event, meta.before) },
	{ "meta_after", offsetof(struct gc_event, meta.after) },
	{ "meta_capacity", offsetof(struct gc_event, meta.capacity) },
};
enum { SIZE_COUNT = sizeof(SIZES) / sizeof(SIZES[0]) };

static const struct {
	const char *name;
	size_t at;
} TIMES[] = {
	{ "uptime_s", offsetof(struct gc_event, uptime_s) },
	{ "unix_s", offsetof(struct gc_event, wall_s) },
	{ "duration_s", offsetof(struct gc_event, duration_s) },
	{ "user_s", offsetof(struct gc_event, user_s) },
	{ "sys_s", offsetof(struct gc_event, sys_s) },
	{ "real_s", offsetof(struct gc_event, real_s) },
	{ "reach_s", offsetof(struct gc_event, reach_s) },
};
enum { TIME_COUNT = sizeof(TIMES) / sizeof(TIMES[0]) };

static double time_of(const struct gc_event *e, size_t i)
{
	return *(const double *)((const char *)e + TIMES[i].at);
}

static uint64_t size_of(const struct gc_event *e, size_t i)
{
	return *(const uint64_t *)((const char *)e + SIZES[i].at);
}

void gc_events_print_csv_head(FILE *to)
{
	fputs("file,line,last_line,type,kind,name,cause,id", to);
	for (size_t i = 0; i < TIME_COUNT; i++)
		fprintf(to, ",%s", TIMES[i].name);
	for (size_t i = 0; i < SIZE_COUNT; i++)
		fprintf(to, ",%s", SIZES[i].name);
	fputs(",flags\n", to);
}

static void print_csv_text(const char *text, FILE *to)
{
	if (!strpbrk(text, ",\"\r\n")) {
		fputs(text, to);
		return;
	}
	fputc('"', to);
	for (; *text; text++) {
		if (*text == '"')
			fputc('"', to);
		fputc(*text, to);
	}
	fputc('"', to);
}

void gc_event_print_csv(const struct gc_event *e, const char *file, FILE *to)
{
	const char *separator = "";

	print_csv_text(file, to);
	fprintf(to, ",%" PRIu64 ",%" PRIu64 ",%s,%s,", e->line, e->last_line, gc_type_name(e->type),
		gc_kind_name(e->kind));
	print_csv_text(e->name, to);
	fputc(',', to);
	print_csv_text(e->cause, to);
	fputc(',', to);
	if (e->id != UNKNOWN_BYTES)
		fprintf(to, "%" PRIu64, e->id);
	for (size_t i = 0; i < TIME_COUNT; i++) {
		fputc(',', to);
		if (!isnan(time_of(e, i)))
			fprintf(to, "%.7f", time_of(e, i));
	}
	for (size_t i = 0; i < SIZE_COUNT; i++) {
		fputc(',', to);
		if (size_of(e, i) != UNKNOWN_BYTES)
			fprintf(to, "%" PRIu64, size_of(e, i));
	}
	fputc(',', to);
	for (size_t i = 0; i < FLAG_COUNT; i++)
		if (e->flags & FLAGS[i].flag) {
			fprintf(to, "%s%s", separator, FLAGS[i].name);
			separator = " ";
		}
	fputc('\n', to);
}

void gc_event_print_json(const struct gc_event *e, const char *file, FILE *to)
{
	json_t *o = json_object(), *flags = json_array();

	json_set(o, "schema", json_integer(1));
	json_set(o, "file", json_of_text(file));
	json_set(o, "line", json_of_unsigned(e->line));
	json_set(o, "last_line", json_of_unsigned(e->last_line));
	json_set(o, "type", json_of_text(gc_type_name(e->type)));
	json_set(o, "kind", json_of_text(gc_kind_name(e->kind)));
	json_set(o, "name", json_of_text(e->name));
	json_set(o, "cause", json_of_text(*e->cause ? e->cause : NULL));
	json_set(o, "id", json_of_bytes(e->id));
	for (size_t i = 0; i < TIME_COUNT; i++)
		json_set(o, TIMES[i].name, json_of_seconds(time_of(e, i)));
	for (size_t i = 0; i < SIZE_COUNT; i++)
		json_set(o, SIZES[i].name, json_of_bytes(size_of(e, i)));
	for (size_t i = 0; i < FLAG_COUNT; i++)
		if (e->flags & FLAGS[i].flag)
			json_add(flags, json_of_text(FLAGS[i].name));
	json_set(o, "flags", flags);
	json_print(o, to);
}

void gc_event_print_text(const struct gc_event *e, FILE *to)
{
	struct arena mem = { 0 };
	char before[16], after[16];

	if (!isnan(e->uptime_s))
		fprintf(to, "%12.3f  ", e->uptime_s);
	else
		fprintf(to, "%14s", "");
	fprintf(to, "%-24s %-22s", words_clean(e->name, 24, &mem), words_clean(e->cause, 22, &mem));
	if (!isnan(e->duration_s))
		fprintf(to, " %8.4f s", e->duration_s);
	if (e->heap.before != UNKNOWN_BYTES && e->heap.after != UNKNOWN_BYTES)
		fprintf(to, "  %s -> %s MB", words_mb(e->heap.before, before),
			words_mb(e->heap.after, after));
	fputc('\n', to);
	arena_drop(&mem);
}
