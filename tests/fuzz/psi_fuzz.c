// SPDX-License-Identifier: Apache-2.0
#include "parse/psi.h"

#include "base/fail.h"

// Any text: no crash; averages are percents.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct fail why = { 0 };
	struct psi got;

	if (psi_parse(text, &got, &why)) {
		if (!(got.some.avg10 >= 0 && got.some.avg10 < 101))
			__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	return 0;
}
