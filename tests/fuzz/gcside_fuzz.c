// SPDX-License-Identifier: Apache-2.0
// A good VM with words of its collector changed: the input is the collector, then records of
// {where, how, value}.
#include "jvm/gcside.h"

#include "../jvm/gcside_image.h"

struct change {
	uint16_t word;
	unsigned char how, small;
	uint64_t value;
};

static uint64_t changed(uint64_t old, const struct change *c)
{
	switch (c->how % 6) {
	case 0:
		return c->value;
	case 1:
		return old ^ (uint64_t)1 << c->small % 64;
	case 2:
		return old + c->small * 8u;
	case 3:
		return old - c->small * 8u;
	case 4:
		return SIDE_OBJECTS + c->value % SIDE_BYTES;
	default:
		return SIDE_TABLES + (uint64_t)c->small * 256 * PAGE_SIZE_BYTES;
	}
}

// Whatever the words: page-aligned, sorted, without overlap, in anonymous memory outside the heap
// and the library.
static void check(const struct side_image *im, const struct gcside *g)
{
	struct range heap = { SIDE_HEAP, SIDE_HEAP + SIDE_HEAP_BYTES };

	for (size_t i = 0; i < g->ranges.count; i++) {
		struct range r = { g->ranges.at[i].start, g->ranges.at[i].end };
		const struct mapping *m = maps_find(&im->maps, r.start);

		if (r.end <= r.start || r.start % PAGE_SIZE_BYTES || r.end % PAGE_SIZE_BYTES ||
		    (i && r.start < g->ranges.at[i - 1].end) || !m || m->path[0] ||
		    r.end > m->end || range_overlaps(r, heap))
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static const enum gc_kind KINDS[] = {
		GC_G1, GC_PARALLEL, GC_SERIAL, GC_CMS, GC_G1, GC_CMS
	};
	enum { BEFORE_9 = 4, OUTGROWN };
	static struct side_image im;
	struct fail why = { 0 };
	struct gcside g;

	if (!len)
		return 0;
	side_init(&im, KINDS[bytes[0] % 6]);
	if (bytes[0] % 6 == BEFORE_9)
		side_g1_before_9(&im);
	if (bytes[0] % 6 == OUTGROWN)
		side_cms_outgrown(&im);
	for (size_t at = 1; at + sizeof(struct change) <= len; at += sizeof(struct change)) {
		struct change c;
		uint64_t old;
		unsigned char *word;

		memcpy(&c, bytes + at, sizeof(c));
		word = (c.how & 0x80 ? im.library : im.objects) + c.word % (SIDE_BYTES / 8) * 8u;
		memcpy(&old, word, sizeof(old));
		old = changed(old, &c);
		memcpy(word, &old, sizeof(old));
	}
	if (gcside_read(&im.vm, &im.mem, &g, &why))
		check(&im, &g);
	else if (!why.text[0])
		__builtin_trap();
	side_drop(&im);
	return 0;
}
