// SPDX-License-Identifier: Apache-2.0
// A HotSpot VM seen from outside: opened once per look, asked by member, never by version.
//
// Everything comes from `memory`; nothing in the target runs.  Readers in this room take a
// `struct hotspot`, return structs of their own and check what they read: pointers are 8-aligned
// and below 2^47, lists have an end and a limit, ranges lie in the mapping they claim.  What does
// not validate is "layout unknown" (FAIL_CORRUPT or FAIL_ABSENT), never a number.

#ifndef JVM_HOTSPOT_H
#define JVM_HOTSPOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "parse/maps.h"

struct arena;
struct fail;
struct flags;
struct memory;
struct tree;
struct vmstructs;
struct zheap;

enum field_id {
#define FIELD(id, ...) FIELD_##id,
#include "jvm/fields.def"
#undef FIELD
	FIELD_COUNT
};

enum gc_kind {
	GC_UNKNOWN,
	GC_SERIAL,
	GC_PARALLEL,
	GC_CMS,
	GC_G1,
	GC_Z,
	GC_SHENANDOAH,
	GC_EPSILON,
};

struct hotspot {
	const struct memory *memory;
	const struct maps *maps;
	const struct tree *files;
	struct arena *mem;
	int pid;

	struct vmstructs *tables;
	const struct vmstructs_field *field[FIELD_COUNT]; // NULL: this VM does not export it

	struct flags *flags; // jvm/flags.h; never NULL

	const char *library;                 // path of libjvm.so as in maps
	uint64_t library_start, library_end; // load base .. end of its .bss

	int jdk;             // major version: for people and for messages, not for layout choices;
			     // 0 when the VM's number and its release contradict each other
	const char *release; // "17.0.15+6-Debian-1deb12u1"
	const char *name;    // "OpenJDK 64-Bit Server VM"; "" when not found
	enum gc_kind gc;

	bool compressed_oops, compressed_klasses, compact_headers;
	uint64_t narrow_klass_base, narrow_oop_base;
	unsigned narrow_klass_shift, narrow_oop_shift;
	bool coloured_oops; // generational ZGC: pointers carry colours

	uint64_t heap_at;              // CollectedHeap*
	uint64_t heap_start, heap_end; // CollectedHeap::_reserved; 0, 0 when it has none (ZGC)
				       // or one that MaxHeapSize contradicts
	const struct zheap *z;         // jvm/zheap.h; NULL: no ZGC, or none that is known
};

// Finds libjvm.so in `maps`, reads the tables, the flags that decide on layouts, and the narrow
// pointer parameters.  All pointers of `out` live in `mem` or belong to the caller.
// ABSENT: no libjvm.so, or it is not HotSpot (the text says what it is); CORRUPT: layout unknown.
bool hotspot_open(const struct memory *memory, const struct maps *maps, const struct tree *files,
		  int pid, struct arena *mem, struct hotspot *out, struct fail *why);

// For hotspot_open(): finds the members of fields.def in the tables.  One that lies where no member
// can, or where another lies, counts as not exported.
void hotspot_resolve_fields(struct hotspot *vm);

// Exported by this VM, as a member or a static.
bool hotspot_has(const struct hotspot *vm, enum field_id id);
bool hotspot_has_offset(const struct hotspot *vm, enum field_id id); // exported, and not static
// Address of the member: object + offset, or the static's own address (then `object` is ignored).
// 0 when the VM does not export it.
uint64_t hotspot_at(const struct hotspot *vm, enum field_id id, uint64_t object);
// Read the member in the width of its own type where the VM tells one (1, 2, 4 or 8 bytes, the rest
// zero; never more than asked for), else in the width asked for.  ABSENT names the member when the
// VM does not export it.
bool hotspot_read_u64(const struct hotspot *vm, enum field_id id, uint64_t object, uint64_t *to,
		      struct fail *why);
bool hotspot_read_u32(const struct hotspot *vm, enum field_id id, uint64_t object, uint32_t *to,
		      struct fail *why);
// As read_u64, and CORRUPT unless the value looks like a pointer to an object (see below).
bool hotspot_read_pointer(const struct hotspot *vm, enum field_id id, uint64_t object, uint64_t *to,
			  struct fail *why);
// 8-aligned, above the first page, below 2^47.
bool hotspot_is_pointer(uint64_t value);
// The start of a virtual table of libjvm.so: what a C++ object's first word must be.
bool hotspot_is_vtable(const struct hotspot *vm, uint64_t value);
// A flag's value, straight from the flag table; false when there is no such flag.
bool hotspot_flag(const struct hotspot *vm, const char *name, uint64_t *value);
const char *gc_name(enum gc_kind gc); // "G1"

// Java objects.  All return 0 for "not readable" or null.
uint64_t hotspot_klass_of(const struct hotspot *vm, uint64_t oop);  // Klass* of an object
uint64_t hotspot_oop_at(const struct hotspot *vm, uint64_t slot);   // the oop in a heap slot
uint64_t hotspot_handle(const struct hotspot *vm, uint64_t handle); // OopHandle* -> oop
bool hotspot_symbol_text(const struct hotspot *vm, uint64_t symbol, char *to,
			 size_t room); // Symbol*

#endif
