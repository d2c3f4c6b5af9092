// SPDX-License-Identifier: Apache-2.0
#include "present/past.h"

#include <string.h>
#include <time.h>

#include "base/arena.h"
#include "present/report.h"
#include "present/words.h"

enum { TEXT_AT = 10, WIDTH = 79, EVENTS_SHOWN = 6 };

// Of the reader's zone; the day only where it is not that of `near_s`.
static const char *moment(double wall_s, double near_s, struct arena *mem)
{
	time_t at = (time_t)wall_s, near = (time_t)near_s;
	char text[32] = "?", day[16] = "", other[16] = "";
	struct tm t, u;

	if (!localtime_r(&at, &t) || !localtime_r(&near, &u))
		return "?";
	strftime(day, sizeof(day), "%Y-%m-%d", &t);
	strftime(other, sizeof(other), "%Y-%m-%d", &u);
	strftime(text, sizeof(text), strcmp(day, other) ? "%Y-%m-%d %H:%M:%S" : "%H:%M:%S", &t);
	return arena_text(mem, text);
}

static void line(const char *head, const char *text, FILE *to)
{
	fprintf(to, "%-*s", TEXT_AT, head);
	words_wrap(text, TEXT_AT, TEXT_AT, WIDTH, to);
}

static const char *mb(double bytes, struct arena *mem)
{
	char text[16];

	return arena_text(mem, words_mb(bytes > 0 ? (uint64_t)bytes : 0, text));
}

static void print_course(const struct report_past *p, struct arena *mem, FILE *to)
{
	const struct course *c = &p->rss;

	if (!c->growing) {
		if (c->known)
			line("COURSE", "resident memory does not grow", to);
		return;
	}
	line("GROWS",
	     arena_format(mem, "since %s%s: resident %s -> %s MB, %.3g MB/s (%.3g to %.3g)",
			  moment(p->since_wall_s, p->to_wall_s, mem),
			  c->from_the_start ? " or before" : "", mb(c->before, mem),
			  mb(c->after, mem), c->slope / 1048576, c->low / 1048576,
			  c->high / 1048576),
	     to);
}

// "h-4711-limit.*" of several files whose names go on differently.
static const char *stem_of(const char *files, struct arena *mem)
{
	size_t same, len;
	const char *next;

	if (!files)
		return NULL;
	len = same = strcspn(files, "\n");
	for (next = files + len; *next; next += strcspn(next, "\n")) {
		size_t i = 0;

		next++;
		while (i < same && next[i] == files[i])
			i++;
		same = i;
	}
	if (same == len)
		return words_clean(files, 0, mem);
	return words_clean(arena_format(mem, "%.*s*", (int)same, files), 0, mem);
}

static void print_events(const struct report_past *p, struct arena *mem, FILE *to)
{
	size_t from = p->events->count > EVENTS_SHOWN ? p->events->count - EVENTS_SHOWN : 0;

	for (size_t i = from; i < p->events->count; i++) {
		const struct past_event *e = &p->events->at[i];
		const char *files = stem_of(e->files, mem);

		if (e->kind && !strcmp(e->kind, "end")) // it has a line of its own
			continue;
		line("EVENT",
		     arena_format(mem, "%s %s: %s%s%s", moment(e->wall_s, p->to_wall_s, mem),
				  words_clean(e->kind, 0, mem), words_clean(e->text, 0, mem),
				  files ? "; written: " : "", files ? files : ""),
		     to);
	}
}

void past_print_text(const struct report_past *p, FILE *to)
{
	struct arena mem = { 0 };
	char span[16];

	if (p->samples)
		line("RECORDED",
		     arena_format(&mem, "%s to %s (%s, %zu samples); this look: %s",
				  moment(p->from_wall_s, 0, &mem),
				  moment(p->to_wall_s, p->from_wall_s, &mem),
				  words_duration(p->last.at_s - p->first.at_s, span), p->samples,
				  moment(p->look_wall_s, p->to_wall_s, &mem)),
		     to);
	if (p->jvm.ended)
		line("ENDED",
		     arena_format(&mem, "%s %s: %s", moment(p->jvm.end_wall_s, p->to_wall_s, &mem),
				  words_clean(p->jvm.end_kind, 0, &mem),
				  words_clean(p->jvm.end_text, 0, &mem)),
		     to);
	if (p->samples && p->last.value[SAMPLE_CONTAINER_limit] != UNKNOWN_BYTES)
		line("LAST",
		     arena_format(&mem,
				  "resident %s MB; the container's working set was %s of %s MB",
				  mb((double)p->last.value[SAMPLE_RSS], &mem),
				  mb((double)p->last.value[SAMPLE_CONTAINER_working_set], &mem),
				  mb((double)p->last.value[SAMPLE_CONTAINER_limit], &mem)),
		     to);
	print_course(p, &mem, to);
	print_events(p, &mem, to);
	arena_drop(&mem);
}
