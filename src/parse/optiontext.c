// SPDX-License-Identifier: Apache-2.0
#include "parse/optiontext.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"

static bool is_space(char c)
{
	return isspace((unsigned char)c) || !c;
}

static bool has_comments(enum optiontext_kind kind)
{
	return kind == OPTIONTEXT_ARGFILE || kind == OPTIONTEXT_FLAGS;
}

static void skip(struct span *rest, size_t n)
{
	rest->at += n;
	rest->len -= n;
}

// Blanks, ends of lines, and comments that begin a word.
static void skip_gap(struct span *rest, enum optiontext_kind kind)
{
	while (rest->len) {
		if (*rest->at == '#' && has_comments(kind)) {
			while (rest->len && *rest->at != '\n' && *rest->at != '\r')
				skip(rest, 1);
		} else if (is_space(*rest->at)) {
			skip(rest, 1);
		} else {
			return;
		}
	}
}

// A word as it grows; without room its length alone is counted.
struct word {
	char *text;
	size_t len;
};

static void put(struct word *w, char c)
{
	if (w->text)
		w->text[w->len] = c;
	w->len++;
}

// Behind a backslash inside quotes of an argument file.  A line that ends with one goes on at the
// first character of the next that is no blank.
static void take_escape(struct span *rest, struct word *w)
{
	static const char LETTERS[] = "ntrf", MEANINGS[] = "\n\t\r\f";
	const char *hit;
	char c;

	if (!rest->len)
		return;
	c = *rest->at;
	skip(rest, 1);
	if (c == '\r' || c == '\n') {
		while (rest->len && is_space(*rest->at))
			skip(rest, 1);
		return;
	}
	hit = c ? strchr(LETTERS, c) : NULL;
	put(w, hit ? MEANINGS[hit - LETTERS] : c);
}

static bool ends_word(const struct span *rest, enum optiontext_kind kind, char quote)
{
	char c = *rest->at;

	// A quote that is not closed ends with its line in a file.
	if (quote)
		return has_comments(kind) && (c == '\n' || c == '\r');
	return is_space(c);
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

// A word to its end; false when a comment swallowed it, as the launcher's argument files do.
static bool take_word(struct span *rest, enum optiontext_kind kind, struct word *w)
{
	char quote = 0;

	while (rest->len && !ends_word(rest, kind, quote)) {
		char c = *rest->at;

		if (!quote && c == '#' && kind == OPTIONTEXT_ARGFILE)
			return false;
		skip(rest, 1);
		if (quote && c == '\\' && kind == OPTIONTEXT_ARGFILE)
			take_escape(rest, w);
		else if (c == quote)
			quote = 0;
		// The VM's own reader of flags takes a quote that begins a word as part of it.
		else if (!quote && is_quote(c) && (kind != OPTIONTEXT_FLAGS || w->len))
			quote = c;
		else
			put(w, c);
	}
	return true;
}

bool optiontext_take(struct span *rest, enum optiontext_kind kind, struct arena *mem,
		     const char **word)
{
	for (skip_gap(rest, kind); rest->len; skip_gap(rest, kind)) {
		struct span again = *rest;
		struct word w = { 0 };

		if (!take_word(rest, kind, &w))
			continue;
		w.text = arena_get(mem, w.len + 1);
		w.len = 0;
		take_word(&again, kind, &w);
		*word = w.text;
		return true;
	}
	return false;
}
