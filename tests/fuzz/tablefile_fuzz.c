// SPDX-License-Identifier: Apache-2.0
// The bytes are a library's file: the process that mapped it is as the file says, and its tables are
// compared with it.  Behind a 'T' they are the sums that a capture holds of one.
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/tree.h"
#include "jvm/tablefile.h"
#include "jvm/vmstructs.h"
#include "os/elf.h"
#include "os/mapped.h"
#include "os/pristine.h"

#define BASE 0x10000u
enum { SYMBOLS = 20, ROWS_AT = 0x200, ROW_BYTES = 48, PROCESS_BYTES = 4096 };

struct input {
	struct span text; // of the capture
	struct elf_image image;
};

static bool tell(void *self, const char *name, tree_maker *make, void *arg, struct arena *mem,
		 struct span *out, struct fail *why)
{
	const struct input *in = self;

	if (!in->text.at)
		return make(arg, mem, out, why);
	*out = in->text;
	return true;
}
static const struct tree_ops OPS = { .made = tell };

static uint64_t exported(void *arg, const char *name)
{
	const struct input *in = arg;
	uint64_t at;

	return elf_find(&in->image, name, &at, NULL) ? at : 0;
}

static void fuzz_file(int fd, struct arena *mem)
{
	struct input in = { .text = { NULL, 0 } };
	struct tree files = { &OPS, &in };
	struct pristine pristine;
	struct vmstructs *tables;
	struct memory memory;
	struct fail why;
	struct stat st;
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memory_init(&memory, mem);
	if (fstat(fd, &st) || !pristine_open(fd, mem, &pristine, &why))
		return;
	pristine_as_memory(&pristine, &memory);
	if (elf_open(&memory, 0, &in.image, &why) && elf_open_symbols(&memory, &in.image, &why) &&
	    vmstructs_read(&memory, exported, &in, mem, &tables, &why)) {
		struct mapped_file file = { .pid = getpid(),
					    .path = path,
					    .inode = st.st_ino,
					    .dev_major = major(st.st_dev),
					    .dev_minor = minor(st.st_dev) };
		struct tablefile_library library = { &file, 0, exported, &in };

		tablefile_check(tables, &memory, &files, &library, mem, &why);
	}
}

// ---- sums of a capture against a VM whose tables have one row each

static unsigned char process[PROCESS_BYTES];

static bool read_process(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	memcpy(to, process + (at - BASE), len);
	return true;
}
static const struct memory_source PROCESS = { .read = read_process };

static const struct {
	const char *name;
	uint64_t value; // of the word that it names
} WORDS[SYMBOLS] = {
	{ "gHotSpotVMStructs", BASE + ROWS_AT },
	{ "gHotSpotVMStructEntryArrayStride", 48 },
	{ "gHotSpotVMStructEntryTypeNameOffset", 0 },
	{ "gHotSpotVMStructEntryFieldNameOffset", 8 },
	{ "gHotSpotVMStructEntryTypeStringOffset", 16 },
	{ "gHotSpotVMStructEntryIsStaticOffset", 24 },
	{ "gHotSpotVMStructEntryOffsetOffset", 32 },
	{ "gHotSpotVMStructEntryAddressOffset", 40 },
	{ "gHotSpotVMTypes", BASE + ROWS_AT },
	{ "gHotSpotVMTypeEntryArrayStride", 40 },
	{ "gHotSpotVMTypeEntryTypeNameOffset", 0 },
	{ "gHotSpotVMTypeEntrySizeOffset", 32 },
	{ "gHotSpotVMIntConstants", BASE + ROWS_AT },
	{ "gHotSpotVMIntConstantEntryArrayStride", 16 },
	{ "gHotSpotVMIntConstantEntryNameOffset", 0 },
	{ "gHotSpotVMIntConstantEntryValueOffset", 8 },
	{ "gHotSpotVMLongConstants", BASE + ROWS_AT },
	{ "gHotSpotVMLongConstantEntryArrayStride", 16 },
	{ "gHotSpotVMLongConstantEntryNameOffset", 0 },
	{ "gHotSpotVMLongConstantEntryValueOffset", 8 },
};

static uint64_t find_word(void *arg, const char *name)
{
	for (size_t i = 0; i < SYMBOLS; i++)
		if (!strcmp(WORDS[i].name, name))
			return BASE + i * 8;
	return 0;
}

static void fuzz_text(struct span text, struct arena *mem)
{
	static const char NAME[] = "Klass";
	static const struct mapped_file NONE = { .path = "" };
	const struct tablefile_library library = { &NONE, 0, find_word, NULL };
	uint64_t name = BASE + ROWS_AT - 64;
	struct input in = { .text = text };
	struct tree files = { &OPS, &in };
	struct vmstructs *tables;
	struct memory memory;
	struct fail why;

	for (size_t i = 0; i < SYMBOLS; i++)
		memcpy(process + i * 8, &WORDS[i].value, 8);
	memcpy(process + ROWS_AT - 64, NAME, sizeof(NAME));
	for (size_t i = 0; i < 3; i++)
		memcpy(process + ROWS_AT + i * 8, &name, 8);
	memory_init(&memory, mem);
	memory_add_segment(&memory, BASE, BASE + PROCESS_BYTES, &PROCESS, NULL);
	if (vmstructs_read(&memory, find_word, NULL, mem, &tables, &why))
		tablefile_check(tables, &memory, &files, &library, mem, &why);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct arena mem = { 0 };
	int fd;

	if (len && bytes[0] == 'T') {
		fuzz_text((struct span){ (const char *)bytes + 1, len - 1 }, &mem);
	} else {
		fd = memfd_create("library", MFD_CLOEXEC);
		if (fd >= 0 && write(fd, bytes, len) == (ssize_t)len)
			fuzz_file(fd, &mem);
		close(fd);
	}
	arena_drop(&mem);
	return 0;
}
