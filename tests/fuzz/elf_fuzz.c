// SPDX-License-Identifier: Apache-2.0
// The bytes are the target's memory from BASE on.
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "os/elf.h"

#define BASE 0x10000u

struct bytes {
	const unsigned char *at;
	size_t len;
};

static bool read_bytes(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	const struct bytes *b = self;

	memcpy(to, b->at + (at - BASE), len);
	return true;
}
static const struct memory_source SOURCE = { .read = read_bytes };

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct bytes b = { bytes, len };
	struct arena mem = { 0 };
	struct memory memory;
	struct elf_image image;
	struct fail why;
	uint64_t at;

	memory_init(&memory, &mem);
	memory_add_segment(&memory, BASE, BASE + len, &SOURCE, &b);
	if (elf_open(&memory, BASE, &image, &why) && elf_open_symbols(&memory, &image, &why)) {
		elf_find(&image, "first", &at, &why);
		elf_find(&image, "third", &at, &why);
		elf_find(&image, "no such symbol", &at, &why);
	}
	elf_parse((struct span){ (const char *)bytes, len }, BASE, &image, &why);
	arena_drop(&mem);
	return 0;
}
