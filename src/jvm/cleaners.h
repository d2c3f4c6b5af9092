// SPDX-License-Identifier: Apache-2.0
// The list of cleaners in the Java heap: for jvm/direct.c, which knows what they clean.
//
// JDK 8-25: objects linked by themselves; 26+: arrays of them in linked nodes. The VM's threads rebuild
// both by plain stores while we read, and still no cleaner is missed that was there all the while.
// Of links one that is taken out leaves the others where they are and links to itself: then the walk
// goes back to one that is still in the list.  In arrays the last one takes the place of one that
// goes, and is in both places for a moment: what two readings find together is all.  docs/formats/
// direct-buffers.md.

#ifndef JVM_CLEANERS_H
#define JVM_CLEANERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "jvm/javafields.h"

struct fail;
struct hotspot;
struct hotspot_classes;

enum { CLEANERS_LIMIT = 4 << 20 }; // of all kinds

struct cleaners {                // where things are; does not change while the VM lives
	uint64_t klass;          // of the links
	struct javafield action; // what a link will run
	struct javafield next;   // of a link, or of a node
	struct javafield head;
	uint64_t outer; // class whose mirror holds `head`, or leads to what does
	// BufferCleaner: links stand in arrays of nodes.
	bool in_nodes;
	uint64_t list_klass, node_klass;
	struct javafield list, array, size;
};

struct cleaner_list {
	VEC(uint64_t) at; // objects, valid until the next collection; some may be taken out by now
};

// ABSENT: no cleaner was ever made.
bool cleaners_find(const struct hotspot *vm, const struct hotspot_classes *classes,
		   struct cleaners *out, struct fail *why);
// The caller sees to it that no collection came between (jvm/heapclock.h).  `out` lies in `mem`.
// CORRUPT: the list changed too much meanwhile, or makes no sense.
bool cleaners_list(const struct hotspot *vm, const struct cleaners *c, struct arena *mem,
		   struct cleaner_list *out, struct fail *why);

#endif
