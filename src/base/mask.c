// SPDX-License-Identifier: Apache-2.0
// One pass from left to right.  At each place what shows itself to be a secret is tried first
// (mask_tokens.c), then what a name gives away (here); what fits masks a range, and the pass goes on
// behind it.  No rule looks back further than the word it stands in, so the result for a value does
// not depend on the text far before it.
#include "base/mask.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/mask_scan.h"

// Parts of names, in lower case, without the blanks that names use ('_', '-', '.').
static const char *const SECRET_PARTS[] = {
	"password",   "passwd",        "passphrase", "secret",     "token",
	"apikey",     "accesskey",     "privatekey", "signingkey", "encryptionkey",
	"credential", "authorization", "cookie",     "signature",  "pwd",
};
static const char *const SECRET_ENDINGS[] = { "pass", "jwt", "sig" };
static const char *const NOT_SECRET[] = { "bypass", "compass" };

// Variables whose values tell how the process runs; all others are masked whole.
static const char *const KEPT_VARIABLES[] = {
	"JAVA_TOOL_OPTIONS",
	"JDK_JAVA_OPTIONS",
	"_JAVA_OPTIONS",
	"JAVA_OPTS",
	"JAVA_HOME",
	"MALLOC_*",
	"GLIBC_TUNABLES",
	"TCMALLOC_*",
	"MIMALLOC_*",
	"LD_PRELOAD",
	"LD_LIBRARY_PATH",
	"PATH",
	"HOSTNAME",
	"LANG",
	"LC_*",
	"TZ",
	"container",
	"PWD",
	"XDG_RUNTIME_DIR",
	"TMPDIR",
};

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len >= n && !memcmp(text + len - n, end, n);
}

bool mask_is_secret_name(struct span name)
{
	char plain[128];
	size_t len = 0;

	// The end of a very long name counts: that is where the last word stands.
	if (name.len >= sizeof(plain)) {
		name.at += name.len - sizeof(plain) + 1;
		name.len = sizeof(plain) - 1;
	}
	for (size_t i = 0; i < name.len; i++)
		if (isalnum((unsigned char)name.at[i]))
			plain[len++] = (char)tolower((unsigned char)name.at[i]);
	for (size_t i = 0; i < sizeof(SECRET_PARTS) / sizeof(SECRET_PARTS[0]); i++)
		if (memmem(plain, len, SECRET_PARTS[i], strlen(SECRET_PARTS[i])))
			return true;
	for (size_t i = 0; i < sizeof(NOT_SECRET) / sizeof(NOT_SECRET[0]); i++)
		if (ends_with(plain, len, NOT_SECRET[i]))
			return false;
	for (size_t i = 0; i < sizeof(SECRET_ENDINGS) / sizeof(SECRET_ENDINGS[0]); i++)
		if (ends_with(plain, len, SECRET_ENDINGS[i]))
			return true;
	return false;
}

void mask_hide(struct mask_scan *s, struct span key, size_t start, size_t end)
{
	size_t stars = 0;

	for (size_t i = start; i < end; i++)
		stars += s->at[i] == '*';
	if (stars == end - start) // nothing there, or masked before
		return;
	if (s->found)
		s->found(s->arg, key, (struct span){ s->at + start, end - start });
	memset(s->at + start, '*', end - start);
	s->masked++;
}

static size_t end_of_quoted(const struct mask_scan *s, size_t i, char quote)
{
	for (; i < s->len && !mask_is_control(s->at[i]); i++) {
		if (s->at[i] == quote)
			return i;
		if (s->at[i] == '\\' && i + 1 < s->len && !mask_is_control(s->at[i + 1]))
			i++;
	}
	return i;
}

static size_t end_of_word(const struct mask_scan *s, size_t i)
{
	while (i < s->len && !mask_is_control(s->at[i]) && !strchr(" &;\"'", s->at[i]))
		i++;
	return i;
}

static bool is_scheme(const char *word, size_t len)
{
	static const char *const SCHEMES[] = { "bearer", "basic", "digest", "negotiate", "token" };

	for (size_t i = 0; i < sizeof(SCHEMES) / sizeof(SCHEMES[0]); i++)
		if (len == strlen(SCHEMES[i]) && !strncasecmp(word, SCHEMES[i], len))
			return true;
	return false;
}

// "Authorization: Bearer VALUE": the word behind the scheme is the secret.
static size_t end_of_words(const struct mask_scan *s, size_t i)
{
	size_t end = end_of_word(s, i);

	if (is_scheme(s->at + i, end - i) && end < s->len && s->at[end] == ' ')
		end = end_of_word(s, end + 1);
	return end;
}

static size_t end_of_argument(const struct mask_scan *s, size_t i)
{
	while (i < s->len && s->at[i])
		i++;
	return i;
}

// An option's value in a line of options may hold blanks; the next option ends it.  A value that
// was masked as an argument is one word of stars.
static size_t end_of_option(const struct mask_scan *s, size_t i)
{
	size_t stars = mask_skip(s, i, '*');

	if (stars > i && (stars == s->len || s->at[stars] == ' '))
		return stars;
	while (i < s->len && !mask_is_control(s->at[i]) &&
	       !(s->at[i] == ' ' && i + 1 < s->len && s->at[i + 1] == '-'))
		i++;
	return i;
}

static bool starts_argument(const struct mask_scan *s, size_t i)
{
	return s->form == MASK_ARGUMENTS && (i == 0 || !s->at[i - 1]);
}

// Behind NAME, =, : or quotes: masks the value.  Returns where the pass goes on.
static size_t hide_value(struct mask_scan *s, struct span key, size_t name, size_t value)
{
	size_t end;

	if (starts_argument(s, name))
		end = end_of_argument(s, value);
	else if (value < s->len && s->at[value] == '\\' && value + 1 < s->len &&
		 s->at[value + 1] == '"') { // JSON inside a quoted string
		value += 2;
		for (end = value; end < s->len && !mask_is_control(s->at[end]); end++)
			if (s->at[end] == '"' && s->at[end - 1] == '\\' && end > value) {
				end--;
				break;
			}
	} else if (value < s->len && is_quote(s->at[value])) {
		end = end_of_quoted(s, value + 1, s->at[value]);
		value++;
	} else if (s->at[name] == '-') {
		end = end_of_option(s, value);
	} else {
		end = end_of_words(s, value);
	}
	mask_hide(s, key, value, end);
	return end > value ? end : value;
}

// "-Ddb.password" -> "db.password"
static struct span bare_name(struct span name)
{
	size_t dashes = 0;

	while (dashes < name.len && name.at[dashes] == '-')
		dashes++;
	if (dashes && dashes + 1 < name.len && name.at[dashes] == 'D')
		dashes++;
	return (struct span){ name.at + dashes, name.len - dashes };
}

// `--password VALUE`, but not `-Dname VALUE`: there the value is the main class.
static bool is_option_with_value(const struct mask_scan *s, struct span name, size_t end)
{
	char gap = s->form == MASK_ARGUMENTS ? '\0' : ' ';

	return *name.at == '-' && name.len > 1 && !strchr("DXJ", name.at[1]) && end + 1 < s->len &&
	       s->at[end] == gap && s->at[end + 1] != '-' && !mask_is_control(s->at[end + 1]) &&
	       s->at[end + 1] != ' ';
}

static size_t try_element(struct mask_scan *s, struct span name, size_t value) // <NAME>value</NAME>
{
	size_t end = value;

	if (!mask_is_secret_name(name))
		return 0;
	while (end < s->len && !mask_is_control(s->at[end]) && s->at[end] != '<')
		end++;
	mask_hide(s, name, value, end);
	return end;
}

// NAME=value, NAME: value, "NAME": "value", --NAME value.  Returns 0 when no rule fits here.
static size_t try_name(struct mask_scan *s, size_t i)
{
	size_t end = i, value;
	struct span name;

	if (!mask_is_name_char(s->at[i]) || (i && mask_is_name_char(s->at[i - 1])))
		return 0;
	while (end < s->len && mask_is_name_char(s->at[end]))
		end++;
	name = (struct span){ s->at + i, end - i };
	if (end >= s->len)
		return end;
	if (is_option_with_value(s, name, end) && mask_is_secret_name(name)) {
		value = end + 1;
		end = s->form == MASK_ARGUMENTS ? end_of_argument(s, value) : end_of_word(s, value);
		mask_hide(s, bare_name(name), value, end);
		return end;
	}
	value = end;
	if (i && value + 1 < s->len && s->at[value] == '\\' && s->at[value + 1] == '"')
		value += 2;
	else if (i && s->at[value] == s->at[i - 1] && is_quote(s->at[value]))
		value++;
	else if (i && s->at[value] == '>' && s->at[i - 1] == '<')
		return try_element(s, name, value + 1);
	value = mask_skip(s, value, ' ');
	if (value >= s->len || (s->at[value] != '=' && s->at[value] != ':') ||
	    !mask_is_secret_name(name))
		return 0;
	if (s->at[value] == ':' && value + 1 < s->len &&
	    (s->at[value + 1] == ':' || s->at[value + 1] == '/'))
		return 0;
	if (s->at[value] == '=' && value + 1 < s->len && s->at[value + 1] == '>')
		value++;
	return hide_value(s, bare_name(name), i, mask_skip(s, value + 1, ' '));
}

static void mask_range(struct mask_scan *s)
{
	for (size_t i = 0; i < s->len;) {
		size_t next = mask_token(s, i);

		if (!next)
			next = try_name(s, i);
		i = next > i ? next : i + 1;
	}
}

static bool is_kept_variable(struct span name)
{
	for (size_t i = 0; i < sizeof(KEPT_VARIABLES) / sizeof(KEPT_VARIABLES[0]); i++) {
		const char *kept = KEPT_VARIABLES[i];
		size_t n = strlen(kept);

		if (kept[n - 1] == '*' ? name.len >= n - 1 && !memcmp(name.at, kept, n - 1)
				       : span_is(name, kept))
			return true;
	}
	return false;
}

static void mask_environment(struct mask_scan *s)
{
	for (size_t i = 0, end; i < s->len; i = end + 1) {
		struct mask_scan one = *s;
		char *equals;

		end = end_of_argument(s, i);
		equals = memchr(s->at + i, '=', end - i);
		if (!equals)
			continue;
		if (!is_kept_variable((struct span){ s->at + i, (size_t)(equals - s->at) - i })) {
			mask_hide(s, (struct span){ s->at + i, (size_t)(equals - s->at) - i },
				  (size_t)(equals - s->at) + 1, end);
			continue;
		}
		one.at = equals + 1;
		one.len = end - (size_t)(one.at - s->at);
		one.form = MASK_TEXT;
		one.masked = 0;
		mask_range(&one);
		s->masked += one.masked;
	}
}

// What was masked can let the text behind it read differently (a quote that is gone no longer ends
// a value): again until nothing is found.  Texts need two or three rounds; the limit is against one
// that was made to need thousands.
size_t mask_bytes(char *bytes, size_t len, enum mask_form form, mask_found *found, void *arg)
{
	enum { ROUNDS = 16 };
	size_t masked = 0, before = 1;

	for (int round = 0; round < ROUNDS && masked != before; round++) {
		struct mask_scan s = { bytes, len, form, found, arg, 0 };

		if (form == MASK_ENVIRONMENT)
			mask_environment(&s);
		else
			mask_range(&s);
		before = masked;
		masked += s.masked;
	}
	return masked;
}

size_t mask_literal(char *bytes, size_t len, struct span secret)
{
	size_t count = 0;

	for (char *at = bytes; secret.len && len - (size_t)(at - bytes) >= secret.len; count++) {
		at = memmem(at, len - (size_t)(at - bytes), secret.at, secret.len);
		if (!at)
			break;
		memset(at, '*', secret.len);
		at += secret.len;
	}
	return count;
}

char *mask_copy(struct arena *mem, const char *text)
{
	size_t len = strlen(text);
	char *copy = arena_copy(mem, text, len);

	mask_bytes(copy, len, MASK_TEXT, NULL, NULL);
	return copy;
}
