// SPDX-License-Identifier: Apache-2.0
// Free chunks and blocks given back in the VM made by hand (image.h), as JDK 16 and later, 9 to 15, or 8
// keep them: for the unit test and the fuzz target of jvm/metaspacefree.h.

#ifndef TESTS_JVM_METASPACEFREE_IMAGE_H
#define TESTS_JVM_METASPACEFREE_IMAGE_H

#include "image_old.h"
#include "jvm/metaspace.h"
#include "jvm/metaspacefree.h"

struct metaspacefree_image {
	struct image im;
	struct metaspace space; // as read before anything was broken
	uint64_t node, chunks[2], list, blocks, tree;
};

static inline uint64_t fi_arena(struct metaspacefree_image *fi)
{
	return image_peek(&fi->im, image_peek(&fi->im, fi->im.boot + CLD_METASPACE) + 16);
}

static inline uint64_t fi_tree_node(struct image *im, uint64_t words)
{
	uint64_t at = image_get(im, 48);

	image_put(im, at, 0x4e4f44454e4f4445);
	image_put(im, at + 5 * 8, words);
	return at;
}

// Two bins of blocks and a tree of two sizes, one of them twice.
static inline void fi_add_blocks(struct metaspacefree_image *fi)
{
	struct image *im = &fi->im;
	uint64_t small = image_get(im, 16), other = image_get(im, 16), left, same;

	fi->blocks = image_get(im, 40 * 8);
	image_put(im, fi->blocks, small); // of two words
	image_put(im, small, other);
	image_put(im, fi->blocks + 32 * 8, 2);
	image_put(im, fi->blocks + 33 * 8, 4);
	fi->tree = fi_tree_node(im, 64);
	left = fi_tree_node(im, 40);
	same = fi_tree_node(im, 64);
	image_put(im, fi->tree + 2 * 8, left);
	image_put(im, left + 8, fi->tree);
	image_put(im, fi->tree + 4 * 8, same);
	image_put(im, fi->blocks + 34 * 8, fi->tree);
	image_put(im, fi->blocks + 35 * 8, 3);
	image_put(im, fi->blocks + 36 * 8, 64 + 64 + 40);
	image_put(im, fi_arena(fi) + 40, fi->blocks);
}

static inline void fi_make_16(struct metaspacefree_image *fi)
{
	struct image *im = &fi->im;
	uint64_t used, manager = image_get(im, 16 + 15 * 24);

	fi->node = image_node(im);
	image_commit(im, fi->node, 20);
	used = image_chunk(im, fi->node, 0x10000, 0, 512, 4096);
	image_metaspace(im, im->boot, &used, 1, NULL, 0);
	for (int i = 0; i < 2; i++) {
		fi->chunks[i] = image_chunk(im, fi->node, i * 0x8000u, 1, 0, i ? 0 : 4096);
		image_put8(im, fi->chunks[i] + CHUNK_STATE, 0);
	}
	image_put(im, fi->chunks[0] + CHUNK_NEXT, fi->chunks[1]);
	image_put(im, fi->chunks[1] + CHUNK_NEXT, 0);
	image_put(im, fi->chunks[1] + CHUNK_NEXT - 8, fi->chunks[0]);
	fi->list = manager + 16 + 24; // of level 1
	image_put(im, fi->list, fi->chunks[0]);
	image_put(im, fi->list + 8, fi->chunks[1]);
	image_put(im, fi->list + 16, 2);
	image_put(im, fi_arena(fi) + 8, manager);
	image_put(im, image_peek(im, image_peek(im, im->boot + CLD_METASPACE) + 24) + 8,
		  image_get(im, 16 + 15 * 24)); // class space has none
	fi_add_blocks(fi);
}

static inline void fi_make_old(struct metaspacefree_image *fi, bool jdk8)
{
	struct image *im = &fi->im;
	uint64_t used, manager;

	fi->node = image_old_node(im);
	used = image_old_chunk(im, fi->node, 4096, 1000);
	fi->chunks[0] = image_old_chunk(im, fi->node, 1024, 512); // which no loader has
	image_old_metaspace(im, im->boot, jdk8, &used, 1, NULL, 0);
	manager = image_old_manager(im, im->boot, jdk8, false);
	if (jdk8) {
		fi->tree = image_get(im, 32);
		image_put(im, fi->tree, im->vtable);
		image_put(im, fi->tree + 8, 618);
		image_put(im, fi->tree + 16, 12);
		image_put(im, fi->tree + 24, used + 64);
		image_put(im, manager + 80, fi->tree);
		return;
	}
	fi->tree = image_get(im, 24);
	image_put(im, fi->tree, 95);
	image_put(im, fi->tree + 8, 2);
	image_put(im, fi->tree + 16, used + 64);
	fi->blocks = image_get(im, 3 * 32); // lists of three words, of four, and no more
	image_put(im, fi->blocks + 16, 3);
	image_put(im, fi->blocks + 32, used + 512);
	image_put(im, fi->blocks + 32 + 8, used + 512);
	image_put(im, fi->blocks + 32 + 16, 4);
	image_put(im, fi->blocks + 32 + 24, 1);
	image_put(im, used + 512, 4);
	used = image_get(im, 16);
	image_put(im, used, fi->tree);
	image_put(im, used + 8, fi->blocks);
	image_put(im, manager + 88, used);
}

// `jdk` 16, 11 or 8.
static inline bool metaspacefree_image_init(struct metaspacefree_image *fi, int jdk)
{
	image_init(&fi->im);
	if (jdk == 16)
		fi_make_16(fi);
	else
		fi_make_old(fi, jdk == 8);
	return metaspace_read(&fi->im.vm, &fi->im.boot, 1, &fi->im.mem, &fi->space, NULL);
}

#endif
