// SPDX-License-Identifier: Apache-2.0
// A good heap with words changed: the input is a layout, the chunks of the main heap, then records of
// {which page, which word, how, value}.  Whatever the words, the walk ends, and its sums stay within the
// memory that it walked.
#include "malloc/glibc_walk.h"

#include "../malloc/chunk_image.h"

struct change {
	unsigned char page, word, how, small;
	uint64_t value;
};

static uint64_t changed(uint64_t old, const struct change *c, const struct image *im)
{
	switch (c->how % 6) {
	case 0:
		return c->value;
	case 1:
		return old ^ (uint64_t)1 << c->small % 64;
	case 2:
		return old + c->small * 16u;
	case 3:
		return old - c->small * 16u;
	case 4: // a pointer to somewhere in the image
		return im->pages[c->small % im->page_count].page * PAGE_SIZE_BYTES +
		       c->value % 4096;
	default:
		return 0;
	}
}

static void check(const struct glibc *g, const struct glibc_walk *w)
{
	for (size_t i = 0; i < w->arenas.count; i++) {
		const struct walk_arena *a = &w->arenas.at[i];
		uint64_t has = 0, resident = 0, bytes = 0;

		for (size_t k = 0; k < g->pieces.count; k++)
			if (g->pieces.at[k].part != GLIBC_CHUNK && g->pieces.at[k].arena == i)
				has += g->pieces.at[k].end - g->pieces.at[k].start;
		for (size_t k = 0; k < WALK_USES; k++) {
			resident += k == WALK_OWN ? 0 : a->use[k].resident;
			bytes += a->use[k].bytes;
		}
		// A heap may reach further than it did when its end was read.
		if (bytes > has + (g->layout.heap_bytes + 4096) * g->pieces.count ||
		    a->returnable > a->resident + g->layout.heap_bytes * g->pieces.count ||
		    resident >> 47)
			__builtin_trap();
		if (a->whole && bytes != a->system)
			__builtin_trap();
	}
}

static void put_chunks(struct chunk_image *c, const unsigned char *bytes, size_t count)
{
	uint64_t cache = chunk_put(c, c->im.layout.without_16 ? 0x300 : 0x290, true) + 16, last = 0;

	for (size_t i = 0; i < count && c->at < BRK_AT + 30 * PAGE_SIZE_BYTES; i++) {
		uint64_t at = chunk_put(c, 32 + bytes[i] / 4 * 16, bytes[i] % 4 != 0);

		if (bytes[i] % 4 == 2) {
			image_put(&c->im, at + 16, last ? chunk_mangle(last, at + 16) : 0);
			last = at;
		}
		if (bytes[i] % 4 == 3)
			image_put(&c->im, at + 24, cache);
	}
	chunk_put_top(c);
	if (last)
		image_put(&c->im, chunk_main_at() + 16, last);
	image_put(&c->im, cache, 1);
	image_put(&c->im, cache + 128, BRK_AT + 0x300);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static const struct image_layout *const LAYOUTS[] = { &GLIBC_2_31, &GLIBC_2_36,
							      &GLIBC_2_43 };
	static struct chunk_image c;
	struct fail why = { 0 };
	struct glibc_walk w;
	struct glibc g;
	size_t chunks;

	if (len < 2)
		return 0;
	memset(&c, 0, sizeof(c));
	chunk_init(&c, LAYOUTS[bytes[0] % 3]);
	chunks = bytes[1] < len - 2 ? bytes[1] : len - 2;
	put_chunks(&c, bytes + 2, chunks);
	for (size_t at = 2 + chunks; at + sizeof(struct change) <= len;
	     at += sizeof(struct change)) {
		struct change change;
		uint64_t old, to;
		unsigned char *word;

		memcpy(&change, bytes + at, sizeof(change));
		word = c.im.pages[change.page % c.im.page_count].bytes +
		       (change.word * 16u + change.small / 128 * 8u) % 4096;
		memcpy(&old, word, sizeof(old));
		to = changed(old, &change, &c.im);
		memcpy(word, &to, sizeof(to));
	}
	if (glibc_read(&c.im.view, &c.im.mem, &g, &why)) {
		struct threadcache_marks marks;

		if (!glibc_walk(&c.im.view, &g, NULL, &c.im.mem, &w, &why))
			__builtin_trap();
		check(&g, &w);
		marks = w.marks;
		if (glibc_walk(&c.im.view, &g, &marks, &c.im.mem, &w, &why))
			check(&g, &w);
	}
	image_drop(&c.im);
	return 0;
}
