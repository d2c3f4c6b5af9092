// SPDX-License-Identifier: Apache-2.0
// Malloc's memory of any bytes: what is found fits into it.  Then the same bytes as the text form.
#include "malloc/nmtblocks.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "malloc/view.h"
#include "os/pages.h"

#define START UINT64_C(0x7f0000000000)

struct input {
	const unsigned char *bytes;
	size_t len;
};

static bool read_input(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	const struct input *in = self;

	if (at - START > in->len || len > in->len - (at - START))
		return fail(why, FAIL_ABSENT, "not there");
	memcpy(to, in->bytes + (at - START), len);
	return true;
}

static void check_text(const unsigned char *bytes, size_t len)
{
	struct nmtblocks b;
	struct fail why = { 0 };

	if (!nmtblocks_parse((struct span){ (const char *)bytes, len }, &b, &why) && !why.text[0])
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static const struct memory_source SOURCE = { .read = read_input };
	struct input in = { bytes, len };
	struct page_run run = { START, START + units_page_up(len), PAGE_PRESENT };
	struct pages pages = { .at = &run, .count = 1 };
	struct nmtblocks_range range = { START, START + units_page_up(len), len && bytes[0] & 1 };
	uint64_t sum = 0, resident = 0;
	struct arena mem = { 0 };
	struct memory memory;
	struct malloc_view view = { .memory = &memory, .pages = &pages };
	struct nmtblocks b;
	struct fail why = { 0 };

	memory_init(&memory, &mem);
	memory_add_segment(&memory, 0, (uint64_t)1 << 47, &SOURCE, &in);
	if (!len || !nmtblocks_scan(&view, &range, 1, &mem, &b, &why)) {
		if (len)
			__builtin_trap();
	} else {
		for (size_t i = 0; i < NMTBLOCKS_TAGS; i++) {
			sum += b.tag[i].bytes;
			resident += b.tag[i].resident;
		}
		if (sum > range.end - START || resident > range.end - START)
			__builtin_trap();
	}
	check_text(bytes, len);
	arena_drop(&mem);
	return 0;
}
