// SPDX-License-Identifier: Apache-2.0
// Metaspace of JDK 8 (first byte even) or 11 (odd), in a VM made by hand whose words the rest of the
// input overwrites: records of {how u8, offset u24 little-endian, value u32}.  `how` 0: the value; 1: an
// address inside the image; 2: the old word plus the value as a signed number; 3: one byte.
#include <stdlib.h>
#include <string.h>

#include "../jvm/image.c"
#include "../jvm/image_old.c"
#include "jvm/metaspace.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

enum { RECORD_BYTES = 8, RECORD_LIMIT = 64, LOADERS = 3 };

static void demand(bool held)
{
	if (!held)
		abort();
}

static void add_spaces(struct image *im, bool jdk8, uint64_t loaders[LOADERS])
{
	uint64_t node = image_old_node(im), class_node = image_old_node(im);

	loaders[0] = image_loader(im, 0, true, NULL);
	loaders[1] = image_loader(im, 0, true, NULL);
	loaders[2] = im->boot;
	for (int i = 0; i < LOADERS; i++) {
		uint64_t chunks[6], class_chunk = image_old_chunk(im, class_node, 2048, 512);

		for (int k = 0; k < 6; k++)
			chunks[k] = image_old_chunk(im, node, 1024 << k % 3, 400);
		image_old_metaspace(im, loaders[i], jdk8, chunks, 6, &class_chunk, 1);
	}
}

static void overwrite(struct image *im, const unsigned char *record)
{
	uint64_t offset = (record[1] | record[2] << 8 | (uint64_t)record[3] << 16) % im->used;
	uint64_t at = IMAGE_START + (offset & ~UINT64_C(7));
	uint32_t value;

	memcpy(&value, record + 4, sizeof(value));
	switch (record[0] % 4) {
	case 0:
		image_put(im, at, value);
		break;
	case 1:
		image_put(im, at, IMAGE_START + value % im->used);
		break;
	case 2:
		image_put(im, at, image_peek(im, at) + (uint64_t)(int64_t)(int32_t)value);
		break;
	case 3:
		image_put8(im, IMAGE_START + offset, (uint8_t)value);
		break;
	}
}

static void check(const struct metaspace *m, bool jdk8)
{
	uint64_t used = 0, of_chunks = 0, chunks = 0;

	for (size_t i = 0; i < m->chunks.count; i++) {
		const struct metaspace_chunk *c = &m->chunks.at[i];
		const struct metaspace_node *n = &m->nodes.at[c->node];

		demand(c->used <= c->committed && c->committed <= c->size);
		demand(c->start >= n->start && c->size <= n->end - c->start);
		demand(c->class_space == n->class_space);
		of_chunks += c->used;
	}
	for (size_t i = 0; i < m->loader_count; i++) {
		used += m->loaders[i].nonclass.used + m->loaders[i].class_space.used;
		chunks += m->loaders[i].chunk_count;
		demand(m->loaders[i].readable || !m->loaders[i].chunk_count);
	}
	demand(m->nonclass.used + m->class_space.used == (jdk8 ? of_chunks : used));
	demand(chunks == m->chunks.count);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct image im;
	struct metaspace m;
	uint64_t loaders[LOADERS];
	bool jdk8 = !len || bytes[0] % 2 == 0, ok;

	image_init(&im);
	add_spaces(&im, jdk8, loaders);
	for (size_t i = 0; i < RECORD_LIMIT && (i + 1) * RECORD_BYTES < len; i++)
		overwrite(&im, bytes + 1 + i * RECORD_BYTES);
	ok = metaspace_read(&im.vm, loaders, LOADERS, &im.mem, &m, NULL);
	if (ok)
		check(&m, jdk8);
	demand(len > RECORD_BYTES || (ok && !m.unreadable && !m.contradicted));
	image_drop(&im);
	return 0;
}
