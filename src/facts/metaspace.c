// SPDX-License-Identifier: Apache-2.0
#include "facts/metaspace.h"

const char *metaspace_owner_name(enum metaspace_owner o)
{
	static const char *const NAMES[] = {
		[METASPACE_BOOT] = "boot",
		[METASPACE_STANDARD] = "standard",
		[METASPACE_REFLECTION] = "reflection",
		[METASPACE_HIDDEN] = "hidden",
		[METASPACE_FREE] = "free",
	};

	return NAMES[o];
}
