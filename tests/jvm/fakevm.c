// SPDX-License-Identifier: Apache-2.0
#include "fakevm.h"

#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/units.h"

enum { FIELDS, TYPES, INTS, LONGS };

struct area {
	uint64_t start;
	const unsigned char *bytes;
};

static bool read_area(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	const struct area *a = self;

	memcpy(to, a->bytes + (at - a->start), len);
	return true;
}

static const struct memory_source SOURCE = { .read = read_area };

void fakevm_area(struct fakevm *i, uint64_t start, const unsigned char *bytes, uint64_t size)
{
	struct area *a = arena_new(&i->mem, struct area);

	*a = (struct area){ start, bytes };
	memory_add_segment(&i->memory, start, start + size, &SOURCE, a);
}

unsigned char *fakevm_at(struct fakevm *i, uint64_t at)
{
	if (at >= FAKEVM_LIBRARY && at < FAKEVM_LIBRARY + FAKEVM_LIBRARY_SIZE)
		return i->library + (at - FAKEVM_LIBRARY);
	if (at >= FAKEVM_OBJECTS && at < FAKEVM_OBJECTS + FAKEVM_OBJECTS_SIZE)
		return i->objects + (at - FAKEVM_OBJECTS);
	fprintf(stderr, "no address of the image\n");
	abort();
}

void fakevm_set(struct fakevm *i, uint64_t at, uint64_t value)
{
	memcpy(fakevm_at(i, at), &value, sizeof(value));
}

uint64_t fakevm_get(struct fakevm *i, uint64_t at)
{
	uint64_t value;

	memcpy(&value, fakevm_at(i, at), sizeof(value));
	return value;
}

uint64_t fakevm_static(struct fakevm *i, uint64_t size)
{
	uint64_t at = FAKEVM_LIBRARY + i->library_used;

	i->library_used += (size + 7) & ~(uint64_t)7;
	if (i->library_used > FAKEVM_LIBRARY_SIZE)
		abort();
	return at;
}

uint64_t fakevm_object(struct fakevm *i, uint64_t size)
{
	uint64_t at = FAKEVM_OBJECTS + i->objects_used;

	i->objects_used += (size + 7) & ~(uint64_t)7;
	if (i->objects_used > FAKEVM_OBJECTS_SIZE)
		abort();
	return at;
}

uint64_t fakevm_pages(struct fakevm *i, uint64_t size)
{
	i->objects_used = units_page_up(i->objects_used);
	return fakevm_object(i, units_page_up(size));
}

uint64_t fakevm_text(struct fakevm *i, const char *text)
{
	uint64_t at = fakevm_static(i, strlen(text) + 1);

	strcpy((char *)fakevm_at(i, at), text);
	return at;
}

static uint64_t *new_row(struct fakevm *i, int table)
{
	return i->tables[table][i->rows[table]++];
}

static void add_field(struct fakevm *i, const char *type, const char *field, const char *field_type,
		      bool is_static, uint64_t offset, uint64_t at)
{
	uint64_t *row = new_row(i, FIELDS);

	row[0] = fakevm_text(i, type);
	row[1] = fakevm_text(i, field);
	row[2] = fakevm_text(i, field_type);
	row[3] = is_static;
	row[4] = offset;
	row[5] = at;
}

void fakevm_member(struct fakevm *i, const char *type, const char *field, const char *field_type,
		   uint64_t offset)
{
	add_field(i, type, field, field_type, false, offset, 0);
}

uint64_t fakevm_field(struct fakevm *i, const char *type, const char *field, const char *field_type,
		      uint64_t value)
{
	uint64_t at = fakevm_static(i, sizeof(value));

	fakevm_set(i, at, value);
	add_field(i, type, field, field_type, true, 0, at);
	return at;
}

void fakevm_type(struct fakevm *i, const char *name, uint64_t size)
{
	uint64_t *row = new_row(i, TYPES);

	row[0] = fakevm_text(i, name);
	row[4] = size; // behind the superclass's name and two flags
}

void fakevm_constant(struct fakevm *i, const char *name, int value)
{
	uint64_t *row = new_row(i, INTS);

	row[0] = fakevm_text(i, name);
	row[1] = (uint32_t)value;
}

uint64_t fakevm_flag(struct fakevm *i, const char *name, int type, uint64_t value, int origin)
{
	uint64_t *row = i->flags[i->flag_count++];

	row[0] = fakevm_static(i, sizeof(value));
	row[1] = fakevm_text(i, name);
	row[2] = (uint64_t)type << 32 | (uint32_t)origin;
	fakevm_set(i, row[0], value);
	return row[0];
}

void fakevm_map(struct fakevm *i, uint64_t start, uint64_t end, const char *path)
{
	size_t n = i->maps.count++;

	while (n && i->mappings[n - 1].start > start) {
		i->mappings[n] = i->mappings[n - 1];
		n--;
	}
	i->mappings[n] = (struct mapping){
		.start = start, .end = end, .inode = *path ? 7 : 0, .readable = true, .path = path
	};
}

static void add_basics(struct fakevm *i)
{
	fakevm_type(i, "bool", 1);
	fakevm_type(i, "int", 4);
	fakevm_type(i, "size_t", 8);
	fakevm_type(i, "JVMFlag", 24);
	fakevm_member(i, "JVMFlag", "_addr", "void*", 0);
	fakevm_member(i, "JVMFlag", "_name", "const char*", 8);
	fakevm_member(i, "JVMFlag", "_flags", "int", 16);
	fakevm_member(i, "JVMFlag", "_type", "int", 20);
	fakevm_type(i, "MemRegion", 16);
	fakevm_member(i, "MemRegion", "_start", "HeapWord*", 0);
	fakevm_member(i, "MemRegion", "_word_size", "size_t", 8);
	fakevm_type(i, "CollectedHeap", 64);
	fakevm_member(i, "CollectedHeap", "_reserved", "MemRegion", 16);
	fakevm_member(i, "CollectedHeap", "_total_collections", "int", 32);
	fakevm_field(i, "CompressedKlassPointers", "_narrow_klass._base", "address", 0);
	fakevm_field(i, "CompressedKlassPointers", "_narrow_klass._shift", "int", 0);
	fakevm_field(i, "CompressedOops", "_narrow_oop._base", "address", 0);
	fakevm_field(i, "CompressedOops", "_narrow_oop._shift", "int", 3);
	fakevm_field(i, "Abstract_VM_Version", "_vm_major_version", "int", 17);
	fakevm_field(i, "Abstract_VM_Version", "_s_internal_vm_info_string", "const char*",
		     fakevm_text(i, "OpenJDK 64-Bit Server VM (17.0.15+6) for linux-amd64 JRE "
				    "(17.0.15+6), built on a day"));
	for (int n = 0; n < 8; n++) {
		char name[16];

		snprintf(name, sizeof(name), "Filler%d", n);
		fakevm_flag(i, name, 4, (uint64_t)n, 0);
	}
}

struct fakevm *fakevm_create(void)
{
	struct fakevm *i = calloc(1, sizeof(*i));

	if (!i)
		abort();
	memory_init(&i->memory, &i->mem);
	fakevm_area(i, FAKEVM_LIBRARY, i->library, FAKEVM_LIBRARY_SIZE);
	fakevm_area(i, FAKEVM_OBJECTS, i->objects, FAKEVM_OBJECTS_SIZE);
	i->maps.at = i->mappings;
	fakevm_map(i, FAKEVM_LIBRARY, FAKEVM_LIBRARY + FAKEVM_LIBRARY_SIZE, "/jdk/lib/libjvm.so");
	fakevm_map(i, FAKEVM_OBJECTS, FAKEVM_OBJECTS + FAKEVM_OBJECTS_SIZE, "");
	fakevm_map(i, FAKEVM_HEAP, FAKEVM_HEAP + FAKEVM_HEAP_SIZE, "");
	fakevm_static(i, 4096);                // the ELF header's page
	i->vtable = fakevm_static(i, 64) + 16; // behind two words of zero
	fakevm_set(i, i->vtable, i->vtable);   // its first function
	add_basics(i);
	return i;
}

void fakevm_free(struct fakevm *i)
{
	arena_drop(&i->mem);
	free(i);
}

static const struct exported {
	const char *name;
	uint64_t value; // of strides and offsets; pointers are filled in
} EXPORTED[] = {
	{ "gHotSpotVMStructs", 0 },
	{ "gHotSpotVMTypes", 0 },
	{ "gHotSpotVMIntConstants", 0 },
	{ "gHotSpotVMLongConstants", 0 },
	{ "gHotSpotVMStructEntryArrayStride", 48 },
	{ "gHotSpotVMStructEntryTypeNameOffset", 0 },
	{ "gHotSpotVMStructEntryFieldNameOffset", 8 },
	{ "gHotSpotVMStructEntryTypeStringOffset", 16 },
	{ "gHotSpotVMStructEntryIsStaticOffset", 24 },
	{ "gHotSpotVMStructEntryOffsetOffset", 32 },
	{ "gHotSpotVMStructEntryAddressOffset", 40 },
	{ "gHotSpotVMTypeEntryArrayStride", 40 },
	{ "gHotSpotVMTypeEntryTypeNameOffset", 0 },
	{ "gHotSpotVMTypeEntrySizeOffset", 32 },
	{ "gHotSpotVMIntConstantEntryArrayStride", 16 },
	{ "gHotSpotVMIntConstantEntryNameOffset", 0 },
	{ "gHotSpotVMIntConstantEntryValueOffset", 8 },
	{ "gHotSpotVMLongConstantEntryArrayStride", 16 },
	{ "gHotSpotVMLongConstantEntryNameOffset", 0 },
	{ "gHotSpotVMLongConstantEntryValueOffset", 8 },
};
enum { EXPORTED_COUNT = sizeof(EXPORTED) / sizeof(EXPORTED[0]) };

static uint64_t write_table(struct fakevm *i, int table)
{
	static const size_t WORDS[] = { [FIELDS] = 6, [TYPES] = 5, [INTS] = 2, [LONGS] = 2 };
	uint64_t at = fakevm_static(i, (i->rows[table] + 1) * WORDS[table] * 8);

	for (size_t r = 0; r < i->rows[table]; r++)
		memcpy(fakevm_at(i, at + r * WORDS[table] * 8), i->tables[table][r],
		       WORDS[table] * 8);
	return at;
}

static void write_flags(struct fakevm *i)
{
	uint64_t at = fakevm_static(i, (i->flag_count + 1) * 24);

	memcpy(fakevm_at(i, at), i->flags, i->flag_count * 24);
	fakevm_field(i, "JVMFlag", "flags", "JVMFlag*", at);
	fakevm_field(i, "JVMFlag", "numFlags", "size_t", i->flag_count + 1);
}

static uint32_t gnu_hash(const char *name)
{
	uint32_t h = 5381;

	while (*name)
		h = h * 33 + (unsigned char)*name++;
	return h;
}

// One bucket with all symbols in its chain, and a bloom filter that lets all through.
static uint64_t write_hash(struct fakevm *i)
{
	uint64_t at = fakevm_static(i, 16 + 8 + 4 + 4 * EXPORTED_COUNT);
	uint32_t words[7 + EXPORTED_COUNT] = { 1, 1, 1, 6, ~0u, ~0u, 1 };

	for (size_t n = 0; n < EXPORTED_COUNT; n++)
		words[7 + n] = (gnu_hash(EXPORTED[n].name) & ~1u) | (n + 1 == EXPORTED_COUNT);
	memcpy(fakevm_at(i, at), words, sizeof(words));
	return at;
}

static void write_elf(struct fakevm *i, const uint64_t tables[4])
{
	uint64_t strings = fakevm_static(i, 0), start = i->library_used, symbols, hash, dynamic;
	Elf64_Sym s[EXPORTED_COUNT + 1] = { { 0 } };

	fakevm_static(i, 8); // the empty name
	for (size_t n = 0; n < EXPORTED_COUNT; n++) {
		uint64_t value = n < 4 ? tables[n] : EXPORTED[n].value;
		uint64_t name = fakevm_text(i, EXPORTED[n].name);

		s[n + 1] = (Elf64_Sym){ .st_name = (uint32_t)(name - strings),
					.st_info = ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT),
					.st_shndx = 1,
					.st_size = 8 };
		s[n + 1].st_value = fakevm_static(i, 8) - FAKEVM_LIBRARY;
		fakevm_set(i, FAKEVM_LIBRARY + s[n + 1].st_value, value);
	}
	symbols = fakevm_static(i, sizeof(s));
	memcpy(fakevm_at(i, symbols), s, sizeof(s));
	hash = write_hash(i);

	Elf64_Dyn d[] = { { DT_GNU_HASH, { hash } },
			  { DT_SYMTAB, { symbols } },
			  { DT_STRTAB, { strings } },
			  { DT_STRSZ, { i->library_used - start } },
			  { DT_NULL, { 0 } } };
	dynamic = fakevm_static(i, sizeof(d));
	memcpy(fakevm_at(i, dynamic), d, sizeof(d));

	Elf64_Ehdr e = { .e_ident = { 0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			 .e_type = ET_DYN,
			 .e_machine = EM_X86_64,
			 .e_phoff = sizeof(e),
			 .e_phentsize = sizeof(Elf64_Phdr),
			 .e_phnum = 2 };
	Elf64_Phdr p[] = {
		{ .p_type = PT_LOAD,
		  .p_flags = PF_R | PF_W,
		  .p_filesz = FAKEVM_LIBRARY_SIZE - 4096,
		  .p_memsz = FAKEVM_LIBRARY_SIZE },
		{ .p_type = PT_DYNAMIC, .p_vaddr = dynamic - FAKEVM_LIBRARY, .p_memsz = sizeof(d) }
	};
	memcpy(i->library, &e, sizeof(e));
	memcpy(i->library + sizeof(e), p, sizeof(p));
}

void fakevm_finish(struct fakevm *i)
{
	fakevm_constant(i, "one_constant", 1);
	i->tables[LONGS][i->rows[LONGS]++][0] = fakevm_text(i, "one_long");
	write_flags(i);
	for (int t = 0; t < 4; t++)
		i->table_at[t] = write_table(i, t);
	write_elf(i, i->table_at);
}

bool fakevm_open(struct fakevm *i, struct hotspot *vm, struct fail *why)
{
	fakevm_finish(i);
	return hotspot_open(&i->memory, &i->maps, NULL, 4711, &i->mem, vm, why);
}
