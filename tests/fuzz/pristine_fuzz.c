// SPDX-License-Identifier: Apache-2.0
// The bytes are the library's file.
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "os/pristine.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	int fd = memfd_create("library", MFD_CLOEXEC);
	struct arena mem = { 0 };
	struct pristine p;
	struct fail why;

	if (fd >= 0 && write(fd, bytes, len) == (ssize_t)len && pristine_open(fd, &mem, &p, &why)) {
		for (size_t i = 0; i < p.segment_count; i++) {
			unsigned char got[4096];
			uint64_t at = p.segments[i].start, size = p.segments[i].end - at;

			pristine_read(&p, at, got, size < sizeof(got) ? size : sizeof(got), &why);
			pristine_find_unknown(&p, at, p.segments[i].end, &at);
		}
	}
	close(fd);
	arena_drop(&mem);
	return 0;
}
