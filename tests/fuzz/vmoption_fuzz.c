// SPDX-License-Identifier: Apache-2.0
#include "parse/vmoption.h"

static int holds(struct span outer, struct span inner)
{
	return inner.at >= outer.at && inner.at + inner.len <= outer.at + outer.len;
}

// Any bytes: no crash; what is cut out lies in what came in.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct span input = { (const char *)bytes, len };
	struct vmoption o;

	for (int prefix = 0; prefix < 2; prefix++) {
		if (!(prefix ? vmoption_parse(input, &o) : vmoption_parse_flag(input, &o)))
			continue;
		if (!o.flag.len || (!o.is_other_name && !holds(input, o.flag)) ||
		    (o.form == VMOPTION_VALUE && !holds(input, o.value)))
			__builtin_trap();
	}
	return 0;
}
