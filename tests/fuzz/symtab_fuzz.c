// SPDX-License-Identifier: Apache-2.0
// Any bytes as the library's file, and as a capture's list of functions.
#include "os/symtab.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/tree.h"
#include "os/mapped.h"

static bool make_live(void *self, const char *name, tree_maker *make, void *arg, struct arena *mem,
		      struct span *out, struct fail *why)
{
	return make(arg, mem, out, why);
}

static void check(const struct symtab_place *places, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (places[i].name && !places[i].name[0])
			__builtin_trap();
}

static void try_file(const unsigned char *bytes, size_t len, struct arena *mem)
{
	static const struct tree_ops OPS = { .made = make_live };
	const struct tree files = { &OPS, NULL };
	struct symtab_place places[] = { { .at = 0 }, { .at = 0x40 }, { .at = 0x1000 } };
	char path[64];
	struct fail why = { 0 };
	struct stat st;
	int fd = memfd_create("library", MFD_CLOEXEC);

	if (fd < 0)
		return;
	if (write(fd, bytes, len) == (ssize_t)len && !fstat(fd, &st)) {
		struct mapped_file file = { .pid = getpid(),
					    .inode = st.st_ino,
					    .dev_major = major(st.st_dev),
					    .dev_minor = minor(st.st_dev) };

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		file.path = path;
		if (symtab_name(&files, &file, "symbols/test", places, 3, mem, &why))
			check(places, 3);
		else if (!why.text[0])
			__builtin_trap();
		uint64_t at = 0;

		why.text[0] = 0;
		if (!symtab_find(&files, &file, "symbols/one", "name", mem, &at, &why) &&
		    !why.text[0])
			__builtin_trap();
	}
	close(fd);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct symtab_place places[] = { { .at = 0 }, { .at = 0x40 }, { .at = 0x1000 } };
	struct arena mem = { 0 };

	if (symtab_parse((struct span){ (const char *)bytes, len }, places, 3, &mem, NULL))
		check(places, 3);
	try_file(bytes, len, &mem);
	arena_drop(&mem);
	return 0;
}
