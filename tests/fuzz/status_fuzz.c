// SPDX-License-Identifier: Apache-2.0
#include "parse/status.h"

#include <string.h>

#include "base/fail.h"

// Any bytes: no crash, a name that ends, and every failure has a text.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct fail why = { 0 };
	struct status got;

	if (status_parse((struct span){ (const char *)bytes, len }, &got, &why)) {
		if (strnlen(got.name, sizeof(got.name)) == sizeof(got.name) || got.pid < 0)
			__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	return 0;
}
