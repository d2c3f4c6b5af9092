// SPDX-License-Identifier: Apache-2.0
// How large objects truly are: the VM's layout, inferred from the distances between them.
//
// A dump has the values of fields, not sizes.  The VM that wrote it packed its objects in one of a few
// ways (heads of 8, 12 or 16 bytes, references of 4 or 8, two rules for the order of fields).  Each is
// tried on a sample: no object may be larger than the distance to the next, and most are exactly as
// large.  What the VM adds to some classes (injected fields, @Contended) is seen as a distance that
// no instance falls below.  Facts: docs/formats/hprof.md.

#ifndef HEAP_LAYOUT_H
#define HEAP_LAYOUT_H

#include <stdbool.h>
#include <stdint.h>

struct dump;
struct klass;

enum layout_rule { LAYOUT_OLD, LAYOUT_NEW }; // of JDK 8 to 14, and since 15

struct layout {
	unsigned alignment, reference, head;
	unsigned array_head;  // before elements of less than 8 bytes
	unsigned array_head8; // before elements of 8 bytes
	enum layout_rule rule;
	bool is_inferred;      // else assumed: the ids tell nothing
	double adjacent;       // share of the sample that is exactly as large as its distance
	uint64_t sample;       // objects looked at
	uint64_t contradicted; // objects that are larger than their distance
	uint64_t widened;      // classes whose instances have more than their fields
};

// Sets d->layout and the sizes of all classes; needs the finished count of objects.
void layout_infer(struct dump *d);
// Bytes of an array of that many elements.
uint64_t layout_array(const struct layout *l, unsigned element_bytes, uint64_t count);
// Bytes from the start of an instance to the end of its last field.
uint64_t layout_instance(const struct layout *l, const struct dump *d, const struct klass *k);

static inline uint64_t layout_align(const struct layout *l, uint64_t bytes)
{
	return (bytes + l->alignment - 1) / l->alignment * l->alignment;
}

#endif
