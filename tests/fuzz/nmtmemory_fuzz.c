// SPDX-License-Identifier: Apache-2.0
// A VM with Native Memory Tracking, words of it changed: the first byte says which layouts, then come
// records of {where, how, value}.
#include "jvm/nmtsummary.h"

#include "../jvm/nmt_image.h"

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
		return old + c->small;
	case 3:
		return old - c->small;
	case 4:
		return NMT_OBJECTS + c->value % NMT_OBJECTS_BYTES;
	default:
		return NMT_LIBRARY + c->value % NMT_LIBRARY_BYTES;
	}
}

// Whatever the words: names that can be printed, and no number that a machine can't have.
static void check_summary(const struct nmtsummary *s)
{
	for (size_t i = 0; i < s->count; i++) {
		const struct nmtsummary_row *r = &s->at[i];

		if (!r->category[0] || r->malloc_bytes >> 47 || r->arena_bytes >> 47 ||
		    r->reserved >> 47 || r->committed > r->reserved)
			__builtin_trap();
	}
	if (s->malloc_known == (s->malloc_why_not != NULL) ||
	    s->mappings_known == (s->mappings_why_not != NULL))
		__builtin_trap();
}

// Ranges of whole pages that rise, in categories that there are.
static void check_regions(const struct nmtsummary *s, const struct nmtregions *r)
{
	for (size_t i = 0; i < r->list.count; i++) {
		const struct nmtregion *g = &r->list.at[i];

		if (g->start % PAGE_SIZE_BYTES || g->end <= g->start || g->end >> 47 ||
		    g->committed > g->end - g->start || g->category >= s->count ||
		    (i && g->start < g[-1].end))
			__builtin_trap();
	}
}

static void check_sites(const struct nmtsummary *s, const struct nmtsites *sites)
{
	for (size_t i = 0; i < sites->list.count; i++)
		if (sites->list.at[i].category >= s->count || sites->list.at[i].bytes >> 47)
			__builtin_trap();
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);
int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	static struct nmt_image im;
	struct fail why = { 0 };
	struct nmtregions regions;
	struct nmtsites sites;
	struct nmtsummary s;

	if (!len)
		return 0;
	nmt_init(&im, bytes[0] & 1);
	if (bytes[0] & 2)
		nmt_put_tree(&im);
	else
		nmt_put_list(&im);
	nmt_put_sites(&im, bytes[0] & 4 || im.old);
	for (size_t at = 1; at + sizeof(struct change) <= len; at += sizeof(struct change)) {
		struct change c;
		uint64_t offset, word;

		memcpy(&c, bytes + at, sizeof(c));
		offset = c.how & 0x80 ? NMT_LIBRARY + c.word * 8u % NMT_LIBRARY_BYTES
				      : NMT_OBJECTS + c.word * 8u % NMT_OBJECTS_BYTES;
		word = changed(nmt_get(&im, offset), &c);
		nmt_put(&im, offset, word);
	}
	if (nmt_read_summary(&im, &s, &why)) {
		check_summary(&s);
		if (nmtregions_read(&im.vm, &im.statics, &s, &im.mem, &regions, &why))
			check_regions(&s, &regions);
		else if (!why.text[0])
			__builtin_trap();
		if (nmtsites_read(&im.vm, &im.statics, &s, &im.mem, &sites, &why))
			check_sites(&s, &sites);
	} else if (!why.text[0]) {
		__builtin_trap();
	}
	nmt_drop(&im);
	return 0;
}
