// SPDX-License-Identifier: Apache-2.0
// A tree of a test's own: answers by path, in the order given where a path stands there twice.

#ifndef TESTS_COLLECT_RECORDED_H
#define TESTS_COLLECT_RECORDED_H

#include <stddef.h>
#include <stdint.h>

#include "base/fail.h"
#include "base/tree.h"

struct recorded_file {
	const char *path; // of a file, or the name of what is made
	const char *text; // NULL: it fails as `kind` says
	enum fail_kind kind;
	size_t len; // of text; 0: strlen
};

struct recorded {
	const struct recorded_file *files;
	size_t count;
	unsigned asked[64]; // how often each file was asked for
};

// What is not among `files` is absent; list() gives the names of entries below a directory.
struct tree recorded_tree(struct recorded *r, const struct recorded_file *files, size_t count);
unsigned recorded_asked(const struct recorded *r, const char *path); // in sum

#endif
