// SPDX-License-Identifier: Apache-2.0
// How Metaspace is cut: chunks by size and by who has them, free ones, and what is lost between.
// Shown by `classes --metaspace`.

#ifndef FACTS_METASPACE_H
#define FACTS_METASPACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

// Who has a chunk.  The VM's own words in jcmd VM.metaspace: Boot, Standard, Reflection,
// ClassMirrorHolder (UnsafeAnonymous, Anonymous).
enum metaspace_owner {
	METASPACE_BOOT,
	METASPACE_STANDARD,
	METASPACE_REFLECTION,
	METASPACE_HIDDEN,
	METASPACE_FREE, // nobody
	METASPACE_OWNERS
};

// What is in chunks.  Bytes; capacity is committed and what a chunk has not committed yet (JDK 16+);
// committed is used + overhead + free + waste.
struct metaspace_share {
	uint64_t chunks, capacity, committed, used;
	uint64_t overhead; // the chunks' headers, where they lie in them (JDK 8 to 15)
	uint64_t free;     // of chunks that their loader allocates from, or that are free
	uint64_t waste;    // of those that it does not any more
};

struct metaspace_chunk_row { // chunks of one size, owner and kind
	enum metaspace_owner owner;
	bool class_space;
	bool humongous; // of JDK 8 to 15: made to measure, of whatever size
	uint64_t size;  // of one chunk; of humongous ones the largest
	struct metaspace_share share;
};

struct metaspace_node_row { // a virtual space node
	uint64_t start, end;
	uint64_t committed;
	uint64_t used; // chunks were cut from it up to there
	bool class_space;
};

struct metaspace_sum {                 // of non-class metadata, or of class space
	uint64_t reserved, committed;  // of the nodes
	struct metaspace_share in_use; // of all loaders
	struct metaspace_share free;   // chunks that are nobody's
	uint64_t beside; // committed, and in no chunk: not cut yet, or the rest of a granule
	uint64_t blocks, block_bytes; // given back inside of chunks: part of `used`
};

struct metaspace_flag_row {
	const char *name;
	uint64_t value; // bytes, or percent
	bool percent;
	bool unlimited;
};

struct metaspace_facts {
	bool asked, known;
	const char *why_not;
	VEC(struct metaspace_chunk_row) chunks; // class space behind the rest, the largest first
	VEC(struct metaspace_node_row) nodes;
	struct {
		uint64_t loaders, classes;
	} owners[METASPACE_OWNERS];
	struct metaspace_sum nonclass, class_space, both;
	bool free_known; // else no row of free chunks, and `free` and `beside` are 0
	const char *free_why_not;
	bool blocks_known;
	const char *blocks_why_not;
	uint64_t unreadable;      // loaders that changed while they were read: in no sum
	double fragmentation;     // percent of what is committed that holds nothing
	uint64_t high_water_mark; // committed bytes at which the VM collects; UNKNOWN_BYTES
	const char *high_water_why_not;
	uint64_t until_gc; // bytes that may still be committed before that; UNKNOWN_BYTES
	VEC(struct metaspace_flag_row) flags;
};

const char *metaspace_owner_name(enum metaspace_owner o); // "boot"

#endif
