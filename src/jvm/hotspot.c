// SPDX-License-Identifier: Apache-2.0
#include "jvm/hotspot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/flags.h"
#include "jvm/tablefile.h"
#include "jvm/vmstructs.h"
#include "os/elf.h"
#include "os/mapped.h"

enum {
	SPELLING_LIMIT = 8, // strings of a row: four spellings
	KLASS_SHIFT_LIMIT = 32,
	OOP_SHIFT_LIMIT = 8,      // ObjectAlignmentInBytes is at most 256
	COMPACT_KLASS_SHIFT = 42, // of the narrow klass in a compact header's mark word
	HANDLE_COLOUR_SHIFT = 12, // of a coloured pointer's four remap bits
};
static const char LIBRARY[] = "libjvm.so";
static const uint64_t ADDRESS_LIMIT = (uint64_t)1 << 47;

// The spellings of each member, in the order of preference.
static const char *const SPELLINGS[FIELD_COUNT][SPELLING_LIMIT] = {
#define FIELD(id, ...) [FIELD_##id] = { __VA_ARGS__ },
#include "jvm/fields.def"
#undef FIELD
};

static const struct collector_flag {
	const char *flag;
	enum gc_kind gc;
} COLLECTORS[] = {
	{ "UseG1GC", GC_G1 },
	{ "UseParallelGC", GC_PARALLEL },
	{ "UseConcMarkSweepGC", GC_CMS },
	{ "UseSerialGC", GC_SERIAL },
	{ "UseZGC", GC_Z },
	{ "UseShenandoahGC", GC_SHENANDOAH },
	{ "UseEpsilonGC", GC_EPSILON },
};

const char *gc_name(enum gc_kind gc)
{
	static const char *const NAMES[] = {
		[GC_UNKNOWN] = "unknown",
		[GC_SERIAL] = "Serial",
		[GC_PARALLEL] = "Parallel",
		[GC_CMS] = "CMS",
		[GC_G1] = "G1",
		[GC_Z] = "Z",
		[GC_SHENANDOAH] = "Shenandoah",
		[GC_EPSILON] = "Epsilon",
	};

	return NAMES[gc];
}

bool hotspot_has(const struct hotspot *vm, enum field_id id)
{
	return vm->field[id];
}

bool hotspot_has_offset(const struct hotspot *vm, enum field_id id)
{
	return vm->field[id] && !vm->field[id]->is_static;
}

uint64_t hotspot_at(const struct hotspot *vm, enum field_id id, uint64_t object)
{
	const struct vmstructs_field *f = vm->field[id];

	if (!f)
		return 0;
	return f->is_static ? f->at : object + f->offset;
}

// Bytes of the member's own type, or 0 where the tables have no such number.
static uint64_t own_width(const struct hotspot *vm, const struct vmstructs_field *f)
{
	const char *type = f->field_type;
	uint64_t size;

	if (!strncmp(type, "volatile ", 9))
		type += 9;
	if (!strncmp(type, "const ", 6))
		type += 6;
	if (!*type || strchr(type, '*'))
		return 0;
	size = vmstructs_size(vm->tables, type);
	return size == 1 || size == 2 || size == 4 || size == 8 ? size : 0;
}

static bool read_member(const struct hotspot *vm, enum field_id id, uint64_t object, size_t width,
			uint64_t *to, struct fail *why)
{
	const struct vmstructs_field *f = vm->field[id];
	uint64_t value = 0, own;

	if (!f)
		return fail(why, FAIL_ABSENT, "this VM does not export %s::%s", SPELLINGS[id][0],
			    SPELLINGS[id][1]);
	own = own_width(vm, f);
	if (own && own < width)
		width = (size_t)own;
	if (!memory_read(vm->memory, hotspot_at(vm, id, object), &value, width, why))
		return fail_while(why, "reading %s::%s", f->type, f->field);
	*to = value;
	return true;
}

bool hotspot_read_u64(const struct hotspot *vm, enum field_id id, uint64_t object, uint64_t *to,
		      struct fail *why)
{
	return read_member(vm, id, object, sizeof(*to), to, why);
}

bool hotspot_read_u32(const struct hotspot *vm, enum field_id id, uint64_t object, uint32_t *to,
		      struct fail *why)
{
	uint64_t value = 0;

	if (!read_member(vm, id, object, sizeof(*to), &value, why))
		return false;
	*to = (uint32_t)value;
	return true;
}

bool hotspot_read_pointer(const struct hotspot *vm, enum field_id id, uint64_t object, uint64_t *to,
			  struct fail *why)
{
	uint64_t value = 0;

	if (!read_member(vm, id, object, sizeof(value), &value, why))
		return false;
	if (!hotspot_is_pointer(value))
		return fail(why, FAIL_CORRUPT, "%s::%s is 0x%" PRIx64 ", not an object",
			    vm->field[id]->type, vm->field[id]->field, value);
	*to = value;
	return true;
}

bool hotspot_is_pointer(uint64_t value)
{
	return value >= PAGE_SIZE_BYTES && value < ADDRESS_LIMIT && value % 8 == 0;
}

bool hotspot_is_vtable(const struct hotspot *vm, uint64_t value)
{
	// Before the first function stand the offset to the top, 0 in all but second bases, and the
	// type's description, which libjvm is built without.
	uint64_t w[3];

	return value % 8 == 0 && value >= vm->library_start + 16 && value < vm->library_end &&
	       memory_read(vm->memory, value - 16, w, sizeof(w), NULL) && !w[0] && !w[1] &&
	       w[2] > vm->library_start && w[2] < vm->library_end;
}

bool hotspot_flag(const struct hotspot *vm, const char *name, uint64_t *value)
{
	const struct flags_entry *flag = flags_find(vm->flags, name);
	struct flags_value v;

	if (!flag || flag->kind == FLAGS_DOUBLE || flag->kind == FLAGS_STRING ||
	    !flags_read(vm, flag, vm->mem, &v, NULL))
		return false;
	*value = v.number;
	return true;
}

static bool flag_or(const struct hotspot *vm, const char *name, bool absent)
{
	uint64_t value;

	return hotspot_flag(vm, name, &value) ? value : absent;
}

// Generational ZGC keeps a pointer's colour in its low bits; how far to shift is told by the
// pointer's own remap bits, because the global shift changes with every phase.
static uint64_t uncoloured(const struct hotspot *vm, uint64_t raw)
{
	uint64_t remap = raw >> HANDLE_COLOUR_SHIFT & 15;

	if (!vm->coloured_oops || !remap)
		return vm->coloured_oops ? 0 : raw;
	return raw >> (HANDLE_COLOUR_SHIFT + 1 + (unsigned)__builtin_ctzll(remap));
}

uint64_t hotspot_klass_of(const struct hotspot *vm, uint64_t oop)
{
	uint64_t word = 0, klass;
	uint32_t narrow;

	if (!hotspot_is_pointer(oop))
		return 0;
	if (vm->compact_headers) {
		if (!memory_read_u64(vm->memory, oop, &word, NULL))
			return 0;
		word >>= COMPACT_KLASS_SHIFT;
		klass = vm->narrow_klass_base + (word << vm->narrow_klass_shift);
	} else if (vm->compressed_klasses) {
		if (!memory_read_u32(vm->memory, oop + 8, &narrow, NULL))
			return 0;
		word = narrow;
		klass = vm->narrow_klass_base + (word << vm->narrow_klass_shift);
	} else {
		if (!memory_read_u64(vm->memory, oop + 8, &word, NULL))
			return 0;
		klass = word;
	}
	return word && hotspot_is_pointer(klass) ? klass : 0;
}

uint64_t hotspot_oop_at(const struct hotspot *vm, uint64_t slot)
{
	uint64_t oop;
	uint32_t narrow;

	if (vm->compressed_oops) {
		if (!memory_read_u32(vm->memory, slot, &narrow, NULL) || !narrow)
			return 0;
		oop = vm->narrow_oop_base + ((uint64_t)narrow << vm->narrow_oop_shift);
	} else {
		if (!memory_read_u64(vm->memory, slot, &oop, NULL))
			return 0;
		oop = uncoloured(vm, oop);
	}
	return hotspot_is_pointer(oop) ? oop : 0;
}

uint64_t hotspot_handle(const struct hotspot *vm, uint64_t handle)
{
	uint64_t oop;

	if (!hotspot_is_pointer(handle) || !memory_read_u64(vm->memory, handle, &oop, NULL))
		return 0;
	oop = uncoloured(vm, oop);
	return hotspot_is_pointer(oop) ? oop : 0;
}

bool hotspot_symbol_text(const struct hotspot *vm, uint64_t symbol, char *to, size_t room)
{
	uint64_t len;

	if (!hotspot_is_pointer(symbol) || !hotspot_has_offset(vm, FIELD_SYMBOL_BODY) || !room ||
	    !hotspot_read_u64(vm, FIELD_SYMBOL_LENGTH, symbol, &len, NULL))
		return false;
	len &= 0xffff;
	if (!len)
		return false;
	if (len > room - 1)
		len = room - 1;
	if (!memory_read(vm->memory, hotspot_at(vm, FIELD_SYMBOL_BODY, symbol), to, len, NULL))
		return false;
	to[len] = '\0';
	for (size_t i = 0; i < len; i++)
		if ((unsigned char)to[i] < ' ')
			return false;
	return true;
}

// --- opening ---

static struct mapped_file file_of(const struct mapping *m, int pid)
{
	return (struct mapped_file){ .pid = pid,
				     .path = m->path,
				     .start = m->start,
				     .end = m->end,
				     .inode = m->inode,
				     .dev_major = m->dev_major,
				     .dev_minor = m->dev_minor };
}

static bool open_library(struct hotspot *vm, const struct mapping *m,
			 const struct mapped_file *file, struct elf_image *image, struct fail *why)
{
	struct span head;

	if (!elf_open(vm->memory, m->start, image, why)) {
		if (why->kind == FAIL_GONE || why->kind == FAIL_CORRUPT || !vm->files ||
		    !mapped_read_head(vm->files, file, ELF_HEADER_BYTES, vm->mem, &head, NULL) ||
		    !elf_parse(head, m->start, image, why))
			return false;
	}
	if (!elf_open_symbols(vm->memory, image, why))
		return false;
	vm->library = m->path;
	vm->library_start = image->start;
	vm->library_end = image->end;
	return true;
}

static uint64_t exported(void *arg, const char *name)
{
	uint64_t at;

	return elf_find(arg, name, &at, NULL) ? at : 0;
}

static uint64_t exported_in_file(void *arg, const char *name)
{
	const struct elf_image *image = arg;
	uint64_t at;

	return elf_find(image, name, &at, NULL) ? at - image->bias : 0;
}

static const struct mapping *find_mapping(const struct maps *maps, const char *name, size_t from)
{
	for (size_t i = from; i < maps->count; i++)
		if (!maps->at[i].offset &&
		    !strncmp(mapping_file_name(&maps->at[i]), name, strlen(name)))
			return &maps->at[i];
	return NULL;
}

static bool open_tables_of(struct hotspot *vm, const struct mapping *m, struct fail *why)
{
	struct mapped_file file = file_of(m, vm->pid);
	struct elf_image image;

	if (!open_library(vm, m, &file, &image, why))
		return fail_while(why, "%s", m->path);
	if (vmstructs_read(vm->memory, exported, &image, vm->mem, &vm->tables, why))
		return tablefile_check(vm->tables, vm->memory, image.bias, vm->files, &file,
				       exported_in_file, &image, vm->mem, why);
	if (why->kind == FAIL_ABSENT && !exported(&image, "gHotSpotVMStructs"))
		return fail(why, FAIL_ABSENT, "not HotSpot but %s: %s has no gHotSpotVMStructs",
			    find_mapping(vm->maps, "libj9vm", 0) ? "OpenJ9" : "another VM",
			    m->path);
	return false;
}

// Somebody may map another file of that name, or this one once more as data: the first that has the
// tables counts.  Where none has, the loaded one says why.
static bool open_tables(struct hotspot *vm, struct fail *why)
{
	const struct maps *maps = vm->maps;
	const struct mapping *m = find_mapping(maps, LIBRARY, 0), *loaded = NULL;
	struct fail other = { .kind = FAIL_NONE };

	if (!m)
		return fail(why, FAIL_ABSENT, "no Java VM: libjvm.so is not mapped");
	for (; m; m = find_mapping(maps, LIBRARY, (size_t)(m - maps->at) + 1)) {
		bool executable = maps_is_loaded(maps, (size_t)(m - maps->at));
		struct fail *told = loaded ? &other : why;

		if (open_tables_of(vm, m, told))
			return true;
		if (executable && !loaded) {
			*why = *told;
			loaded = m;
		}
	}
	return false;
}

// Statics lie in the library, members in one place each, both as their type is aligned.
static bool is_placed(const struct hotspot *vm, const struct vmstructs_field *f)
{
	uint64_t width = own_width(vm, f), align = width ? width : 1;

	if (strchr(f->field_type, '*'))
		align = 8;
	if (!f->is_static)
		return f->offset % align == 0;
	return f->at >= vm->library_start && f->at <= vm->library_end - 8 && f->at % align == 0;
}

static bool is_same_place(const struct vmstructs_field *a, const struct vmstructs_field *b)
{
	if (a == b || a->is_static != b->is_static)
		return false;
	return a->is_static ? a->at == b->at : a->offset == b->offset && !strcmp(a->type, b->type);
}

// Two members in one place: one of the rows lies, and there is no telling which.
static void drop_doubles(struct hotspot *vm)
{
	bool drop[FIELD_COUNT] = { false };

	for (size_t i = 0; i < FIELD_COUNT; i++)
		for (size_t k = i + 1; k < FIELD_COUNT && vm->field[i]; k++)
			if (vm->field[k] && is_same_place(vm->field[i], vm->field[k]))
				drop[i] = drop[k] = true;
	for (size_t i = 0; i < FIELD_COUNT; i++)
		if (drop[i])
			vm->field[i] = NULL;
}

static void resolve_fields(struct hotspot *vm)
{
	for (size_t id = 0; id < FIELD_COUNT; id++) {
		const char *const *names = SPELLINGS[id];

		for (size_t i = 0; i + 1 < SPELLING_LIMIT && names[i] && !vm->field[id]; i += 2) {
			const struct vmstructs_field *f =
				vmstructs_find(vm->tables, names[i], names[i + 1]);

			vm->field[id] = f && is_placed(vm, f) ? f : NULL;
		}
	}
	drop_doubles(vm);
}

static const char *read_static_text(const struct hotspot *vm, enum field_id id)
{
	char text[512];
	uint64_t at;

	if (!hotspot_read_u64(vm, id, 0, &at, NULL) ||
	    !memory_read_text(vm->memory, at, text, sizeof(text), NULL))
		return "";
	return arena_text(vm->mem, text);
}

// "17.0.15+6" -> 17, "1.8.0_504" -> 8.
static int major_of(const char *release)
{
	int major = atoi(release);

	return major == 1 && release[1] == '.' ? atoi(release + 2) : major;
}

// "OpenJDK 64-Bit Server VM (17.0.15+6-...) for linux-amd64 JRE (17.0.15+6-...), built on ...":
// the name stands before the first bracket, the release in the second (in the first, JDK 8 has the
// VM's own version).
static void read_version(struct hotspot *vm)
{
	const char *info = read_static_text(vm, FIELD_VM_INTERNAL_INFO);
	const char *bracket = strstr(info, " (");
	const char *jre = strstr(info, " JRE (");
	uint64_t major = 0;

	vm->name = bracket ? arena_copy(vm->mem, info, (size_t)(bracket - info)) : "";
	vm->release = jre ? arena_copy(vm->mem, jre + 6, strcspn(jre + 6, ")"))
			  : read_static_text(vm, FIELD_VM_RELEASE);
	if (!hotspot_has(vm, FIELD_JDK_VERSION_CURRENT) ||
	    !hotspot_read_u64(vm, FIELD_JDK_VERSION_MAJOR,
			      hotspot_at(vm, FIELD_JDK_VERSION_CURRENT, 0), &major, NULL) ||
	    !(major & 0xff))
		hotspot_read_u64(vm, FIELD_VM_MAJOR, 0, &major, NULL);
	vm->jdk = (int)(major & 0xff);
	if (vm->jdk != major_of(vm->release))
		vm->jdk = 0; // two that contradict each other are none
}

static bool read_narrow(struct hotspot *vm, struct fail *why)
{
	uint32_t klass_shift = 0, oop_shift = 0;

	vm->compressed_oops = flag_or(vm, "UseCompressedOops", false);
	// Since JDK 27 there is no such flag, because nothing else is possible.
	vm->compressed_klasses = flag_or(vm, "UseCompressedClassPointers", true);
	vm->compact_headers = flag_or(vm, "UseCompactObjectHeaders", false);
	if ((vm->compressed_klasses || vm->compact_headers) &&
	    (!hotspot_read_u64(vm, FIELD_NARROW_KLASS_BASE, 0, &vm->narrow_klass_base, why) ||
	     !hotspot_read_u32(vm, FIELD_NARROW_KLASS_SHIFT, 0, &klass_shift, why)))
		return false;
	if (vm->compressed_oops &&
	    (!hotspot_read_u64(vm, FIELD_NARROW_OOP_BASE, 0, &vm->narrow_oop_base, why) ||
	     !hotspot_read_u32(vm, FIELD_NARROW_OOP_SHIFT, 0, &oop_shift, why)))
		return false;
	if (klass_shift > KLASS_SHIFT_LIMIT || oop_shift > OOP_SHIFT_LIMIT ||
	    vm->narrow_klass_base >= ADDRESS_LIMIT || vm->narrow_oop_base >= ADDRESS_LIMIT ||
	    vm->narrow_klass_base % PAGE_SIZE_BYTES || vm->narrow_oop_base % PAGE_SIZE_BYTES)
		return fail(why, FAIL_CORRUPT, "layout unknown: narrow pointers make no sense");
	vm->narrow_klass_shift = klass_shift;
	vm->narrow_oop_shift = oop_shift;
	return true;
}

static void read_collector(struct hotspot *vm)
{
	for (size_t i = 0; i < sizeof(COLLECTORS) / sizeof(COLLECTORS[0]); i++)
		if (vm->gc == GC_UNKNOWN && flag_or(vm, COLLECTORS[i].flag, false))
			vm->gc = COLLECTORS[i].gc;
	// JDK 21 has both kinds of ZGC and a flag; later ones have the coloured one alone.
	vm->coloured_oops = vm->gc == GC_Z && hotspot_has(vm, FIELD_Z_POINTER_LOAD_SHIFT) &&
			    flag_or(vm, "ZGenerational", true);
}

// The VM aligns MaxHeapSize as it aligns the heap; large pages may align that a little further.
static bool is_heap_size(const struct hotspot *vm, uint64_t size)
{
	uint64_t max;

	if (!hotspot_flag(vm, "MaxHeapSize", &max) || size == max)
		return true;
	return size > max && size - max < MIB(64) && size % MIB(2) == 0;
}

// The heap may not be there yet in a VM that starts; one that does not validate is no heap.
static bool read_heap(struct hotspot *vm, struct fail *why)
{
	uint64_t heap, region, start, words, vtable;

	if (!hotspot_read_u64(vm, FIELD_COLLECTED_HEAP, 0, &heap, why))
		return false;
	if (!heap)
		return true;
	if (!hotspot_is_pointer(heap) || !memory_read_u64(vm->memory, heap, &vtable, why) ||
	    !hotspot_is_vtable(vm, vtable))
		return fail(why, FAIL_CORRUPT, "layout unknown: no heap object at 0x%" PRIx64,
			    heap);
	if (!hotspot_has_offset(vm, FIELD_HEAP_RESERVED))
		return fail(why, FAIL_ABSENT, "this VM does not export CollectedHeap::_reserved");
	region = hotspot_at(vm, FIELD_HEAP_RESERVED, heap);
	if (!hotspot_read_u64(vm, FIELD_MEMREGION_START, region, &start, why) ||
	    !hotspot_read_u64(vm, FIELD_MEMREGION_WORDS, region, &words, why))
		return false;
	vm->heap_at = heap;
	if (!words)
		return true; // ZGC has no one range
	if (start % PAGE_SIZE_BYTES || start < PAGE_SIZE_BYTES || start >= ADDRESS_LIMIT ||
	    words > (ADDRESS_LIMIT - start) / 8 || words * 8 % PAGE_SIZE_BYTES ||
	    !maps_find(vm->maps, start) || !maps_find(vm->maps, start + words * 8 - 1))
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: a heap of %" PRIu64 " words at 0x%" PRIx64, words,
			    start);
	if (!is_heap_size(vm, words * 8))
		return true; // a range that contradicts the flag is not known
	vm->heap_start = start;
	vm->heap_end = start + words * 8;
	if (vm->compressed_oops &&
	    (vm->narrow_oop_base > start ||
	     (vm->heap_end - 1 - vm->narrow_oop_base) >> vm->narrow_oop_shift > UINT32_MAX))
		return fail(why, FAIL_CORRUPT,
			    "layout unknown: narrow pointers that can't reach the heap");
	return true;
}

static bool open_rest(struct hotspot *vm, struct fail *why)
{
	if (!flags_open(vm, &vm->flags, why))
		return false;
	read_version(vm);
	read_collector(vm);
	return read_narrow(vm, why) && read_heap(vm, why);
}

bool hotspot_open(const struct memory *memory, const struct maps *maps, const struct tree *files,
		  int pid, struct arena *mem, struct hotspot *out, struct fail *why)
{
	struct hotspot vm = {
		.memory = memory, .maps = maps, .files = files, .mem = mem, .pid = pid
	};
	struct fail own;

	why = why ? why : &own;
	if (!open_tables(&vm, why))
		return false;
	resolve_fields(&vm);
	if (!open_rest(&vm, why)) {
		// It is HotSpot: what can't be found in it now is no matter of another VM.
		if (why->kind == FAIL_ABSENT)
			why->kind = FAIL_CORRUPT;
		return false;
	}
	*out = vm;
	return true;
}
