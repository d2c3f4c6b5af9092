// SPDX-License-Identifier: Apache-2.0
#include "parse/tunables.h"

#include <ctype.h>

bool tunables_take(struct span *rest, struct span *name, struct span *value, bool *whole)
{
	struct span part;

	if (!rest->len)
		return false;
	if (!span_take_until(rest, ':', &part)) {
		part = *rest;
		rest->at += rest->len;
		rest->len = 0;
	}
	*whole = span_take_until(&part, '=', name);
	if (!*whole) {
		*name = part;
		*value = (struct span){ part.at + part.len, 0 };
	} else {
		*value = part;
	}
	return true;
}

bool tunables_number(struct span text, uint64_t *out, bool *whole)
{
	unsigned base = 10, digit;
	bool any = false, negative;
	uint64_t n = 0;

	span_skip_blanks(&text);
	negative = span_take_char(&text, '-');
	if (text.len > 2 && text.at[0] == '0' && (text.at[1] | 32) == 'x' &&
	    isxdigit((unsigned char)text.at[2])) {
		base = 16;
		text.at += 2;
		text.len -= 2;
	} else if (text.len && *text.at == '0') {
		base = 8;
	}
	for (; text.len; text.at++, text.len--, any = true) {
		char c = *text.at;

		if (isdigit((unsigned char)c))
			digit = (unsigned)(c - '0');
		else if (base == 16 && isxdigit((unsigned char)c))
			digit = (unsigned)((c | 32) - 'a' + 10);
		else
			break;
		if (digit >= base)
			break;
		n = n > (UINT64_MAX - digit) / base ? UINT64_MAX : n * base + digit;
	}
	if (!any)
		return false;
	*whole = !text.len;
	*out = negative ? -n : n;
	return true;
}
