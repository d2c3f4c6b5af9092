// SPDX-License-Identifier: Apache-2.0
#include "image_old.h"

enum {
	WORD = 8,
	PAGE = 4096,
	SPACE = 64, // of a node: its VirtualSpace
	LISTS = 16, // of a manager
	MANAGER_BYTES = 128,
};

uint64_t image_old_node(struct image *im)
{
	uint64_t at, start;

	im->used = (im->used + PAGE - 1) & ~(uint64_t)(PAGE - 1);
	start = image_get(im, OLD_NODE_BYTES);
	at = image_get(im, 208);
	image_put(im, at + SPACE, start);
	image_put(im, at + SPACE + 8, start + OLD_NODE_BYTES);
	image_put(im, at + SPACE + 16, start);
	image_put(im, at + OLD_NODE_HIGH, start + OLD_NODE_COMMITTED);
	image_put(im, at + OLD_NODE_UPPER_END, start + OLD_NODE_BYTES);
	image_put(im, at + OLD_NODE_TOP, start);
	return at;
}

uint64_t image_old_chunk(struct image *im, uint64_t node, uint64_t bytes, uint64_t used)
{
	uint64_t at = image_peek(im, node + OLD_NODE_TOP);

	image_put(im, at, bytes / WORD);
	image_put(im, at + OLD_CHUNK_NODE, node);
	image_put(im, at + OLD_CHUNK_TOP, at + used);
	image_put(im, node + OLD_NODE_TOP, at + bytes);
	image_put(im, node + OLD_NODE_CHUNKS, image_peek(im, node + OLD_NODE_CHUNKS) + 1);
	return at;
}

static uint64_t manager_of(struct image *im, uint64_t lock, bool jdk8, const uint64_t *chunks,
			   size_t count)
{
	uint64_t at = image_get(im, MANAGER_BYTES), used = 0, words = 0;
	size_t lists = jdk8 ? 4 : 1;

	image_put(im, at, lock);
	for (size_t i = 0; i < count; i++) {
		image_put(im, chunks[i] + OLD_CHUNK_NEXT,
			  i + lists < count ? chunks[i + lists] : 0);
		if (i < lists)
			image_put(im, at + LISTS + 8 * i, chunks[i]);
		words += image_peek(im, chunks[i]);
		used += image_peek(im, chunks[i] + OLD_CHUNK_TOP) - chunks[i];
	}
	if (count)
		image_put(im, at + (jdk8 ? 48 : 24), chunks[0]);
	image_put(im, at + (jdk8 ? 56 : 48), used / WORD - count * (jdk8 ? 5 : 8));
	image_put(im, at + (jdk8 ? 64 : 40), words);
	return at;
}

void image_old_metaspace(struct image *im, uint64_t cld, bool jdk8, const uint64_t *nonclass,
			 size_t count, const uint64_t *class_space, size_t class_count)
{
	uint64_t at = image_get(im, 64), lock = image_peek(im, cld + CLD_LOCK);

	if (!jdk8)
		image_put(im, at + 8, lock);
	image_put(im, at + (jdk8 ? 0 : 16), manager_of(im, lock, jdk8, nonclass, count));
	image_put(im, at + (jdk8 ? 8 : 24), manager_of(im, lock, jdk8, class_space, class_count));
	image_put(im, cld + CLD_METASPACE, at);
}

uint64_t image_old_manager(struct image *im, uint64_t cld, bool jdk8, bool class_space)
{
	return image_peek(im, image_peek(im, cld + CLD_METASPACE) + (jdk8 ? 0 : 16) +
				      (class_space ? 8 : 0));
}
