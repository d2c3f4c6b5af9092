// SPDX-License-Identifier: Apache-2.0
#include "diagnose/malloc_effects.h"

#include <inttypes.h>

#include "base/units.h"
#include "facts/snapshot.h"

#define DEFAULT_THRESHOLD KIB(128)

struct writer {
	const struct snapshot *s;
	struct arena *mem;
	struct malloc_effects *out;
};

static void say(struct writer *w, const char *setting, const char *value, const char *text)
{
	vec_push(w->mem, &w->out->list, (struct malloc_effect){ setting, value, text });
}

static const char *size(struct writer *w, uint64_t bytes)
{
	char text[16];

	if (bytes >= UINT64_C(1) << 47)
		return "unlimited";
	return arena_text(w->mem, units_print_size(bytes, text));
}

static void say_arenas(struct writer *w)
{
	const struct malloc_limits *l = &w->s->malloc_limits;
	uint64_t arenas = w->s->arenas.count, threads = 0;

	for (size_t i = 0; i < w->s->arenas.count; i++)
		threads += w->s->arenas.at[i].attached_threads;
	if (l->arena_max)
		say(w, "arena_max", arena_format(w->mem, "%" PRIu64, l->arena_max),
		    arena_format(
			    w->mem,
			    "set: at most %" PRIu64 " arenas, there are %" PRIu64 " for %" PRIu64
			    " threads; threads of one arena wait for each other, and share what "
			    "it keeps",
			    l->arena_max, arenas, threads));
	else
		say(w, "arena_max", "not set",
		    arena_format(w->mem,
				 "up to 8 arenas for each CPU: there are %" PRIu64 " for %" PRIu64
				 " threads, and each keeps its own free memory",
				 arenas, threads));
}

static void say_mmap(struct writer *w)
{
	const struct malloc_limits *l = &w->s->malloc_limits;
	const struct malloc_facts *m = &w->s->malloc;
	const char *value = size(w, l->mmap_threshold), *text;

	if (m->tuned_known && !m->mmap_max) {
		say(w, "mmap_max", "0",
		    "no block gets a mapping of its own: all come from arenas, and what is freed "
		    "stays with them");
		return;
	}
	if (m->tuned_known && m->no_dyn_threshold)
		text = "set, and never moves: blocks of this size and more have a mapping of their "
		       "own, which is given back as they are freed";
	else if (l->mmap_threshold > DEFAULT_THRESHOLD)
		text = "moved: it was 128 KB, and a block of this size with a mapping of its own "
		       "was "
		       "freed. Smaller ones come from arenas since, which keep them when they are "
		       "freed";
	else
		text = "not moved yet: it rises to the size of a mapped block that is freed, up to "
		       "32 "
		       "MB, and smaller blocks come from arenas then";
	say(w, "mmap_threshold", value, text);
}

static void say_trim(struct writer *w)
{
	const struct malloc_limits *l = &w->s->malloc_limits;
	const struct malloc_facts *m = &w->s->malloc;
	const char *value = size(w, l->trim_threshold);
	uint64_t tops = 0;

	for (size_t i = 0; i < m->arenas.count; i++)
		tops += m->arenas.at[i].main ? 0 : m->arenas.at[i].top;
	say(w, "trim_threshold", value,
	    arena_format(
		    w->mem,
		    "%s: only what is free at the end of an arena's memory, beyond this, goes "
		    "back by itself; what is free between blocks in use never does. The ends of "
		    "arenas other than the main one, %.1f MB here, stay even after a trim",
		    m->tuned_known && m->no_dyn_threshold   ? "set"
		    : l->trim_threshold > DEFAULT_THRESHOLD ? "moved, twice the mmap_threshold"
							    : "as it began",
		    units_in_mb(tops)));
}

void malloc_effects_list(const struct snapshot *s, struct arena *mem, struct malloc_effects *out)
{
	struct writer w = { s, mem, out };

	*out = (struct malloc_effects){ 0 };
	if (!s->malloc_limits.known)
		return;
	say_arenas(&w);
	say_mmap(&w);
	say_trim(&w);
	if (s->malloc_limits.top_pad > DEFAULT_THRESHOLD)
		say(&w, "top_pad", size(&w, s->malloc_limits.top_pad),
		    "set: each time that an arena grows it takes this much more");
	if (s->malloc.tuned_known && !s->malloc.cache_count)
		say(&w, "tcache_count", "0",
		    "threads keep no caches: small blocks that are freed join others sooner");
	if (s->malloc.tuned_known && s->malloc.huge_page)
		say(&w, "hugetlb", size(&w, s->malloc.huge_page),
		    "malloc asks for huge pages: memory comes, and the main arena's end goes, in "
		    "pieces of this size");
}
