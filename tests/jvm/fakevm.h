// SPDX-License-Identifier: Apache-2.0
// A hand-made HotSpot for tests: an ELF image with vmStructs and flags in a buffer, objects in
// another, and the mappings that go with them.
//
// Fill it with fakevm_*(), then fakevm_finish(), then open it like any other target.

#ifndef TESTS_JVM_FAKEVM_H
#define TESTS_JVM_FAKEVM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/memory.h"
#include "jvm/hotspot.h"
#include "parse/maps.h"

#define FAKEVM_LIBRARY 0x7f1000000000u
#define FAKEVM_OBJECTS 0x7f2000000000u
#define FAKEVM_HEAP    0x80000000u
enum {
	FAKEVM_LIBRARY_SIZE = 256 * 1024,
	FAKEVM_OBJECTS_SIZE = 256 * 1024,
	FAKEVM_HEAP_SIZE = 64 << 20,
};

struct fakevm {
	unsigned char library[FAKEVM_LIBRARY_SIZE], objects[FAKEVM_OBJECTS_SIZE];
	uint64_t library_used, objects_used;
	struct arena mem;
	struct memory memory;
	struct mapping mappings[16];
	struct maps maps;
	uint64_t tables[4][2048][6]; // fields, types, ints, longs: rows as they will stand
	size_t rows[4];
	uint64_t flags[256][3]; // address, name, flags and type
	size_t flag_count;
	uint64_t vtable;      // what an object's first word must be
	uint64_t table_at[4]; // where the rows were written
};

struct fakevm *fakevm_create(void); // with the version, MemRegion and flag members in place
void fakevm_free(struct fakevm *i);
uint64_t fakevm_static(struct fakevm *i, uint64_t size); // zeroed room in the library
uint64_t fakevm_object(struct fakevm *i, uint64_t size); // zeroed room among the objects
uint64_t fakevm_pages(struct fakevm *i, uint64_t size);  // the same in whole pages
uint64_t fakevm_text(struct fakevm *i, const char *text);
unsigned char *fakevm_at(struct fakevm *i, uint64_t at); // to look at and to damage
void fakevm_set(struct fakevm *i, uint64_t at, uint64_t value);
uint64_t fakevm_get(struct fakevm *i, uint64_t at);
void fakevm_type(struct fakevm *i, const char *name, uint64_t size);
void fakevm_member(struct fakevm *i, const char *type, const char *field, const char *field_type,
		   uint64_t offset);
// Declares a static, makes room for it with `value`, and returns where it lies.
uint64_t fakevm_field(struct fakevm *i, const char *type, const char *field, const char *field_type,
		      uint64_t value);
void fakevm_constant(struct fakevm *i, const char *name, int value);
// A flag with the type's number as JDK 17 counts (0 bool, 4 uintx, 8 ccstr), and its variable.
uint64_t fakevm_flag(struct fakevm *i, const char *name, int type, uint64_t value, int origin);
void fakevm_map(struct fakevm *i, uint64_t start, uint64_t end, const char *path);
// Lets `bytes`, which outlive it, be read at `start`.
void fakevm_area(struct fakevm *i, uint64_t start, const unsigned char *bytes, uint64_t size);
void fakevm_finish(struct fakevm *i); // writes the tables and the ELF header
// Finishes it and opens it; the result lives in i->mem.
bool fakevm_open(struct fakevm *i, struct hotspot *vm, struct fail *why);

#endif
