// SPDX-License-Identifier: Apache-2.0
// Reads a package: pieces of bytes by name, from a ZIP or a directory, both taken for hostile.
//
// Sizes have limits before anything is unpacked, a name never leads out of the package (no "..", no
// link is followed), a name stands for one piece, and each piece's checksum is compared.

#ifndef STORE_UNPACKER_H
#define STORE_UNPACKER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;
struct unpacker;

enum {
	UNPACKER_FILE_LIMIT = 1 << 29,  // bytes of a ZIP file
	UNPACKER_PIECE_LIMIT = 1 << 28, // bytes of one piece, unpacked
	UNPACKER_TOTAL_LIMIT = 1 << 30, // bytes of all pieces, unpacked
	UNPACKER_COUNT_LIMIT = 1 << 20, // pieces
	UNPACKER_NAME_LIMIT = 1024,     // bytes of a name
};

// `path`: a ZIP file or a directory.  ABSENT: no such file; CORRUPT: no ZIP, or damaged, or above a
// limit (the text says where).  The unpacker lives in `mem` until unpacker_close().
struct unpacker *unpacker_open(const char *path, struct arena *mem, struct fail *why);
// The bytes of a ZIP, which outlive the unpacker.
struct unpacker *unpacker_open_bytes(struct span zip, struct arena *mem, struct fail *why);
void unpacker_close(struct unpacker *u);

// Is there a piece of that name?
bool unpacker_has(const struct unpacker *u, const char *name);
// ABSENT: no such piece; CORRUPT: it does not unpack to what the package says of it.
bool unpacker_read(struct unpacker *u, const char *name, struct arena *mem, struct span *out,
		   struct fail *why);
// Unpacks every piece of a ZIP once and compares the checksums; a directory has none.
bool unpacker_check(struct unpacker *u, struct fail *why);
// Relative, no empty component, no "." or "..", no control characters, at most UNPACKER_NAME_LIMIT
// bytes.
bool unpacker_is_name(const char *name);

#endif
