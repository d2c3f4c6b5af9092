// SPDX-License-Identifier: Apache-2.0
// A good image of musl's malloc with words changed: the input is records of {which page, which
// word, how, value}.
#include "malloc/musl.h"

#include "../malloc/musl_image.h"

struct change {
	unsigned char page, how;
	uint16_t word;
	uint32_t small;
	uint64_t value;
};

static uint64_t changed(uint64_t old, const struct change *c, const struct image *im)
{
	switch (c->how % 4) {
	case 0:
		return c->value;
	case 1:
		return old ^ (uint64_t)1 << c->small % 64;
	case 2:
		return old + c->small;
	default: // a pointer to somewhere in the image
		return im->pages[c->small % im->page_count].page * PAGE_SIZE_BYTES +
		       c->value % 4096;
	}
}

// Whatever the words: sorted, without overlap, inside of what is mapped.
static void check(const struct image *im, const struct musl *m)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < m->pieces.count; i++) {
		const struct musl_piece *p = &m->pieces.at[i];

		if (p->end <= p->start || p->start % PAGE_SIZE_BYTES || p->end % PAGE_SIZE_BYTES ||
		    (i && p->start < m->pieces.at[i - 1].end) || !maps_find(&im->maps, p->start) ||
		    !maps_find(&im->maps, p->end - 1))
			__builtin_trap();
		sum += p->end - p->start;
	}
	if (sum != m->system)
		__builtin_trap();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static struct image im;
	struct fail why = { 0 };
	struct musl m;

	musl_image_init(&im);
	for (size_t at = 0; at + sizeof(struct change) <= len; at += sizeof(struct change)) {
		struct change c;
		uint64_t old, to;
		unsigned char *word;

		memcpy(&c, bytes + at, sizeof(c));
		word = im.pages[c.page % im.page_count].bytes + c.word * 8u % 4096;
		memcpy(&old, word, sizeof(old));
		to = changed(old, &c, &im);
		memcpy(word, &to, sizeof(to));
	}
	if (musl_read(&im.view, &im.mem, &m, &why))
		check(&im, &m);
	else if (!why.text[0])
		__builtin_trap();
	image_drop(&im);
	return 0;
}
