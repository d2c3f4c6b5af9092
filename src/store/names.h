// SPDX-License-Identifier: Apache-2.0
// Names of pieces within a package, made from the paths they were recorded under.
//
// For people's eyes only: the index says which piece belongs to which path.  A name holds plain
// ASCII, each is given once, and none is a folder of another, so that a directory can hold them.

#ifndef STORE_NAMES_H
#define STORE_NAMES_H

struct arena;

struct names {
	struct arena *mem;
	void *taken; // a tsearch() tree of names, and of folders with a '/' behind
	unsigned long others;
};

// Empty; `mem` holds the names, names_drop() gives the rest back.
void names_init(struct names *n, struct arena *mem);
void names_drop(struct names *n);
// "0001/files" and "/proc/7/maps" give "0001/files/proc/7/maps", with "~2" behind when that is
// taken.
const char *names_give(struct names *n, const char *folder, const char *path);

#endif
