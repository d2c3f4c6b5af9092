// SPDX-License-Identifier: Apache-2.0
#include "diagnose/logged.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "diagnose/weigh.h"

static const double MOST = 0.5; // of the heap: what was freed was not held

static const char *file_of(const struct evidence *e, unsigned file)
{
	const char *path = file < e->log_file_count ? e->log_files[file] : "";
	const char *slash = strrchr(path, '/');

	if (!strcmp(path, "-"))
		return "standard input";
	return slash && slash[1] ? slash + 1 : path;
}

const char *logged_place(const struct evidence *e, struct arena *mem, struct gc_place from,
			 struct gc_place to)
{
	if (!from.line)
		return logged_whole(e, mem);
	if (!to.line || (to.line == from.line && to.file == from.file))
		return arena_format(mem, "%s:%" PRIu64, file_of(e, from.file), from.line);
	if (to.file == from.file)
		return arena_format(mem, "%s:%" PRIu64 "-%" PRIu64, file_of(e, from.file),
				    from.line, to.line);
	return arena_format(mem, "%s:%" PRIu64 " to %s:%" PRIu64, file_of(e, from.file), from.line,
			    file_of(e, to.file), to.line);
}

const char *logged_sum(const struct evidence *e, struct arena *mem, const struct gc_sum *s)
{
	return logged_place(e, mem, s->first, s->last);
}

const char *logged_whole(const struct evidence *e, struct arena *mem)
{
	return arena_text(mem, file_of(e, 0));
}

double logged_share(const struct evidence *e, double seconds)
{
	return e->log->span_s > 0 ? seconds / e->log->span_s : 0;
}

bool logged_negligible(const struct evidence *e, const struct gc_sum *s)
{
	static const double PART = 1e-5,
			    LONG_S = 0.1; // a second a day, and no common pause at once

	return e->log->span_s > 0 && s->sum_s < PART * e->log->span_s && s->max_s < LONG_S;
}

const char *logged_times(struct arena *mem, uint64_t count)
{
	return count == 1 ? "once" : arena_format(mem, "%" PRIu64 " times", count);
}

const char *logged_seconds(struct arena *mem, double seconds)
{
	if (!isfinite(seconds))
		return "?";
	if (seconds < 1)
		return arena_format(mem, "%.0f ms", seconds * 1000);
	if (seconds < 100)
		return arena_format(mem, "%.1f s", seconds);
	if (seconds < 7200)
		return arena_format(mem, "%.0f min", seconds / 60);
	if (seconds < 72 * 3600.0)
		return arena_format(mem, "%.1f h", seconds / 3600);
	return arena_format(mem, "%.0f days", seconds / 86400);
}

bool logged_knows(const struct gc_change *c)
{
	return c->before != UNKNOWN_BYTES && c->after != UNKNOWN_BYTES;
}

const char *logged_change(struct arena *mem, const struct gc_change *c)
{
	return arena_format(mem, "%s -> %s", weigh_size(mem, c->before), weigh_size(mem, c->after));
}

bool logged_is(const struct evidence *e, const char *collector)
{
	return !strncmp(e->log->collector, collector, strlen(collector));
}

void logged_contradiction(const struct evidence *e, struct arena *mem, struct finding *f)
{
	const struct gc_full *full = &e->log->full;
	const char *of_old = "";

	if (!full->count || full->freed_share < MOST)
		return;
	if (full->old_freed_share >= MOST)
		of_old = arena_format(mem, ", and %.0f %% of the old generation (%s)",
				      100 * full->old_freed_share, logged_change(mem, &full->old));
	weigh_confused(
		f, mem, "heap-leak",
		arena_format(
			mem,
			"the last Full GC freed %.0f %% of the whole heap as it stood (%s)%s, "
			"which "
			"contradicts \"held for ever\": what concurrent cycles could not free was "
			"not strongly reachable (classes that are not unloaded, soft or weak "
			"references, finalizers) or had been let go just before (%s)",
			100 * full->freed_share, logged_change(mem, &full->heap), of_old,
			logged_place(e, mem, full->place, full->place)));
}
