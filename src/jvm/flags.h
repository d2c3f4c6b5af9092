// SPDX-License-Identifier: Apache-2.0
// The VM's flag table: every flag with its type, its value now and where the value came from.
//
// The table of names is read once when the VM is opened; values are read when asked for, because
// manageable flags change.  Format notes: docs/formats/vmstructs.md.

#ifndef JVM_FLAGS_H
#define JVM_FLAGS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;
struct hotspot;

enum flags_kind { FLAGS_BOOL, FLAGS_INT, FLAGS_UINT, FLAGS_DOUBLE, FLAGS_STRING };

struct flags_entry {
	const char *name;
	const char *type; // as the VM calls it: "bool", "size_t", "ccstrlist"
	enum flags_kind kind;
	uint32_t width;     // bytes of the value
	uint32_t hash;      // of the name
	uint64_t at;        // of the value, inside libjvm.so
	const char *origin; // "default", "command line", "ergonomic" ...
};

struct flags {
	struct flags_entry *at; // in the table's order
	size_t count;
};

struct flags_value {
	uint64_t number;  // BOOL: 0 or 1, UINT, INT as two's complement
	double real;      // DOUBLE
	const char *text; // STRING; NULL when unset
};

// Called by hotspot_open(): needs the members and the library's range.  ABSENT: no flag table is
// exported; CORRUPT: layout unknown.  Lives in vm->mem.
bool flags_open(const struct hotspot *vm, struct flags **out, struct fail *why);
const struct flags_entry *flags_find(const struct flags *flags, const char *name); // or NULL
// CORRUPT when the value is none of the flag's type.  A text lives in `mem`.
bool flags_read(const struct hotspot *vm, const struct flags_entry *flag, struct arena *mem,
		struct flags_value *out, struct fail *why);

#endif
