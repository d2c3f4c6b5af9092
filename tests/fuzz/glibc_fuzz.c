// SPDX-License-Identifier: Apache-2.0
// A good image of malloc with words changed: the input is a layout and a kind of change, then
// records of {which page, which word, how, value}.
#include "malloc/glibc.h"

#include "../malloc/glibc_image.h"
#include "malloc/rtld.h"

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
		return old + c->small;
	case 3:
		return old - c->small;
	case 4: // a pointer to somewhere in the image
		return im->pages[c->small % im->page_count].page * PAGE_SIZE_BYTES +
		       c->value % 4096;
	default:
		return 0;
	}
}

// Whatever the words: sorted, without overlap, in anonymous memory or the heap, never taken, and
// sure only when the counters agree.
static void check(const struct image *im, const struct glibc *g)
{
	uint64_t chunks = 0;

	for (size_t i = 0; i < g->pieces.count; i++) {
		const struct glibc_piece *p = &g->pieces.at[i];
		const struct mapping *m = maps_find(&im->maps, p->start);

		if (p->end <= p->start || (i && p->start < g->pieces.at[i - 1].end) || !m ||
		    p->end > m->end || view_find_taken(&im->view, p->start, p->end) ||
		    p->arena >= g->arenas.count || m->start == LIBC_AT)
			__builtin_trap();
		if (p->part == GLIBC_CHUNK)
			chunks += p->end - p->start;
		if (p->part == GLIBC_CHUNK && p->doubt == GLIBC_SURE &&
		    (!g->params.known || g->chunk_bytes != g->counters.mmapped))
			__builtin_trap();
	}
	if (chunks != g->chunk_bytes)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static const struct image_layout *const LAYOUTS[] = { &GLIBC_2_31, &GLIBC_2_36,
							      &GLIBC_2_43 };
	static const struct range TAKEN[] = { { OTHER_AT, OTHER_AT + PAGE_SIZE_BYTES } };
	static struct image im;
	struct fail why = { 0 };
	struct rtld rtld;
	struct glibc g;

	if (!len)
		return 0;
	image_init(&im, LAYOUTS[bytes[0] % 3]);
	if (bytes[0] & 0x80) {
		im.view.taken = TAKEN;
		im.view.taken_count = 1;
	}
	for (size_t at = 1; at + sizeof(struct change) <= len; at += sizeof(struct change)) {
		struct change c;
		uint64_t old, to;
		unsigned char *word;

		memcpy(&c, bytes + at, sizeof(c));
		word = im.pages[c.page % im.page_count].bytes +
		       (c.word * 16u + c.small / 128 * 8u) % 4096;
		memcpy(&old, word, sizeof(old));
		to = changed(old, &c, &im);
		memcpy(word, &to, sizeof(to));
	}
	if (glibc_read(&im.view, &im.mem, &g, &why)) {
		check(&im, &g);
		rtld_read(&im.view, &g, 1, &im.mem, &rtld);
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	image_drop(&im);
	return 0;
}
