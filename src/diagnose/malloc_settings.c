// SPDX-License-Identifier: Apache-2.0
#include "diagnose/malloc_settings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "facts/snapshot.h"

enum field { FIELD_NONE, FIELD_ARENA_MAX, FIELD_TRIM, FIELD_TOP_PAD, FIELD_MMAP };

static const struct known_name {
	const char *variable, *tunable; // NULL: it has none
	enum field field;
	uint64_t least, most;
} NAMES[] = {
	{ "MALLOC_ARENA_MAX", "glibc.malloc.arena_max", FIELD_ARENA_MAX, 1, UINT64_MAX },
	{ "MALLOC_ARENA_TEST", "glibc.malloc.arena_test", FIELD_NONE, 1, UINT64_MAX },
	{ "MALLOC_TRIM_THRESHOLD_", "glibc.malloc.trim_threshold", FIELD_TRIM, 0, UINT64_MAX },
	{ "MALLOC_TOP_PAD_", "glibc.malloc.top_pad", FIELD_TOP_PAD, 0, UINT64_MAX },
	{ "MALLOC_MMAP_THRESHOLD_", "glibc.malloc.mmap_threshold", FIELD_MMAP, 0, MIB(32) },
	{ "MALLOC_MMAP_MAX_", "glibc.malloc.mmap_max", FIELD_NONE, 0, INT32_MAX },
	{ "MALLOC_PERTURB_", "glibc.malloc.perturb", FIELD_NONE, 0, 255 },
	{ "MALLOC_CHECK_", "glibc.malloc.check", FIELD_NONE, 0, 3 },
	{ NULL, "glibc.malloc.tcache_count", FIELD_NONE, 0, UINT64_MAX },
	{ NULL, "glibc.malloc.tcache_max", FIELD_NONE, 0, UINT64_MAX },
	{ NULL, "glibc.malloc.tcache_unsorted_limit", FIELD_NONE, 0, UINT64_MAX },
	{ NULL, "glibc.malloc.mxfast", FIELD_NONE, 0, UINT64_MAX },
	{ NULL, "glibc.malloc.hugetlb", FIELD_NONE, 0, UINT64_MAX },
};
enum { NAME_COUNT = sizeof(NAMES) / sizeof(NAMES[0]) };

// Whose variables they are, by how their names begin.
static const struct {
	const char *starts, *allocator;
} OWNERS[] = {
	{ "MALLOC_CONF", "jemalloc" }, { "TCMALLOC_", "tcmalloc" }, { "MIMALLOC_", "mimalloc" },
	{ "MALLOC_", "glibc" },        { "glibc.", "glibc" },
};

struct scene {
	const struct snapshot *s;
	const char *allocator; // "glibc 2.36"; NULL: not known
	unsigned minor;        // of glibc's version; 0: not known
	bool all_ignored;      // GLIBC_TUNABLES is malformed, and this glibc drops it whole
	struct arena *mem;
};

static const struct known_name *find_name(const char *name)
{
	for (size_t i = 0; i < NAME_COUNT; i++)
		if ((NAMES[i].variable && !strcmp(NAMES[i].variable, name)) ||
		    (NAMES[i].tunable && !strcmp(NAMES[i].tunable, name)))
			return &NAMES[i];
	return NULL;
}

static bool starts(const char *text, const char *with)
{
	return !strncmp(text, with, strlen(with));
}

static const char *owner_of(const char *name)
{
	for (size_t i = 0; i < sizeof(OWNERS) / sizeof(OWNERS[0]); i++)
		if (starts(name, OWNERS[i].starts))
			return OWNERS[i].allocator;
	return NULL;
}

static bool is_tunable(const struct setting_row *row)
{
	return !strcmp(row->where, "GLIBC_TUNABLES");
}

// The last setting of the same thing that counts: a tunable before a variable.
static const struct setting_row *winner(const struct scene *c, const struct known_name *name)
{
	const struct setting_row *best = NULL;

	for (size_t i = 0; i < c->s->settings.count; i++) {
		const struct setting_row *row = &c->s->settings.at[i];

		if (find_name(row->name) != name || (is_tunable(row) && c->all_ignored))
			continue;
		if (!best || is_tunable(row) || !is_tunable(best))
			best = row;
	}
	return best;
}

static uint64_t in_malloc(const struct scene *c, enum field field)
{
	const struct malloc_limits *l = &c->s->malloc_limits;

	switch (field) {
	case FIELD_ARENA_MAX:
		return l->arena_max;
	case FIELD_TRIM:
		return l->trim_threshold;
	case FIELD_TOP_PAD:
		return l->top_pad;
	case FIELD_MMAP:
		return l->mmap_threshold;
	default:
		return 0;
	}
}

static const char *bad_value(const struct scene *c, const struct setting_row *row,
			     const struct known_name *name)
{
	if (!row->has_number)
		return "it is no number";
	if (!row->whole)
		return "glibc reads no letters behind a number";
	if (row->number < name->least || row->number > name->most)
		return arena_format(c->mem, "glibc takes %" PRIu64 " to %" PRIu64, name->least,
				    name->most);
	return NULL;
}

static const char *by_its_field(const struct scene *c, const struct setting_row *row,
				const struct known_name *name)
{
	uint64_t value = in_malloc(c, name->field);
	const char *bad = bad_value(c, row, name);

	if (row->has_number && value == row->number)
		return row->whole ? NULL
				  : arena_format(c->mem,
						 "glibc reads no letters: in force is %" PRIu64,
						 value);
	return arena_format(c->mem, "in force is %" PRIu64 "%s%s", value, bad ? ": " : "",
			    bad ? bad : "");
}

static const char *unknown_name(const struct scene *c, const char *name)
{
	for (size_t i = 0; i < NAME_COUNT; i++) {
		size_t len = NAMES[i].variable ? strlen(NAMES[i].variable) : 0;

		if (len && NAMES[i].variable[len - 1] == '_' && strlen(name) == len - 1 &&
		    starts(NAMES[i].variable, name))
			return arena_format(c->mem, "its name ends with _: %s", NAMES[i].variable);
	}
	return "glibc has no such setting";
}

static bool has_debug_library(const struct snapshot *s)
{
	for (size_t i = 0; i < s->mappings.count; i++)
		if (s->mappings.at[i].path && strstr(s->mappings.at[i].path, "libc_malloc_debug"))
			return true;
	return false;
}

static const char *of_glibc(const struct scene *c, const struct setting_row *row)
{
	const struct known_name *name = find_name(row->name);

	if (is_tunable(row) && c->minor && c->minor < 26)
		return "glibc reads GLIBC_TUNABLES since 2.26";
	if (is_tunable(row) && c->all_ignored)
		return "GLIBC_TUNABLES is malformed, and this glibc ignores all of it";
	if (row->malformed)
		return "it is not of the form name=value between colons";
	if (!name)
		return unknown_name(c, row->name);
	if (!*row->value)
		return "it has no value";
	if (winner(c, name) != row)
		return is_tunable(winner(c, name)) && !is_tunable(row)
			       ? "GLIBC_TUNABLES sets it too, and wins"
			       : "a later one wins";
	if (!strcmp(name->tunable, "glibc.malloc.arena_test") && c->s->malloc_limits.known &&
	    c->s->malloc_limits.arena_max)
		return "the greatest number of arenas is given itself";
	if (!strcmp(name->tunable, "glibc.malloc.check") && c->minor >= 34 &&
	    !has_debug_library(c->s))
		return "since 2.34 only libc_malloc_debug.so, preloaded, looks at it";
	if (name->field != FIELD_NONE && c->s->malloc_limits.known)
		return by_its_field(c, row, name);
	return bad_value(c, row, name);
}

static const char *judge(const struct scene *c, const struct setting_row *row)
{
	const char *owner = row->malformed && is_tunable(row) ? "glibc" : owner_of(row->name);

	if (!strcmp(row->name, "LD_PRELOAD"))
		return row->mapped ? NULL : "no such library is mapped: the linker did not load it";
	if (owner && c->allocator && !starts(c->allocator, owner))
		return strcmp(c->allocator, "unknown") != 0
			       ? arena_format(c->mem, "malloc is %s's", c->allocator)
			       : NULL;
	if (owner && !strcmp(owner, "glibc"))
		return of_glibc(c, row);
	return NULL;
}

// Seen with 2.43 and not with 2.36; what malloc holds decides in between.
static bool is_ignored_whole(const struct scene *c)
{
	bool malformed = false;

	for (size_t i = 0; i < c->s->settings.count; i++) {
		const struct setting_row *row = &c->s->settings.at[i];

		malformed |= is_tunable(row) && row->malformed && strchr(row->value, '=');
	}
	return malformed && c->minor >= 43;
}

static bool is_of_malloc(const struct setting_row *row)
{
	return strcmp(row->name, "LD_PRELOAD") != 0 || strstr(row->value, "malloc");
}

void malloc_settings_judge(const struct snapshot *s, struct arena *mem,
			   struct malloc_judgement *out)
{
	struct scene c = { .s = s, .mem = mem };

	*out = (struct malloc_judgement){ 0 };
	if (s->fact[F_ALLOCATOR].known)
		c.allocator = s->fact[F_ALLOCATOR].text;
	if (c.allocator && starts(c.allocator, "glibc 2."))
		c.minor = (unsigned)strtoul(c.allocator + strlen("glibc 2."), NULL, 10);
	c.all_ignored = is_ignored_whole(&c);
	for (size_t i = 0; i < s->settings.count; i++) {
		const struct setting_row *row = &s->settings.at[i];
		const char *why;

		if (!is_of_malloc(row))
			continue;
		why = judge(&c, row);
		vec_push(mem, &out->settings,
			 (struct judged_setting){ row->name, row->value, row->where, !why, why });
	}
}
