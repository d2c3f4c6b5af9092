// SPDX-License-Identifier: Apache-2.0
#include "jvm/classcounts.h"

#include <stdint.h>

#include "base/memory.h"
#include "jvm/classes.h"
#include "jvm/hotspot.h"

enum { WORDS = 6 }; // behind the list head: 11 to 28 have the pair within the first four

bool classcounts_agree(const struct hotspot *vm, const struct hotspot_classes *classes)
{
	uint64_t instances = 0, arrays, words[WORDS];
	uint64_t head = hotspot_at(vm, FIELD_CLD_HEAD, 0);

	for (size_t i = 0; i < classes->classes.count; i++)
		instances += classes->classes.at[i].kind == CLASS_INSTANCE;
	arrays = classes->classes.count - instances;
	if (!head || !instances || !memory_read(vm->memory, head + 8, words, sizeof(words), NULL))
		return false;
	for (int i = 0; i + 1 < WORDS; i++)
		if (words[i] == instances && words[i + 1] == arrays)
			return true;
	return false;
}
