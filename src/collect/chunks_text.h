// SPDX-License-Identifier: Apache-2.0
// What a walk through malloc's chunks found, as the text that captures hold ("malloc/chunks"): the chunks
// themselves would be all of malloc's memory.  Format notes: docs/formats/capture.md.

#ifndef COLLECT_CHUNKS_TEXT_H
#define COLLECT_CHUNKS_TEXT_H

#include <stdbool.h>

#include "base/span.h"

struct arena;
struct fail;
struct malloc_facts;

struct span chunks_text_print(const struct malloc_facts *m, struct arena *mem);
// CORRUPT names what is wrong.  Texts and rows live in `mem`.
bool chunks_text_parse(struct span text, struct arena *mem, struct malloc_facts *out,
		       struct fail *why);

#endif
