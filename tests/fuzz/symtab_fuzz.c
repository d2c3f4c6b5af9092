// SPDX-License-Identifier: Apache-2.0
#include "os/symtab.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct symtab_symbol s[] = { { .name = "one" }, { .name = "two" } };

	symtab_parse((struct span){ (const char *)bytes, len }, s, 2, NULL);
	return 0;
}
