// SPDX-License-Identifier: Apache-2.0
#include "collect/given.h"

#include <string.h>

#include "base/fail.h"
#include "base/mask.h"
#include "base/tree.h"
#include "parse/cmdline.h"
#include "parse/optiontext.h"
#include "parse/vmoption.h"

enum { WORD_LIMIT = 8192, FILE_LIMIT = 1 << 20 };

static void add_word(struct given *g, const char *text, const char *where)
{
	if (g->words.count < WORD_LIMIT)
		vec_push(g->mem, &g->words, (struct given_word){ text, where });
}

static bool read_file(struct given *g, const char *name, struct span *out)
{
	const char *path = arena_format(g->mem, "%s%s%s", *name == '/' ? g->root : g->cwd,
					*name == '/' ? "" : "/", name);
	struct tree_stat st;
	struct fail why;

	if (tree_stat(g->files, path, &st, &why) && st.size <= FILE_LIMIT &&
	    tree_read(g->files, path, g->mem, out, &why))
		return true;
	if (!g->missing)
		g->missing = arena_format(g->mem, "%s could not be read", name);
	return false;
}

static bool takes_argfiles(const struct given *g)
{
	return g->jdk != 8;
}

// A word of the launcher's, once quotes are gone.
static bool take_word(struct given *g, const char *word, const char *where)
{
	struct span text = span_of(word);

	if (g->ended)
		return false;
	if (g->in_value) {
		g->in_value = false;
		return true;
	}
	if (*word != '-') {
		g->ended = true;
		return false;
	}
	// The value behind -jar and -m is what runs.
	if (span_is(text, "-jar") || span_is(text, "-m") || span_is(text, "--module") ||
	    span_starts(text, "--module=")) {
		g->ended = true;
		return true;
	}
	g->in_value = cmdline_has_value(text);
	add_word(g, word, where);
	return true;
}

static bool take_argfile(struct given *g, const char *name)
{
	const char *where = arena_format(g->mem, "@%s", name), *word;
	struct span text;

	if (!read_file(g, name, &text))
		return true;
	while (optiontext_take(&text, OPTIONTEXT_ARGFILE, g->mem, &word))
		if (!take_word(g, word, where))
			return false;
	return true;
}

static bool take_launcher_word(struct given *g, const char *word, const char *where)
{
	if (g->ended)
		return false;
	if (*word == '@' && word[1] != '@' && !g->in_value && takes_argfiles(g))
		return take_argfile(g, word + 1);
	return take_word(g, word, where);
}

bool given_add_argument(struct given *g, struct span argument)
{
	return take_launcher_word(g, arena_copy(g->mem, argument.at, argument.len), "command line");
}

void given_add_variable(struct given *g, const char *name, struct span value)
{
	bool launcher = !strcmp(name, "JDK_JAVA_OPTIONS");
	const char *word;

	while (optiontext_take(&value, launcher ? OPTIONTEXT_LAUNCHER : OPTIONTEXT_VM, g->mem,
			       &word)) {
		if (launcher)
			take_launcher_word(g, word, name);
		else
			add_word(g, word, name);
	}
	g->in_value = g->ended = false;
}

// -XX:VMOptionsFile=NAME gives way to the words of the file; there is one at most.
static void expand_option_file(struct given *g)
{
	static const char OPTION[] = "-XX:VMOptionsFile=";
	struct given all = { .files = g->files, .root = g->root, .cwd = g->cwd, .mem = g->mem };
	bool done = g->jdk == 8;

	for (size_t i = 0; i < g->words.count; i++) {
		const char *text = g->words.at[i].text, *word;
		struct span bytes;

		if (done || strncmp(text, OPTION, sizeof(OPTION) - 1) != 0 ||
		    !read_file(g, text + sizeof(OPTION) - 1, &bytes)) {
			add_word(&all, text, g->words.at[i].where);
			continue;
		}
		done = true;
		while (optiontext_take(&bytes, OPTIONTEXT_VM, g->mem, &word))
			add_word(&all, word, text);
	}
	g->words.at = all.words.at;
	g->words.count = all.words.count;
	g->words.room = all.words.room;
}

static void read_flags_file(struct given *g)
{
	static const char OPTION[] = "-XX:Flags=";
	const char *option = NULL, *word;
	struct span bytes;

	for (size_t i = 0; i < g->words.count; i++)
		if (!strncmp(g->words.at[i].text, OPTION, sizeof(OPTION) - 1))
			option = g->words.at[i].text;
	if (!option || !read_file(g, option + sizeof(OPTION) - 1, &bytes))
		return;
	while (g->flags.count < WORD_LIMIT &&
	       optiontext_take(&bytes, OPTIONTEXT_FLAGS, g->mem, &word))
		vec_push(g->mem, &g->flags, (struct given_word){ word, option });
}

void given_add_files(struct given *g)
{
	expand_option_file(g);
	read_flags_file(g);
}

static const char *text_of(struct span s, struct arena *mem)
{
	return s.len ? arena_copy(mem, s.at, s.len) : NULL;
}

static enum given_form form_of(enum vmoption_form form)
{
	switch (form) {
	case VMOPTION_ON:
		return GIVEN_ON;
	case VMOPTION_OFF:
		return GIVEN_OFF;
	default:
		return GIVEN_VALUE;
	}
}

char *given_mask(const char *text, struct arena *mem)
{
	size_t len = strlen(text);
	char *copy = arena_copy(mem, text, len);

	mask_bytes(copy, len, MASK_ARGUMENTS, NULL, NULL);
	mask_bytes(copy, len, MASK_TEXT, NULL, NULL);
	return copy;
}

bool given_row(const char *text, const char *where, bool of_flags_file, struct arena *mem,
	       struct option_row *out)
{
	struct option_row row = { .where = where, .form = GIVEN_OTHER };
	const char *masked = given_mask(text, mem);
	struct vmoption o;
	bool is_flag;

	row.text = masked;
	is_flag = of_flags_file ? vmoption_parse_flag(span_of(masked), &o)
				: vmoption_parse(span_of(masked), &o);
	if (!is_flag && (of_flags_file || strncmp(masked, "-X", 2) != 0))
		return false;
	if (is_flag) {
		row.flag = text_of(o.flag, mem);
		row.also = text_of(o.also, mem);
		row.form = form_of(o.form);
		row.value =
			o.form == VMOPTION_VALUE ? arena_copy(mem, o.value.at, o.value.len) : NULL;
		row.has_number = o.has_number;
		row.number = o.number;
		row.has_real = o.has_real;
		row.real = o.real;
	}
	*out = row;
	return true;
}
