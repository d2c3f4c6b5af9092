// SPDX-License-Identifier: Apache-2.0
// What Native Memory Tracking keeps in a VM, made by hand: the table of names, the counters, the
// ranges that it knows of as a list or a tree, and call sites.  `old` lays it out as JDK 8 and 11 do, else as 17 and
// later.  Tests and the fuzz target break pieces of it; nothing here is the product's.

#ifndef TESTS_JVM_NMT_IMAGE_H
#define TESTS_JVM_NMT_IMAGE_H

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/hotspot.h"
#include "jvm/nmtregions.h"
#include "jvm/nmtsites.h"
#include "jvm/nmtsummary.h"
#include "jvm/statics.h"

#define NMT_LIBRARY UINT64_C(0x7f4000000000)
#define NMT_OBJECTS UINT64_C(0x7f5000000000) // what NMT has malloc'd
#define NMT_MAPPED  UINT64_C(0x7f6000000000) // the ranges it knows of

enum {
	NMT_TEXT_BYTES = 0x4000, // of the library that is not writable
	NMT_LIBRARY_BYTES = 0xc000,
	NMT_OBJECTS_BYTES = 0x20000,
	// Where things lie behind the library's start.
	NMT_NAMES = 0x4400,
	NMT_MALLOC = 0x5000,
	NMT_MAPPINGS = 0x6040,
	NMT_REGIONS = 0x6000,       // before the counters: the list's address
	NMT_TRACKER = 0x6040 + 400, // behind them: the tree's
	NMT_VTABLE = 0x8010,
	NMT_SITES = 0x9000,    // a table of call sites that is a static itself
	NMT_SITES_AT = 0xa010, // or pointers to the first site, its stack and the table
	NMT_FIRST_SITE = 0xa100,
	NMT_FIRST_STACK = 0xa200,
	NMT_SITE_COUNT = 200,
	NMT_BUCKETS = 1021, // of a table that is malloc'd
	NMT_HEAP_BYTES = 64 << 20,
	NMT_CODE_BYTES = 48 << 20,
	NMT_CLASS_BYTES = 32 << 20,
	NMT_METASPACE_BYTES = 8 << 20,
};

struct nmt_image {
	struct arena mem;
	unsigned char library[NMT_LIBRARY_BYTES], objects[NMT_OBJECTS_BYTES];
	struct memory memory;
	struct mapping mappings[4];
	struct maps maps;
	struct hotspot vm;
	struct statics statics;
	struct nmtsummary_known known;
	bool old;
	size_t names, text_used, objects_used;
	struct nmtregion ranges[16]; // sorted
	size_t range_count;
	unsigned forgets;
	void (*on_forget)(struct nmt_image *im); // a test's hook: the counters come to rest
};

static const char *const NMT_NAME_LIST[] = {
	"Java Heap",
	"Class",
	"Thread",
	"Thread Stack",
	"Code",
	"GC",
	"Compiler",
	"Internal",
	"Other",
	"Symbol",
	"Native Memory Tracking",
	"Shared class space",
	"Arena Chunk",
	"Test",
	"Metaspace",
	"Unknown",
};
enum { NMT_NAME_COUNT = sizeof(NMT_NAME_LIST) / sizeof(NMT_NAME_LIST[0]) };

static inline unsigned char *nmt_find(struct nmt_image *im, uint64_t at, size_t len)
{
	if (at >= NMT_LIBRARY && at - NMT_LIBRARY + len <= NMT_LIBRARY_BYTES)
		return im->library + (at - NMT_LIBRARY);
	if (at >= NMT_OBJECTS && at - NMT_OBJECTS + len <= NMT_OBJECTS_BYTES)
		return im->objects + (at - NMT_OBJECTS);
	return NULL;
}

static inline bool nmt_image_read(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	const unsigned char *from = nmt_find(self, at, len);

	if (!from)
		return fail(why, FAIL_ABSENT, "not in the image");
	memcpy(to, from, len);
	return true;
}

static inline void nmt_image_forget(void *self)
{
	struct nmt_image *im = self;

	im->forgets++;
	if (im->on_forget)
		im->on_forget(im);
}

static inline void nmt_put(struct nmt_image *im, uint64_t at, uint64_t value)
{
	unsigned char *to = nmt_find(im, at, sizeof(value));

	if (!to)
		abort();
	memcpy(to, &value, sizeof(value));
}

static inline uint64_t nmt_get(struct nmt_image *im, uint64_t at)
{
	const unsigned char *from = nmt_find(im, at, 8);
	uint64_t value;

	if (!from)
		abort();
	memcpy(&value, from, sizeof(value));
	return value;
}

static inline uint64_t nmt_text(struct nmt_image *im, const char *text)
{
	uint64_t at = NMT_LIBRARY + 0x100 + im->text_used;

	strcpy((char *)nmt_find(im, at, strlen(text) + 1), text);
	im->text_used += strlen(text) + 1;
	return at;
}

// JDK 8 and 11 have no category Metaspace; 17 has the names alone, later ones identifiers too.
static inline void nmt_put_names(struct nmt_image *im)
{
	uint64_t at = NMT_LIBRARY + NMT_NAMES;

	for (size_t i = 0; i < NMT_NAME_COUNT; i++) {
		if (im->old && !strcmp(NMT_NAME_LIST[i], "Metaspace"))
			continue;
		if (!im->old) {
			nmt_put(im, at, nmt_text(im, i ? "mtOther" : "mtJavaHeap"));
			at += 8;
		}
		nmt_put(im, at, nmt_text(im, NMT_NAME_LIST[i]));
		at += 8;
		im->names++;
	}
}

static inline uint64_t nmt_malloc_at(const struct nmt_image *im, size_t category)
{
	return NMT_LIBRARY + NMT_MALLOC + category * (im->old ? 32 : 64);
}

static inline uint64_t nmt_mapping_at(const struct nmt_image *im, size_t category)
{
	return NMT_LIBRARY + NMT_MAPPINGS + category * (im->old ? 16 : 24);
}

// `count` blocks of 40 bytes more for a category and in all.
static inline void nmt_add_blocks(struct nmt_image *im, size_t category, uint64_t count)
{
	uint64_t at = nmt_malloc_at(im, category), total = nmt_malloc_at(im, im->names);

	nmt_put(im, at, nmt_get(im, at) + count);
	nmt_put(im, at + 8, nmt_get(im, at + 8) + count * 40);
	if (!im->old)
		nmt_put(im, at + 24, nmt_get(im, at + 24) + count * 40);
	nmt_put(im, total, nmt_get(im, total) + count);
	nmt_put(im, total + 8, nmt_get(im, total + 8) + count * (im->old ? 16 : 40));
}

// The next range of the process, and in the counters.
static inline void nmt_add_mapping(struct nmt_image *im, const char *category, uint64_t reserved,
				   uint64_t committed)
{
	struct nmtregion *r = &im->ranges[im->range_count];
	uint64_t start = im->range_count ? r[-1].end + MIB(1) : NMT_MAPPED;

	for (size_t i = 0, row = 0; i < NMT_NAME_COUNT; i++) {
		uint64_t at = nmt_mapping_at(im, row);

		if (im->old && !strcmp(NMT_NAME_LIST[i], "Metaspace"))
			continue;
		row++;
		if (strcmp(NMT_NAME_LIST[i], category) != 0)
			continue;
		*r = (struct nmtregion){ start,
					 start + reserved,
					 committed,
					 (uint32_t)row - 1,
					 { NMT_LIBRARY + 0x1000 + 16 * im->range_count, 0 } };
		im->range_count++;
		nmt_put(im, at, nmt_get(im, at) + reserved);
		nmt_put(im, at + 8, nmt_get(im, at + 8) + committed);
		if (!im->old)
			nmt_put(im, at + 16, nmt_get(im, at + 16) + committed);
	}
}

static inline void nmt_put_counters(struct nmt_image *im)
{
	for (size_t i = 0; i < im->names; i++)
		nmt_add_blocks(im, i, 10 * i + 7);
	nmt_put(im, nmt_malloc_at(im, 6) + (im->old ? 16 : 32), 2); // two arenas of the compiler
	nmt_put(im, nmt_malloc_at(im, 6) + (im->old ? 24 : 40), 200);
	if (im->old) // stacks count as blocks of no bytes, and have no header
		nmt_put(im, nmt_malloc_at(im, 3) + 8, 0),
			nmt_put(im, nmt_malloc_at(im, im->names),
				nmt_get(im, nmt_malloc_at(im, im->names)) - 37),
			nmt_put(im, nmt_malloc_at(im, im->names) + 8,
				nmt_get(im, nmt_malloc_at(im, im->names)) * 16);
	nmt_add_mapping(im, "Java Heap", NMT_HEAP_BYTES, MIB(40));
	nmt_add_mapping(im, "Code", NMT_CODE_BYTES, MIB(3));
	nmt_add_mapping(im, "Class", NMT_CLASS_BYTES + (im->old ? NMT_METASPACE_BYTES : 0), MIB(2));
	if (!im->old)
		nmt_add_mapping(im, "Metaspace", NMT_METASPACE_BYTES, MIB(1));
	nmt_add_mapping(im, "GC", MIB(2), MIB(1));
}

// Zeroed room for something that NMT has malloc'd, with its header where the VM has one.
static inline uint64_t nmt_object(struct nmt_image *im, uint64_t size)
{
	uint64_t at = NMT_OBJECTS + im->objects_used + 32;

	im->objects_used += 32 + ((size + 15) & ~(uint64_t)15);
	if (im->objects_used > NMT_OBJECTS_BYTES)
		abort();
	nmt_put(im, at - 24, size + 40);
	nmt_put(im, at - 16, size);
	nmt_put(im, at - 8, (uint64_t)0xe99e << 48);
	return at;
}

static inline void nmt_put_words(struct nmt_image *im, uint64_t at, const uint64_t *words,
				 size_t count)
{
	for (size_t i = 0; i < count; i++)
		nmt_put(im, at + 8 * i, words[i]);
}

// JDK 8 to 25: a list of ranges, each with a list of two committed parts.
static inline uint64_t nmt_put_list(struct nmt_image *im)
{
	uint64_t list = nmt_object(im, 24), last = list + 8, vtable = NMT_LIBRARY + NMT_VTABLE;
	size_t stack_words = im->old ? 5 : 4;

	nmt_put(im, vtable, NMT_LIBRARY + 0x2000); // the first function
	nmt_put(im, list, vtable);
	for (size_t i = 0; i < im->range_count; i++) {
		const struct nmtregion *r = &im->ranges[i];
		uint64_t node = nmt_object(im, 96), half = r->committed / 2;

		nmt_put_words(im, node, (uint64_t[]){ r->start, r->end - r->start, vtable, 0, 0 },
			      5);
		nmt_put_words(im, node + 40, r->stack, NMT_FRAMES);
		nmt_put(im, node + 40 + 8 * stack_words, r->category);
		for (uint64_t k = 0; k < 2; k++) {
			uint64_t part = nmt_object(im, 64);

			nmt_put_words(im, part, (uint64_t[]){ r->start + k * half, half }, 2);
			nmt_put(im, part + 16 + 8 * stack_words, nmt_get(im, node + 24));
			nmt_put(im, node + 24, part);
		}
		nmt_put(im, last, node);
		last = node + 48 + 8 * stack_words;
	}
	nmt_put(im, NMT_LIBRARY + NMT_REGIONS, list);
	return list;
}

struct nmt_change { // of what lies at an address, as JDK 26 keeps it
	uint64_t at;
	uint8_t state, category;
	int32_t stack;
};

static inline void nmt_put_side(struct nmt_image *im, uint64_t at, const struct nmt_change *c)
{
	int32_t sides[2] = { c ? c->stack : -1, -1 };
	unsigned char head[4] = { c ? c->state : 0, c ? c->category : 0, 0, 0 };

	memcpy(nmt_find(im, at, 12), head, 4);
	memcpy(nmt_find(im, at + 4, 8), sides, 8);
}

// A balanced tree over changes [first, last).
static inline uint64_t nmt_put_nodes(struct nmt_image *im, const struct nmt_change *c, size_t first,
				     size_t last, uint64_t parent)
{
	size_t middle = first + (last - first) / 2;
	uint64_t node;

	if (first == last)
		return 0;
	node = nmt_object(im, 56);
	nmt_put(im, node, parent | (middle & 1));
	nmt_put(im, node + 8, nmt_put_nodes(im, c, first, middle, node));
	nmt_put(im, node + 16, nmt_put_nodes(im, c, middle + 1, last, node));
	nmt_put(im, node + 24, c[middle].at);
	nmt_put_side(im, node + 32, middle ? &c[middle - 1] : NULL);
	nmt_put_side(im, node + 44, &c[middle]);
	return node;
}

// JDK 26 and later.
static inline uint64_t nmt_put_tree(struct nmt_image *im)
{
	struct nmt_change c[48];
	size_t count = 0;
	uint64_t tracker = nmt_object(im, 96), stacks = nmt_object(im, 16 * 32);

	for (size_t i = 0; i < im->range_count; i++) {
		const struct nmtregion *r = &im->ranges[i];
		uint64_t middle = r->start + r->committed;

		nmt_put_words(im, stacks + 32 * i, r->stack, NMT_FRAMES);
		c[count++] = (struct nmt_change){ r->start, 3, (uint8_t)r->category, (int32_t)i };
		c[count++] = (struct nmt_change){ middle, 1, (uint8_t)r->category, (int32_t)i };
		c[count++] = (struct nmt_change){ r->end, 0, 15, -1 };
	}
	nmt_put_words(im, tracker,
		      (uint64_t[]){ count, nmt_put_nodes(im, c, 0, count, 0), 0,
				    im->range_count | (uint64_t)16 << 32, stacks },
		      5);
	nmt_put(im, NMT_LIBRARY + NMT_TRACKER, tracker);
	return tracker;
}

// The stack of site `i`, whose sum is its hash.
static inline void nmt_site_stack(size_t i, uint64_t stack[NMT_FRAMES])
{
	for (size_t k = 0; k < NMT_FRAMES; k++)
		stack[k] = NMT_LIBRARY + 0x1000 + 8 * i + 0x200 * k;
}

static inline uint32_t nmt_site_hash(size_t i)
{
	return (uint32_t)(0x9e3779b1u * (i + 1) | 0x10000);
}

static inline uint64_t nmt_site_blocks(const struct nmt_image *im, size_t i)
{
	uint64_t all = nmt_get((struct nmt_image *)im, nmt_malloc_at(im, im->names));

	return i + 1 < NMT_SITE_COUNT ? all / NMT_SITE_COUNT
				      : all - all / NMT_SITE_COUNT * (NMT_SITE_COUNT - 1);
}

static inline void nmt_put_site(struct nmt_image *im, uint64_t at, size_t i, uint64_t next)
{
	uint64_t stack[NMT_FRAMES], blocks = nmt_site_blocks(im, i);
	uint64_t category = i % im->names, hash = nmt_site_hash(i);

	nmt_site_stack(i, stack);
	nmt_put_words(im, at, stack, NMT_FRAMES);
	if (im->old)
		nmt_put_words(im, at + 32,
			      (uint64_t[]){ hash, blocks, blocks * 40, category, next }, 5);
	else
		nmt_put_words(im, at + 32,
			      (uint64_t[]){ category | 0xabcd00, blocks, blocks * 40, blocks,
					    blocks * 40, hash, next },
			      7);
}

// Level detail: `inside` says that the table is a static itself (8 to 17).  Returns where it lies.
static inline uint64_t nmt_put_sites(struct nmt_image *im, bool inside)
{
	size_t buckets = inside ? 511 : NMT_BUCKETS;
	uint64_t table = inside ? NMT_LIBRARY + NMT_SITES : nmt_object(im, buckets * 8), stack[4];

	for (size_t i = 0; i < NMT_SITE_COUNT; i++) {
		uint64_t bucket = table + nmt_site_hash(i) % buckets * 8;
		uint64_t site = i ? nmt_object(im, 96) : NMT_LIBRARY + NMT_FIRST_SITE;

		nmt_put_site(im, site, i, nmt_get(im, bucket));
		nmt_put(im, bucket, site);
	}
	nmt_site_stack(0, stack);
	nmt_put_words(im, NMT_LIBRARY + NMT_FIRST_STACK, stack, NMT_FRAMES);
	if (!inside)
		nmt_put_words(im, NMT_LIBRARY + NMT_SITES_AT,
			      (uint64_t[]){ NMT_LIBRARY + NMT_FIRST_SITE,
					    NMT_LIBRARY + NMT_FIRST_STACK, table },
			      3);
	return table;
}

static inline void nmt_init(struct nmt_image *im, bool old)
{
	static const struct memory_source SOURCE = { .read = nmt_image_read,
						     .forget = nmt_image_forget };

	*im = (struct nmt_image){ .old = old };
	memory_init(&im->memory, &im->mem);
	memory_add_segment(&im->memory, 0, (uint64_t)1 << 47, &SOURCE, im);
	im->mappings[0] = (struct mapping){ .start = NMT_LIBRARY,
					    .end = NMT_LIBRARY + NMT_TEXT_BYTES,
					    .readable = true,
					    .executable = true,
					    .path = "/lib/libjvm.so" };
	im->mappings[1] = (struct mapping){ .start = NMT_LIBRARY + NMT_TEXT_BYTES,
					    .end = NMT_LIBRARY + NMT_LIBRARY_BYTES,
					    .readable = true,
					    .writable = true,
					    .path = "/lib/libjvm.so" };
	im->mappings[2] = (struct mapping){ .start = NMT_OBJECTS,
					    .end = NMT_OBJECTS + NMT_OBJECTS_BYTES,
					    .readable = true,
					    .writable = true,
					    .path = "" };
	im->maps = (struct maps){ im->mappings, 3 };
	im->vm = (struct hotspot){ .memory = &im->memory,
				   .maps = &im->maps,
				   .mem = &im->mem,
				   .library = "/lib/libjvm.so",
				   .library_start = NMT_LIBRARY,
				   .library_end = NMT_LIBRARY + NMT_LIBRARY_BYTES };
	im->known = (struct nmtsummary_known){ NMT_HEAP_BYTES, NMT_CODE_BYTES, NMT_CLASS_BYTES,
					       NMT_METASPACE_BYTES };
	nmt_put_names(im);
	nmt_put_counters(im);
}

static inline void nmt_drop(struct nmt_image *im)
{
	arena_drop(&im->mem);
}

static inline bool nmt_read_summary(struct nmt_image *im, struct nmtsummary *out, struct fail *why)
{
	return statics_read(&im->vm, &im->mem, &im->statics, why) &&
	       nmtsummary_read(&im->vm, &im->statics, &im->known, &im->mem, out, why);
}

#endif
