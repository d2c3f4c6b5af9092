// SPDX-License-Identifier: Apache-2.0
// Metaspace of JDK 8 and of 9 to 15 in the VM made by hand (image.h): the headers of its chunks stand
// inside of it, in nodes of 256 KB of which 128 KB are committed.

#ifndef TESTS_JVM_IMAGE_OLD_H
#define TESTS_JVM_IMAGE_OLD_H

#include "image.h"

enum {
	OLD_NODE_BYTES = 256 << 10,
	OLD_NODE_COMMITTED = 128 << 10,
	OLD_NODE_HIGH = 88,
	OLD_NODE_UPPER_END = 144,
	OLD_NODE_TOP = 176,
	OLD_NODE_CHUNKS = 184,
	OLD_CHUNK_NEXT = 8,
	OLD_CHUNK_NODE = 24,
	OLD_CHUNK_TOP = 32,
};

uint64_t image_old_node(struct image *im);
// Cuts a chunk from the node's top; `used` counts its header in: 40 bytes in JDK 8, 64 in 11.
uint64_t image_old_chunk(struct image *im, uint64_t node, uint64_t bytes, uint64_t used);
// The loader's Metaspace; chunks[0] is the one that is allocated from.  JDK 8 spreads the chunks over
// its four lists.
void image_old_metaspace(struct image *im, uint64_t cld, bool jdk8, const uint64_t *nonclass,
			 size_t count, const uint64_t *class_space, size_t class_count);
// The manager of a loader's chunks, to be damaged.
uint64_t image_old_manager(struct image *im, uint64_t cld, bool jdk8, bool class_space);

#endif
