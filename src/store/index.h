// SPDX-License-Identifier: Apache-2.0
// The index of a moment: a JSON text that says what was asked, what was answered, and which piece
// of the package holds the bytes.  docs/formats/capture.md.

#ifndef STORE_INDEX_H
#define STORE_INDEX_H

#include <stdbool.h>

#include "base/span.h"

struct answers;
struct arena;
struct fail;
struct image;

// Answers to READ and MADE must have their `entry`; of the image only the holes go here.
struct span index_print(const struct answers *answers, const struct image *image,
			struct arena *mem);
// Adds to `answers` (empty, initialised) and to the holes of `image`.  CORRUPT says where.
bool index_parse(struct span text, struct arena *mem, struct answers *answers, struct image *image,
		 struct fail *why);

#endif
