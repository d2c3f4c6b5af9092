// SPDX-License-Identifier: Apache-2.0
// A whole capture: opened, each moment replayed with questions that it may hold answers to.
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "store/capture.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static const char *const PATHS[] = { "/proc/7/maps", "/proc", "/proc/7/exe", "/proc/7" };
	struct arena mem = { 0 };
	struct capture c;

	if (capture_open_bytes((struct span){ (const char *)bytes, len }, &mem, &c, NULL)) {
		for (size_t i = 0; i < c.moments && i < 4; i++) {
			struct tree_names names;
			struct tree_stat st;
			struct memory memory;
			struct tree files;
			struct span text;
			const char *link;
			uint64_t word;

			if (!capture_moment(&c, i, &files, &memory, NULL))
				continue;
			for (size_t p = 0; p < sizeof(PATHS) / sizeof(PATHS[0]); p++) {
				tree_read(&files, PATHS[p], &mem, &text, NULL);
				tree_list(&files, PATHS[p], &mem, &names, NULL);
				tree_link(&files, PATHS[p], &mem, &link, NULL);
				tree_stat(&files, PATHS[p], &st, NULL);
			}
			memory_read_u64(&memory, 0x7f0000001ff8, &word, NULL);
			memory_read_u64(&memory, 0x7f00000027fc, &word, NULL);
		}
		capture_close(&c);
	}
	arena_drop(&mem);
	return 0;
}
