// SPDX-License-Identifier: Apache-2.0
// gHotSpotVMStructs and its siblings: the VM's own description of its layout.
//
// Read from the target's memory through the exported gHotSpotVM* symbols, so that the build on disk
// does not matter.  Rows are hostile: counts, strides and strings are bounded, and a table whose
// first rows make no sense is refused as a whole.

#ifndef JVM_VMSTRUCTS_H
#define JVM_VMSTRUCTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;
struct memory;

struct vmstructs;

// Where a gHotSpotVM* symbol lies in the target; 0 when the library does not export it.
typedef uint64_t vmstructs_symbol(void *arg, const char *name);

// FAIL_ABSENT: no gHotSpotVMStructs ("not HotSpot"); CORRUPT: the tables make no sense.
bool vmstructs_read(const struct memory *memory, vmstructs_symbol *symbol, void *arg,
		    struct arena *mem, struct vmstructs **out, struct fail *why);

struct vmstructs_field {
	const char *type, *field;
	const char *field_type; // as the VM spells it; "" when it gives none
	bool is_static;
	uint64_t offset; // of an instance field
	uint64_t at;     // of a static
};
// NULL: no such row.
const struct vmstructs_field *vmstructs_find(const struct vmstructs *s, const char *type,
					     const char *field);
uint64_t vmstructs_size(const struct vmstructs *s, const char *type); // sizeof; 0: no such type
bool vmstructs_has_type(const struct vmstructs *s, const char *type);
bool vmstructs_constant(const struct vmstructs *s, const char *name,
			int64_t *value); // int and long
size_t vmstructs_count(const struct vmstructs *s);

// What a table's rows sum up to, independent of where the library lies: pointers count by their
// distance from the table.  Two tables with equal sums have equal rows.
enum { VMSTRUCTS_TABLES = 4 };
struct vmstructs_sum {
	uint64_t at;   // of the table's first row
	uint64_t rows; // without the last one
	uint64_t zero; // instance members at offset 0: where most are, offsets are not set yet
	uint64_t all;  // of all parts of all rows
	uint64_t but_offsets;
};
// Takes one word out of the sums: the part at `place`, which holds `value` (of 4 bytes the lower).
// False when no part begins there.
bool vmstructs_leave_out(struct vmstructs_sum *sum, size_t table, uint64_t place, uint64_t value);
// Where a row of a table of constants has its value; 0: the table has none, or not that row.
uint64_t vmstructs_constant_at(const struct vmstructs_sum *sum, size_t table, uint64_t row);
const struct vmstructs_sum *vmstructs_sums(const struct vmstructs *s); // VMSTRUCTS_TABLES of them
// The sums alone of tables in `memory`, whose rows are laid out as every VM has them.
bool vmstructs_sum_up(const struct memory *memory, vmstructs_symbol *symbol, void *arg,
		      struct vmstructs_sum out[VMSTRUCTS_TABLES], struct fail *why);
// The table's symbol: "gHotSpotVMStructs".
const char *vmstructs_table_name(size_t table);

#endif
