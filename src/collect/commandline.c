// SPDX-License-Identifier: Apache-2.0
#include "collect/commandline.h"

#include <string.h>

#include "base/fail.h"
#include "base/tree.h"
#include "collect/given.h"
#include "facts/snapshot.h"
#include "parse/keyvalue.h"

enum { FOLDERS_UP = 3 };

// 'JAVA_VERSION="1.8.0_504"' -> 8, '"17.0.15"' -> 17.
static bool parse_release(struct span text, unsigned *jdk)
{
	struct span value;
	uint64_t n;

	if (!keyvalue_find(text, "JAVA_VERSION", &value))
		return false;
	span_take_char(&value, '=');
	span_take_char(&value, '"');
	if (span_starts(value, "1."))
		span_take_text(&value, "1.");
	if (!span_take_dec(&value, &n) || n > 999)
		return false;
	*jdk = (unsigned)n;
	return true;
}

// The file stands in the JDK's home: one folder above bin, two above jre/bin.  Some builds of JDK 8 have
// none; only JDKs before 9 have their classes in rt.jar.
static bool find_jdk(const struct tree *files, const char *java, struct arena *mem, unsigned *jdk)
{
	char *folder = arena_text(mem, java);

	for (int i = 0; i < FOLDERS_UP; i++) {
		char *slash = strrchr(folder, '/');
		struct tree_stat st;
		struct span text;

		if (!slash || slash == folder)
			return false;
		*slash = '\0';
		if (tree_read(files, arena_format(mem, "%s/release", folder), mem, &text, NULL) &&
		    parse_release(text, jdk))
			return true;
		if (tree_stat(files, arena_format(mem, "%s/lib/rt.jar", folder), &st, NULL)) {
			*jdk = 8;
			return true;
		}
	}
	return false;
}

static void add_options(const struct tree *files, const struct commandline *c, struct arena *mem,
			struct snapshot *out)
{
	struct given g = { .files = files, .root = "", .cwd = c->cwd, .mem = mem, .jdk = c->jdk };
	struct option_row row;

	for (size_t i = 0; i < c->count; i++)
		if (!given_add_argument(&g, span_of(c->words[i])))
			break;
	given_add_files(&g);
	for (size_t i = 0; i < g.flags.count; i++)
		if (given_row(g.flags.at[i].text, g.flags.at[i].where, true, mem, &row))
			vec_push(mem, &out->options, row);
	for (size_t i = 0; i < g.words.count; i++)
		if (given_row(g.words.at[i].text, g.words.at[i].where, false, mem, &row))
			vec_push(mem, &out->options, row);
	out->options_whole = !g.missing;
	out->options_why_not = g.missing;
}

bool commandline_look(const struct tree *files, const struct commandline *c, struct arena *mem,
		      struct snapshot *out, struct fail *why)
{
	struct provenance from = { "commandline", "release file", TIER_D, CERTAINTY_EXACT };
	struct commandline with = *c;
	struct span text;

	if (!with.jdk && with.java && !find_jdk(files, with.java, mem, &with.jdk))
		return fail(why, FAIL_ABSENT,
			    "no release file beside %s says which JDK it is: --jdk N does",
			    with.java);
	snapshot_init(out, mem);
	if (with.jdk)
		snapshot_set(out, F_JDK, with.jdk, from);
	add_options(files, &with, mem, out);
	if (tree_read(files, "/proc/meminfo", mem, &text, NULL))
		keyvalue_find_number(text, "MemTotal", &out->machine_memory);
	return true;
}
