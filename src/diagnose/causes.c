// SPDX-License-Identifier: Apache-2.0
// The catalogue as a table; the words stand in causes.def.

#include <string.h>

#include "diagnose/rule.h"

const struct cause CAUSES[] = {
#define CAUSE(id, kind, title, symptom, decisive, ruled_out_by, remedy, source, how)               \
	{ id, title, KIND_##kind, symptom, decisive, ruled_out_by, remedy, source, how },
#include "diagnose/causes.def"
#undef CAUSE
};
const size_t CAUSE_COUNT = sizeof(CAUSES) / sizeof(CAUSES[0]);

const struct cause *cause_find(const char *id)
{
	for (size_t i = 0; i < CAUSE_COUNT; i++)
		if (!strcmp(CAUSES[i].id, id))
			return &CAUSES[i];
	return NULL;
}
