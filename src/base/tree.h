// SPDX-License-Identifier: Apache-2.0
// The first seam of a capture: files by absolute path.
//
// All that jledger learns from files (/proc, /sys, libraries) goes through a tree.  A live machine
// is one (os/live.c), a capture is one (store/), a test writes one in a few lines, and the recorder
// that makes captures is a tree in front of another.  Paths are those of the recorded machine
// ("/proc/4711/maps").  What is no file but had to be made on the machine (a page scan by ioctl, an
// attach reply, the clock) goes through tree_made(), so that it lands in a capture as well.
// Nothing here knows Linux or Java.

#ifndef BASE_TREE_H
#define BASE_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct tree_names {
	const char **at; // sorted by strcmp, without "." and ".."
	size_t count;
};

struct tree_stat {
	uint64_t inode, size;
	uint32_t mode; // as st_mode
	uint32_t uid, gid;
	uint32_t dev_major, dev_minor;
};

// Makes the bytes that stand for `name` on a live machine.  Same contract as tree_read().
typedef bool tree_maker(void *arg, struct arena *mem, struct span *out, struct fail *why);

struct tree_ops {
	bool (*read)(void *self, const char *path, struct arena *mem, struct span *out,
		     struct fail *why);
	bool (*list)(void *self, const char *path, struct arena *mem, struct tree_names *out,
		     struct fail *why);
	bool (*link)(void *self, const char *path, struct arena *mem, const char **out,
		     struct fail *why);
	bool (*stat)(void *self, const char *path, struct tree_stat *out, struct fail *why);
	bool (*made)(void *self, const char *name, tree_maker *make, void *arg, struct arena *mem,
		     struct span *out, struct fail *why);
};

struct tree {
	const struct tree_ops *ops;
	void *self;
};

// Each fails with ABSENT (no such file), DENIED, GONE (ESRCH: the process ended) or OS.
// The whole file, at most 256 MB; the bytes live in `mem`.
bool tree_read(const struct tree *t, const char *path, struct arena *mem, struct span *out,
	       struct fail *why);
bool tree_list(const struct tree *t, const char *path, struct arena *mem, struct tree_names *out,
	       struct fail *why);
bool tree_link(const struct tree *t, const char *path, struct arena *mem, const char **out,
	       struct fail *why); // readlink
bool tree_stat(const struct tree *t, const char *path, struct tree_stat *out,
	       struct fail *why); // follows links
// `name` is a relative path below which a capture files the bytes ("pages/4711"), unique for what
// is asked: the same name always stands for the same question within one moment.
bool tree_made(const struct tree *t, const char *name, tree_maker *make, void *arg,
	       struct arena *mem, struct span *out, struct fail *why);

#endif
