// SPDX-License-Identifier: Apache-2.0
// The bytes are the program's file.
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/arena.h"
#include "os/exe.h"

enum { LIST_LIMIT = 1 << 16 };

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	int fd = memfd_create("program", MFD_CLOEXEC);
	struct arena mem = { 0 };
	struct span names;

	if (fd >= 0 && write(fd, bytes, len) == (ssize_t)len &&
	    exe_list_sections(fd, &mem, &names) &&
	    (names.len > LIST_LIMIT || (names.len && names.at[names.len - 1] != '\n')))
		__builtin_trap();
	close(fd);
	arena_drop(&mem);
	return 0;
}
