// SPDX-License-Identifier: Apache-2.0
// Any bytes are of some kind, and names and texts lie within them, one behind the other.
#include "parse/content.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	// A copy of exactly this length, so that a byte read beyond is seen.
	unsigned char *copy = malloc(len ? len : 1);
	size_t used = len < CONTENT_MOST ? len : CONTENT_MOST, at = 0, before;
	struct span s;

	if (!copy)
		return 0;
	memcpy(copy, bytes, len);
	if (content_kind_of(copy, used) >= CONTENT_KINDS)
		__builtin_trap();
	for (before = 0; content_take_name(copy, len, &at, &s); before = at)
		if ((const unsigned char *)s.at < copy + before || !s.len ||
		    (size_t)((const unsigned char *)s.at - copy) + s.len > len || at <= before)
			__builtin_trap();
	for (at = before = 0; content_take_text(copy, len, 4, &at, &s); before = at)
		if ((const unsigned char *)s.at < copy + before || s.len < 4 ||
		    (size_t)((const unsigned char *)s.at - copy) + s.len > len || at <= before)
			__builtin_trap();
	free(copy);
	return 0;
}
