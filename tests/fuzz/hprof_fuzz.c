// SPDX-License-Identifier: Apache-2.0
#include "parse/hprof.h"

// Any bytes: every record and part lies within them, and the walk ends.
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	const uint8_t *at = bytes, *end = bytes + len;
	struct hprof_header h;
	struct hprof_record r;

	if (!hprof_parse_header((struct span){ (const char *)bytes, len }, &h, NULL))
		return 0;
	at += h.len;
	while (hprof_take_record(&at, end, &r)) {
		const uint8_t *inside = r.body;
		struct hprof_part p;

		if (r.body + r.have > end)
			__builtin_trap();
		while (hprof_take_part(&inside, r.body + r.have, h.id_bytes, &p) == HPROF_TOOK_PART)
			if (p.data + p.len > r.body + r.have || inside > r.body + r.have)
				__builtin_trap();
	}
	return 0;
}
