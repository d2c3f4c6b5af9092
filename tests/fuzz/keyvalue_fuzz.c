// SPDX-License-Identifier: Apache-2.0
#include "parse/keyvalue.h"

// Any text: no crash; what is found lies inside it.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct span value;
	uint64_t n;

	if (keyvalue_find(text, "anon", &value) &&
	    (value.at < text.at || value.at + value.len > text.at + text.len))
		__builtin_trap();
	keyvalue_find_number(text, "RssAnon", &n);
	keyvalue_parse_limit(text, &n);
	return 0;
}
