// SPDX-License-Identifier: Apache-2.0
#include "parse/hsperf.h"

#include "base/fail.h"

// Any bytes: no crash; what is found lies inside them.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span text = { (const char *)bytes, len };
	struct fail why = { 0 };
	struct hsperf got;
	struct span value;
	uint64_t n;

	if (hsperf_parse(text, &got, &why)) {
		hsperf_number(&got, "sun.rt.safepoints", &n);
		hsperf_number(&got, "no.such.counter", &n);
		if (hsperf_text(&got, "java.rt.vmArgs", &value) &&
		    (value.at < text.at || value.at + value.len > text.at + text.len))
			__builtin_trap();
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	return 0;
}
