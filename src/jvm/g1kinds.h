// SPDX-License-Identifier: Apache-2.0
// What a G1 region is used for: by the VM's own tags and constants, and where it exports none (JDK 8)
// by a tag that is found among the words of its regions.
//
// For jvm/spaces_g1.c.

#ifndef JVM_G1KINDS_H
#define JVM_G1KINDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fail;
struct hotspot;

enum g1kind {
	G1KIND_FREE,
	G1KIND_EDEN,
	G1KIND_SURVIVOR,
	G1KIND_HUMONGOUS,
	G1KIND_ARCHIVE,
	G1KIND_OLD,
	G1KIND_COUNT
};

struct g1kinds {
	bool known;
	uint64_t offset; // of the tag in a region
	// What a tag means; -1: the VM has no such kind.
	int64_t free, eden, survivor, humongous_mask, archive_mask, old_mask;
};

struct g1kinds_regions { // `count` regions' first `bytes` bytes, one after the other
	const unsigned char *objects;
	const uint32_t *index; // of each in the heap
	size_t count, bytes;
};

const char *g1kinds_name(enum g1kind kind); // "eden"

// By what the VM exports; not `known` where it exports no tag.  ABSENT: a tag without constants.
bool g1kinds_find(const struct hotspot *vm, struct g1kinds *out, struct fail *why);
// For a VM that exports no tag.  Known afterwards only when the regions' own numbers stand beside the
// tags, and as many regions are old and humongous as the heap's sets of those have.
void g1kinds_probe(const struct hotspot *vm, const struct g1kinds_regions *r, struct g1kinds *out);
// False: the tag is none.
bool g1kinds_read(const struct g1kinds *k, const unsigned char *region, size_t bytes,
		  enum g1kind *kind);

#endif
