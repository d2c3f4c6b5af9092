// SPDX-License-Identifier: Apache-2.0
#include "machine.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "store/capture.h"

static const struct {
	const char *path;
	struct span bytes;
} FILES[] = {
	{ "/proc/7/maps", { "00400000-00401000 r-xp 0 00:00 1 /x?token=abc\n", 45 } },
	{ "/proc/7/cmdline", { "java\0-Ddb.password=hunter2-long\0Main\0", 37 } },
	{ "/proc/7/environ", { "HOME=/root\0API_KEY=0123456789\0", 30 } },
	{ "/proc/7/empty", { "", 0 } },
	{ "/proc/7/log", { "says hunter2-long and 0123456789 of /root\n", 42 } },
	{ "/odd/../na me/\xff~x", { "bytes", 5 } },
	{ "/proc/sys/kernel/hostname", { "recorded\n", 9 } },
};

static bool machine_read(void *self, const char *path, struct arena *mem, struct span *out,
			 struct fail *why)
{
	struct machine *m = self;

	if (!strcmp(path, "/proc/7/status")) {
		const char *text = arena_format(mem, "VmRSS:\t%u kB\n", ++m->status_reads);

		*out = span_of(text);
		return true;
	}
	if (!strcmp(path, "/proc/7/mem"))
		return fail_errno(why, EACCES, "%s", path);
	for (size_t i = 0; i < sizeof(FILES) / sizeof(FILES[0]); i++)
		if (!strcmp(path, FILES[i].path)) {
			*out = FILES[i].bytes;
			return true;
		}
	return fail(why, FAIL_ABSENT, "%s: no such file", path);
}

static bool machine_list(void *self, const char *path, struct arena *mem, struct tree_names *out,
			 struct fail *why)
{
	static const char *NAMES[] = { "7", "\xff", "self" };

	if (strcmp(path, "/proc") != 0)
		return fail(why, FAIL_GONE, "%s: gone", path);
	*out = (struct tree_names){ NAMES, 3 };
	return true;
}

static bool machine_link(void *self, const char *path, struct arena *mem, const char **out,
			 struct fail *why)
{
	if (strcmp(path, "/proc/7/exe") != 0)
		return fail(why, FAIL_ABSENT, "%s: no such link", path);
	*out = "/usr/bin/java";
	return true;
}

static bool machine_stat(void *self, const char *path, struct tree_stat *out, struct fail *why)
{
	if (strcmp(path, "/proc/7") != 0)
		return fail(why, FAIL_ABSENT, "%s: nothing to stat", path);
	*out = (struct tree_stat){ .inode = UINT64_MAX,
				   .size = 5,
				   .mode = 0100644,
				   .uid = 4000000000,
				   .gid = 6,
				   .dev_major = 8,
				   .dev_minor = 1 };
	return true;
}

static bool machine_made(void *self, const char *name, tree_maker *make, void *arg,
			 struct arena *mem, struct span *out, struct fail *why)
{
	return make(arg, mem, out, why);
}

static bool machine_memory(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	struct machine *m = self;

	if (at - MACHINE_MEMORY_AT + len > 0x1800) // the last half page is not there
		return fail(why, FAIL_ABSENT, "0x%llx is not present", (unsigned long long)at);
	memcpy(to, m->bytes + (at - MACHINE_MEMORY_AT), len);
	return true;
}

static void machine_prefetch(void *self, uint64_t start, uint64_t end)
{
	((struct machine *)self)->prefetches++;
}

static void machine_forget(void *self)
{
	((struct machine *)self)->forgets++;
}

static const struct memory_source SOURCE = { .read = machine_memory,
					     .prefetch = machine_prefetch,
					     .forget = machine_forget };
static const struct tree_ops OPS = { machine_read, machine_list, machine_link, machine_stat,
				     machine_made };

void machine_init(struct machine *m)
{
	memset(m, 0, sizeof(*m));
	m->files = (struct tree){ &OPS, m };
	memory_init(&m->memory, &m->mem);
	memory_add_segment(&m->memory, MACHINE_MEMORY_AT, MACHINE_MEMORY_AT + MACHINE_MEMORY_SIZE,
			   &SOURCE, m);
	for (size_t i = 0; i < sizeof(m->bytes); i++)
		m->bytes[i] = (unsigned char)(i * 7 + (i >> 8));
	memcpy(m->bytes + 0x100, "-Dx.token=abcdef -Dy=1", 23);
	for (size_t i = 0; i < sizeof(MACHINE_WIDE); i++) {
		m->bytes[0x200 + 2 * i] = (unsigned char)MACHINE_WIDE[i];
		m->bytes[0x201 + 2 * i] = 0;
	}
}

bool machine_make(void *arg, struct arena *mem, struct span *out, struct fail *why)
{
	if (!arg)
		return fail(why, FAIL_DENIED, "not allowed to make that");
	*out = span_of(arg);
	return true;
}

void machine_ask_all(const struct tree *files, const struct memory *memory)
{
	static const char *PATHS[] = { "/proc",       "/proc/7",         "/proc/7/maps",
				       "/proc/7/mem", "/proc/7/cmdline", "/proc/7/environ",
				       "/nowhere",    "/proc/7/empty",   "/odd/../na me/\xff~x",
				       "/proc/7/log", "/proc/7/exe" };
	struct arena mem = { 0 };
	struct tree_names names;
	struct tree_stat st;
	const char *link;
	struct span bytes;
	uint64_t word;

	for (size_t i = 0; i < sizeof(PATHS) / sizeof(PATHS[0]); i++) {
		tree_read(files, PATHS[i], &mem, &bytes, NULL);
		tree_list(files, PATHS[i], &mem, &names, NULL);
		tree_link(files, PATHS[i], &mem, &link, NULL);
		tree_stat(files, PATHS[i], &st, NULL);
	}
	for (int i = 0; i < 3; i++)
		tree_read(files, "/proc/7/status", &mem, &bytes, NULL);
	tree_made(files, "pages/7", machine_make, "runs", &mem, &bytes, NULL);
	tree_made(files, "attach/x", machine_make, NULL, &mem, &bytes, NULL);
	memory_read_u64(memory, MACHINE_MEMORY_AT + 0xff8, &word, NULL);
	memory_read_u64(memory, MACHINE_MEMORY_AT + 0x17fc, &word, NULL);
	memory_read_u64(memory, 0x1000, &word, NULL);
	memory_read(memory, MACHINE_MEMORY_AT + 0x100, arena_get(&mem, 23), 23, NULL);
	memory_read(memory, MACHINE_MEMORY_AT + 0x1ff, arena_get(&mem, 50), 50, NULL);
	arena_drop(&mem);
}

void machine_capture(struct machine *m, const char *path)
{
	struct capture_writer *w = capture_create(path, 7, &m->mem);
	struct memory memory;
	struct tree files;
	struct fail why;

	capture_begin_moment(w, &m->files, &m->memory, &files, &memory);
	machine_ask_all(&files, &memory);
	capture_end_moment(w);
	cr_assert(capture_finish(w, &why), "%s", why.text);
}

static char directory[] = "/tmp/jledger-test-XXXXXX";

const char *machine_temporary(const char *name)
{
	static char path[256];

	if (strstr(directory, "XXXXXX"))
		cr_assert(mkdtemp(directory));
	snprintf(path, sizeof(path), "%s/%s", directory, name);
	return path;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	return remove(path);
}

void machine_clean_up(void)
{
	if (!strstr(directory, "XXXXXX"))
		nftw(directory, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

struct span machine_slurp(const char *path)
{
	FILE *f = fopen(path, "rb");
	char *bytes = malloc(1 << 20);
	size_t len;

	cr_assert(f && bytes);
	len = fread(bytes, 1, 1 << 20, f);
	fclose(f);
	return (struct span){ bytes, len };
}
