// SPDX-License-Identifier: Apache-2.0
// Secrets that need no name beside them: their own form shows what they are.
#include "base/mask_scan.h"

#include <string.h>

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

static bool is_key_char(char c) // base64, its URL form, and the other characters of RFC 6750
{
	return isalnum((unsigned char)c) || (c && strchr("-_.~+/=", c));
}

// scheme://user:password@host; a user without a password may be a token and goes as a whole.
static size_t try_url(struct mask_scan *s, size_t i)
{
	size_t start = i + 3, end, at = 0, colon = 0;

	if (i + 3 > s->len || memcmp(s->at + i, "://", 3) != 0)
		return 0;
	for (end = start; end < s->len && !mask_is_control(s->at[end]); end++) {
		if (strchr("/?# \"'", s->at[end]))
			break;
		if (s->at[end] == '@')
			at = end;
		else if (s->at[end] == ':' && !colon)
			colon = end;
	}
	if (!at)
		return 0;
	mask_hide(s, SPAN("url"), colon && colon < at ? colon + 1 : start, at);
	return at;
}

// jdbc:oracle:thin:user/password@...
static size_t try_oracle(struct mask_scan *s, size_t i)
{
	static const char START[] = "oracle:thin:";
	size_t n = sizeof(START) - 1, end, slash = 0;

	if (s->len - i < n || memcmp(s->at + i, START, n) != 0)
		return 0;
	for (end = i + n;
	     end < s->len && end < i + n + 256 && !mask_is_control(s->at[end]) && s->at[end] != '@';
	     end++)
		if (s->at[end] == '/' && !slash)
			slash = end;
	if (end >= s->len || s->at[end] != '@' || !slash)
		return 0;
	mask_hide(s, SPAN("url"), slash + 1, end);
	return end;
}

static size_t count_key_chars(const struct mask_scan *s, size_t i)
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

static size_t try_scheme(struct mask_scan *s, size_t i)
{
	bool bearer = s->len - i > 7 && !strncasecmp(s->at + i, "bearer ", 7);
	bool basic = s->len - i > 6 && !strncasecmp(s->at + i, "basic ", 6);
	size_t value, n;

	if ((!bearer && !basic) || (i && mask_is_name_char(s->at[i - 1])))
		return 0;
	value = mask_skip(s, i + (bearer ? 7 : 6), ' ');
	n = count_key_chars(s, value);
	if (bearer ? n < 16 : n < 6 || !is_base64_pair(s->at + value, n))
		return 0;
	mask_hide(s, bearer ? SPAN("bearer") : SPAN("basic"), value, value + n);
	return value + n;
}

static size_t try_known_key(struct mask_scan *s, size_t i)
{
	if (i && mask_is_name_char(s->at[i - 1]) && s->at[i - 1] != '-')
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
		mask_hide(s, SPAN("access key"), i, i + n + more);
		return i + n + more;
	}
	return 0;
}

// A JSON Web Token: two or three base64url parts, the first of which begins with {".
static size_t try_jwt(struct mask_scan *s, size_t i)
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
	mask_hide(s, SPAN("jwt"), i, i + n);
	return i + n;
}

static bool is_pem_char(char c)
{
	return is_key_char(c) || (c && strchr("\r\n\t \\*,:", c));
}

// The text between the lines of a PEM private key, or as far as it goes where it is cut off.
static size_t try_private_key(struct mask_scan *s, size_t i)
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
	mask_hide(s, SPAN("private key"), start, end);
	return end;
}

size_t mask_token(struct mask_scan *s, size_t i)
{
	static size_t (*const RULES[])(struct mask_scan * s, size_t i) = {
		try_private_key, try_url, try_oracle, try_scheme, try_known_key, try_jwt,
	};
	size_t next = 0;

	for (size_t r = 0; !next && r < sizeof(RULES) / sizeof(RULES[0]); r++)
		next = RULES[r](s, i);
	return next;
}
