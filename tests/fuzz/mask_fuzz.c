// SPDX-License-Identifier: Apache-2.0
// Masking: never out of bounds, never longer, and nothing left to mask in what was masked.
#include <stdlib.h>
#include <string.h>

#include "base/mask.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	char *copy = malloc(len + 1), *once = malloc(len + 1);

	if (!copy || !once)
		abort();
	for (int form = MASK_TEXT; form <= MASK_ENVIRONMENT; form++) {
		memcpy(copy, bytes, len);
		mask_bytes(copy, len, (enum mask_form)form, NULL, NULL);
		memcpy(once, copy, len);
		mask_bytes(copy, len, (enum mask_form)form, NULL, NULL);
		if (memcmp(copy, once, len) != 0)
			abort();
	}
	free(copy);
	free(once);
	return 0;
}
