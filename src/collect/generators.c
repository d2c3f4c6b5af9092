// SPDX-License-Identifier: Apache-2.0
#include "collect/generators.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static const struct {
	const char *name, *part, *simple, *loader;
} GENERATORS[] = {
#define GENERATOR(name, part, simple, loader) { name, part, simple, loader },
#include "collect/generators.def"
#undef GENERATOR
};

static const char *simple_name(const char *dotted)
{
	const char *dot = strrchr(dotted, '.');

	return dot ? dot + 1 : dotted;
}

static bool is_loader(const char *type, const char *wanted)
{
	return type && !strcmp(simple_name(type), wanted);
}

const char *generators_find(const char *family, const char *loader_type)
{
	const char *simple = simple_name(family);

	for (size_t i = 0; i < sizeof(GENERATORS) / sizeof(*GENERATORS); i++)
		if ((!GENERATORS[i].part || strstr(family, GENERATORS[i].part)) &&
		    (!GENERATORS[i].simple ||
		     !strncmp(simple, GENERATORS[i].simple, strlen(GENERATORS[i].simple))) &&
		    (!GENERATORS[i].loader || is_loader(loader_type, GENERATORS[i].loader)))
			return GENERATORS[i].name;
	return NULL;
}
