// SPDX-License-Identifier: Apache-2.0
// What Native Memory Tracking adds to the JVM of given.h.

#ifndef TESTS_PRESENT_GIVEN_NMT_H
#define TESTS_PRESENT_GIVEN_NMT_H

#include "given.h"

static inline struct nmt_row given_category(const char *name, uint64_t malloced, uint64_t mapped)
{
	return (struct nmt_row){
		.category = name,
		.reserved = malloced + 2 * mapped,
		.committed = malloced + mapped,
		.malloc = malloced,
		.malloc_count = malloced / 64,
		.malloc_peak = malloced * 2,
		.mmap_reserved = 2 * mapped,
		.mmap_committed = mapped,
		.mmap_resident = mapped / 2,
		.block_count = malloced / 64,
		.block_bytes = malloced,
		.block_resident = malloced / 4 * 3,
	};
}

static inline void given_sites(struct snapshot *s, uint64_t more)
{
	vec_push(s->mem, &s->nmt.sites,
		 (struct nmt_site_row){
			 .mapped = true,
			 .category = "Java Heap",
			 .bytes = MIB(256),
			 .committed = MIB(128),
			 .count = 1,
			 .frame = { "ReservedSpace::reserve+0xb2", "Universe::reserve_heap+0x51" },
			 .frames = 2 });
	vec_push(s->mem, &s->nmt.sites,
		 (struct nmt_site_row){
			 .category = "Class",
			 .bytes = MIB(4) + more,
			 .committed = MIB(4) + more,
			 .count = 5000 + more / 1024,
			 .frame = { "ClassLoaderData::ClassLoaderData+0x1a",
				    "A::name::that::is::longer::than::any::line::of::a::terminal::"
				    "has::columns::for+0x11",
				    "SystemDictionary::resolve\033[31m+0x40", "compiled code" },
			 .frames = 4 });
	s->nmt.sites_known = true;
}

// `more` bytes of blocks of category Class beyond the 4 MB that the first look sees.
static inline void given_nmt(struct snapshot *s, uint64_t more)
{
	struct nmt_row none = given_category("Symbol", MIB(1), 0);

	s->nmt = (struct nmt_facts){ .level = "detail", .known = true, .source = "memory" };
	none.block_count = none.block_bytes = none.block_resident = UNKNOWN_BYTES;
	vec_push(s->mem, &s->nmt.rows, given_category("Java Heap", 0, MIB(128)));
	vec_push(s->mem, &s->nmt.rows, given_category("Class", MIB(4) + more, MIB(2)));
	vec_push(s->mem, &s->nmt.rows, given_category("Test", 64, 0));
	vec_push(s->mem, &s->nmt.rows, none);
	for (size_t i = 0; i < s->nmt.rows.count; i++) {
		s->nmt.reserved += s->nmt.rows.at[i].reserved;
		s->nmt.committed += s->nmt.rows.at[i].committed;
	}
	vec_push(s->mem, &s->nmt.regions,
		 (struct nmt_region_row){ .start = 0x10000000,
					  .end = 0x20000000,
					  .committed = MIB(128),
					  .category = "Java Heap" });
	vec_push(s->mem, &s->checks,
		 (struct check_row){ .account = "thread-stacks",
				     .source = "nmt",
				     .what = "resident",
				     .theirs = MIB(9) });
	given_sites(s, more);
}

#endif
