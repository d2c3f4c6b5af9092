// SPDX-License-Identifier: Apache-2.0
#include "parse/tunables.h"

// Any bytes: no crash; the parts come to an end and are no longer than what came in.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span rest = { (const char *)bytes, len }, name, value;
	size_t sum = 0;
	uint64_t n;
	bool whole;

	while (tunables_take(&rest, &name, &value, &whole)) {
		sum += name.len + value.len;
		tunables_number(value, &n, &whole);
	}
	if (sum > len || rest.len)
		__builtin_trap();
	return 0;
}
