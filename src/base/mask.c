// SPDX-License-Identifier: Apache-2.0
// One pass from left to right.  At each place the rules are tried in the order of RULES; the first
// that fits masks a range and the pass goes on behind it.  No rule looks back further than the word
// it stands in, so the result for a value does not depend on the text far before it.
#include "base/mask.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"

struct scan {
	char *at;
	size_t len;
	enum mask_form form;
	mask_found *found;
	void *arg;
	size_t masked;
};

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

// Beginnings of well-known keys, and how many characters of the key alphabet must follow.
static const struct {
	const char *start;
	size_t more;
	bool upper_only; // only A-Z and 0-9, exactly `more` of them
} KNOWN_KEYS[] = {
	{ "AKIA", 16, true },      { "ASIA", 16, true },   { "ghp_", 30, false },
	{ "gho_", 30, false },     { "ghs_", 30, false },  { "github_pat_", 30, false },
	{ "glpat-", 16, false },   { "xoxb-", 16, false }, { "xoxp-", 16, false },
	{ "sk_live_", 16, false }, { "AIza", 30, false },
};

static bool is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static bool is_quote(char c)
{
	return c == '"' || c == '\'';
}

static bool is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

static bool is_key_char(char c) // base64, its URL form, and the other characters of RFC 6750
{
	return isalnum((unsigned char)c) || (c && strchr("-_.~+/=", c));
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

static void hide(struct scan *s, struct span key, size_t start, size_t end)
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

static size_t skip(const struct scan *s, size_t i, char c)
{
	while (i < s->len && s->at[i] == c)
		i++;
	return i;
}

static size_t end_of_quoted(const struct scan *s, size_t i, char quote)
{
	for (; i < s->len && !is_control(s->at[i]); i++) {
		if (s->at[i] == quote)
			return i;
		if (s->at[i] == '\\' && i + 1 < s->len && !is_control(s->at[i + 1]))
			i++;
	}
	return i;
}

static size_t end_of_word(const struct scan *s, size_t i)
{
	while (i < s->len && !is_control(s->at[i]) && !strchr(" &;\"'", s->at[i]))
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
static size_t end_of_words(const struct scan *s, size_t i)
{
	size_t end = end_of_word(s, i);

	if (is_scheme(s->at + i, end - i) && end < s->len && s->at[end] == ' ')
		end = end_of_word(s, end + 1);
	return end;
}

static size_t end_of_argument(const struct scan *s, size_t i)
{
	while (i < s->len && s->at[i])
		i++;
	return i;
}

// An option's value in a line of options may hold blanks; the next option ends it.  A value that
// was masked as an argument is one word of stars.
static size_t end_of_option(const struct scan *s, size_t i)
{
	size_t stars = skip(s, i, '*');

	if (stars > i && (stars == s->len || s->at[stars] == ' '))
		return stars;
	while (i < s->len && !is_control(s->at[i]) &&
	       !(s->at[i] == ' ' && i + 1 < s->len && s->at[i + 1] == '-'))
		i++;
	return i;
}

static bool starts_argument(const struct scan *s, size_t i)
{
	return s->form == MASK_ARGUMENTS && (i == 0 || !s->at[i - 1]);
}

// Behind NAME, =, : or quotes: masks the value.  Returns where the pass goes on.
static size_t hide_value(struct scan *s, struct span key, size_t name, size_t value)
{
	size_t end;

	if (starts_argument(s, name))
		end = end_of_argument(s, value);
	else if (value < s->len && s->at[value] == '\\' && value + 1 < s->len &&
		 s->at[value + 1] == '"') { // JSON inside a quoted string
		value += 2;
		for (end = value; end < s->len && !is_control(s->at[end]); end++)
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
	hide(s, key, value, end);
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
static bool is_option_with_value(const struct scan *s, struct span name, size_t end)
{
	char gap = s->form == MASK_ARGUMENTS ? '\0' : ' ';

	return *name.at == '-' && name.len > 1 && !strchr("DXJ", name.at[1]) && end + 1 < s->len &&
	       s->at[end] == gap && s->at[end + 1] != '-' && !is_control(s->at[end + 1]) &&
	       s->at[end + 1] != ' ';
}

static size_t try_element(struct scan *s, struct span name, size_t value) // <NAME>value</NAME>
{
	size_t end = value;

	if (!mask_is_secret_name(name))
		return 0;
	while (end < s->len && !is_control(s->at[end]) && s->at[end] != '<')
		end++;
	hide(s, name, value, end);
	return end;
}

// NAME=value, NAME: value, "NAME": "value", --NAME value.  Returns 0 when no rule fits here.
static size_t try_name(struct scan *s, size_t i)
{
	size_t end = i, value;
	struct span name;

	if (!is_name_char(s->at[i]) || (i && is_name_char(s->at[i - 1])))
		return 0;
	while (end < s->len && is_name_char(s->at[end]))
		end++;
	name = (struct span){ s->at + i, end - i };
	if (end >= s->len)
		return end;
	if (is_option_with_value(s, name, end) && mask_is_secret_name(name)) {
		value = end + 1;
		end = s->form == MASK_ARGUMENTS ? end_of_argument(s, value) : end_of_word(s, value);
		hide(s, bare_name(name), value, end);
		return end;
	}
	value = end;
	if (i && value + 1 < s->len && s->at[value] == '\\' && s->at[value + 1] == '"')
		value += 2;
	else if (i && s->at[value] == s->at[i - 1] && is_quote(s->at[value]))
		value++;
	else if (i && s->at[value] == '>' && s->at[i - 1] == '<')
		return try_element(s, name, value + 1);
	value = skip(s, value, ' ');
	if (value >= s->len || (s->at[value] != '=' && s->at[value] != ':') ||
	    !mask_is_secret_name(name))
		return 0;
	if (s->at[value] == ':' && value + 1 < s->len &&
	    (s->at[value + 1] == ':' || s->at[value + 1] == '/'))
		return 0;
	if (s->at[value] == '=' && value + 1 < s->len && s->at[value + 1] == '>')
		value++;
	return hide_value(s, bare_name(name), i, skip(s, value + 1, ' '));
}

// scheme://user:password@host; a user without a password may be a token and goes as a whole.
static size_t try_url(struct scan *s, size_t i)
{
	size_t start = i + 3, end, at = 0, colon = 0;

	if (i + 3 > s->len || memcmp(s->at + i, "://", 3) != 0)
		return 0;
	for (end = start; end < s->len && !is_control(s->at[end]); end++) {
		if (strchr("/?# \"'", s->at[end]))
			break;
		if (s->at[end] == '@')
			at = end;
		else if (s->at[end] == ':' && !colon)
			colon = end;
	}
	if (!at)
		return 0;
	hide(s, SPAN("url"), colon && colon < at ? colon + 1 : start, at);
	return at;
}

// jdbc:oracle:thin:user/password@...
static size_t try_oracle(struct scan *s, size_t i)
{
	static const char START[] = "oracle:thin:";
	size_t n = sizeof(START) - 1, end, slash = 0;

	if (s->len - i < n || memcmp(s->at + i, START, n) != 0)
		return 0;
	for (end = i + n;
	     end < s->len && end < i + n + 256 && !is_control(s->at[end]) && s->at[end] != '@';
	     end++)
		if (s->at[end] == '/' && !slash)
			slash = end;
	if (end >= s->len || s->at[end] != '@' || !slash)
		return 0;
	hide(s, SPAN("url"), slash + 1, end);
	return end;
}

static size_t count_key_chars(const struct scan *s, size_t i)
{
	size_t n = 0;

	while (i + n < s->len && is_key_char(s->at[i + n]))
		n++;
	return n;
}

static unsigned base64_digit(char c)
{
	static const char DIGITS[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *hit = c ? strchr(DIGITS, c) : NULL;

	return hit ? (unsigned)(hit - DIGITS) : 64;
}

// user:password in base64: what "Basic" carries, and what the word before "Basic auth" does not.
static bool is_base64_pair(const char *text, size_t len)
{
	unsigned bits = 0, count = 0;
	bool colon = false;

	for (size_t i = 0; i < len && text[i] != '='; i++) {
		unsigned digit = base64_digit(text[i]);

		if (digit > 63)
			return false;
		bits = bits << 6 | digit;
		count += 6;
		if (count >= 8) {
			unsigned char c = (unsigned char)(bits >> (count -= 8));

			if (c < 0x20)
				return false;
			colon |= c == ':';
		}
	}
	return colon;
}

static size_t try_scheme(struct scan *s, size_t i)
{
	bool bearer = s->len - i > 7 && !strncasecmp(s->at + i, "bearer ", 7);
	bool basic = s->len - i > 6 && !strncasecmp(s->at + i, "basic ", 6);
	size_t value, n;

	if ((!bearer && !basic) || (i && is_name_char(s->at[i - 1])))
		return 0;
	value = skip(s, i + (bearer ? 7 : 6), ' ');
	n = count_key_chars(s, value);
	if (bearer ? n < 16 : n < 6 || !is_base64_pair(s->at + value, n))
		return 0;
	hide(s, bearer ? SPAN("bearer") : SPAN("basic"), value, value + n);
	return value + n;
}

static size_t try_known_key(struct scan *s, size_t i)
{
	if (i && is_name_char(s->at[i - 1]) && s->at[i - 1] != '-')
		return 0;
	for (size_t k = 0; k < sizeof(KNOWN_KEYS) / sizeof(KNOWN_KEYS[0]); k++) {
		size_t n = strlen(KNOWN_KEYS[k].start), more = 0;

		if (s->len - i < n || memcmp(s->at + i, KNOWN_KEYS[k].start, n) != 0)
			continue;
		while (i + n + more < s->len &&
		       (isalnum((unsigned char)s->at[i + n + more]) ||
			strchr("_-", s->at[i + n + more])) &&
		       s->at[i + n + more])
			more++;
		if (KNOWN_KEYS[k].upper_only) {
			for (size_t m = 0; m < more; m++)
				if (!isupper((unsigned char)s->at[i + n + m]) &&
				    !isdigit((unsigned char)s->at[i + n + m]))
					return 0;
			if (more != KNOWN_KEYS[k].more)
				continue;
		}
		if (more < KNOWN_KEYS[k].more)
			continue;
		hide(s, SPAN("access key"), i, i + n + more);
		return i + n + more;
	}
	return 0;
}

// A JSON Web Token: two or three base64url parts, the first of which begins with {".
static size_t try_jwt(struct scan *s, size_t i)
{
	size_t n, dots = 0, last = 0;

	if (s->len - i < 16 || memcmp(s->at + i, "eyJ", 3) != 0 ||
	    (i && isalnum((unsigned char)s->at[i - 1])))
		return 0;
	for (n = 3; i + n < s->len; n++) {
		char c = s->at[i + n];

		if (c == '.') {
			if (n - last < 5 || ++dots > 2)
				break;
			last = n;
		} else if (!isalnum((unsigned char)c) && c != '_' && c != '-') {
			break;
		}
	}
	if (!dots || n < 16)
		return 0;
	hide(s, SPAN("jwt"), i, i + n);
	return i + n;
}

static bool is_pem_char(char c)
{
	return is_key_char(c) || (c && strchr("\r\n\t \\*,:", c));
}

// The text between the lines of a PEM private key, or as far as it goes where it is cut off.
static size_t try_private_key(struct scan *s, size_t i)
{
	static const char BEGIN[] = "-----BEGIN ", DASHES[] = "-----";
	static const char KEY[] = "PRIVATE KEY-----";
	size_t n = sizeof(BEGIN) - 1, start, end;

	if (s->len - i < n || memcmp(s->at + i, BEGIN, n) != 0)
		return 0;
	// "RSA ", "EC ", "OPENSSH ", "ENCRYPTED " or nothing stand between.
	for (start = i + n; start < s->len && start < i + n + 16; start++)
		if (s->len - start >= sizeof(KEY) - 1 &&
		    !memcmp(s->at + start, KEY, sizeof(KEY) - 1))
			break;
	if (start >= s->len || start == i + n + 16)
		return 0;
	start += sizeof(KEY) - 1;
	for (end = start; end < s->len && is_pem_char(s->at[end]); end++)
		if (s->len - end >= sizeof(DASHES) - 1 &&
		    !memcmp(s->at + end, DASHES, sizeof(DASHES) - 1))
			break;
	hide(s, SPAN("private key"), start, end);
	return end;
}

typedef size_t mask_rule(struct scan *s, size_t i);

static void mask_range(struct scan *s)
{
	static mask_rule *const RULES[] = { try_private_key, try_url, try_oracle, try_scheme,
					    try_known_key,   try_jwt, try_name };

	for (size_t i = 0; i < s->len;) {
		size_t next = 0;

		for (size_t r = 0; !next && r < sizeof(RULES) / sizeof(RULES[0]); r++)
			next = RULES[r](s, i);
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

static void mask_environment(struct scan *s)
{
	for (size_t i = 0, end; i < s->len; i = end + 1) {
		struct scan one = *s;
		char *equals;

		end = end_of_argument(s, i);
		equals = memchr(s->at + i, '=', end - i);
		if (!equals)
			continue;
		if (!is_kept_variable((struct span){ s->at + i, (size_t)(equals - s->at) - i })) {
			hide(s, (struct span){ s->at + i, (size_t)(equals - s->at) - i },
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

size_t mask_bytes(char *bytes, size_t len, enum mask_form form, mask_found *found, void *arg)
{
	struct scan s = { bytes, len, form, found, arg, 0 };

	if (form == MASK_ENVIRONMENT)
		mask_environment(&s);
	else
		mask_range(&s);
	return s.masked;
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
