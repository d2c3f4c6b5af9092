// SPDX-License-Identifier: Apache-2.0
#include "present/malloc.h"

#include <stdio.h>
#include <string.h>

#include "cmd/command.h"
#include "cmd/complain.h"
#include "cmd/watch.h"
#include "diagnose/malloc_effects.h"
#include "diagnose/malloc_settings.h"

// Without malloc's memory nor a name for it there is nothing to show.
static bool is_told(const struct snapshot *s)
{
	return s->malloc.known || s->arenas.count ||
	       (s->fact[F_ALLOCATOR].known && strncmp(s->fact[F_ALLOCATOR].text, "glibc", 5) != 0);
}

static void say_what_is_missing(const struct snapshot *s)
{
	const char *reason = s->tier_denied;

	for (size_t i = 0; i < s->misses.count; i++)
		if (!strcmp(s->misses.at[i].collector, "malloc") ||
		    !strcmp(s->misses.at[i].collector, "chunks"))
			reason = s->misses.at[i].text;
	complain("what malloc of process %d holds can't be told: %s%s%s", s->pid,
		 reason ? reason : "its memory was not read", s->tier_gain ? "; " : "",
		 s->tier_gain ? s->tier_gain : "");
}

static void show(const struct report *r, const struct options *o, void *arg)
{
	struct malloc_judgement settings;
	struct malloc_effects effects;
	struct arena mem = { 0 };
	bool *any = arg;
	struct malloc_report report = { r, &settings, &effects, o->arenas, o->sizes };

	if (!is_told(r->now)) {
		say_what_is_missing(r->now);
		return;
	}
	*any = true;
	malloc_settings_judge(r->now, &mem, &settings);
	malloc_effects_list(r->now, &mem, &effects);
	if (o->json)
		malloc_print_json(&report, stdout);
	else
		malloc_print_text(&report, stdout);
	arena_drop(&mem);
}

static int run(const struct options *o)
{
	bool any = false;
	int code = watch_target(o, show, &any);

	return code == EXIT_DONE && !any ? EXIT_UNREADABLE : code;
}

const struct command cmd_malloc = {
	.name = "malloc",
	.sentence = "what malloc holds, keeps and could return, chunk by chunk",
	.arguments = "TARGET",
	.min_arguments = 1,
	.max_arguments = 1,
	.any_process = true,
	.chunks = CHUNKS_ALL,
	.options = OPTION_BIT(JSON) | OPTION_BIT(COLOR) | OPTION_BIT(FOR) | OPTION_BIT(EVERY) |
		   OPTION_BIT(NO_ATTACH) | OPTION_BIT(ARENAS) | OPTION_BIT(SIZES),
	.about =
		"Walks through all chunks of glibc's malloc in TARGET, from outside: what is in "
		"use "
		"(what may leak), what was freed and a trim would return (whole free pages), and "
		"what "
		"was freed and stays, because blocks in use lie in the same pages or because it is "
		"the "
		"end of an arena other than the main one. In use leaves out what threads keep in "
		"their "
		"caches, which glibc's own mallinfo counts as in use. Sizes are those of chunks, "
		"their headers included.\n\n"
		"TARGET is a PID, of any process that uses glibc's malloc and not only of a JVM, "
		"or "
		"what jledger map takes. Of a capture the walk that was made for it is "
		"shown; older ones have arenas and settings alone.\n\n"
		"A target that is quiet is walked once, and the numbers are exact. One that "
		"allocates "
		"meanwhile is walked up to five times; shown is the walk in the middle, and how "
		"far "
		"they lie apart. Where they do not agree, or where chunks can't be followed, the "
		"certainty is unsure, and why.\n\n"
		"--arenas shows each arena; --sizes how many chunks there are of each size. "
		"Settings "
		"are "
		"those that malloc has in force now, with what they do to this process.\n\n"
		"Other allocators (jemalloc, tcmalloc, mimalloc, musl's) are named; what they hold "
		"is "
		"unknown.\n\n"
		"The target is not stopped, and nothing runs in it. All of malloc's memory that is "
		"present is read, which takes about half a second of CPU time for 2 GB of small "
		"blocks; pages that are swapped out are not brought in.",
	.examples = "jledger malloc 4711 ## in use, freed, and what a trim would return\n"
		    "jledger malloc 4711 --arenas --sizes ## by arena, and by size\n"
		    "jledger try 4711 trim ## does it, and shows what came of it\n",
	.run = run,
};
