// SPDX-License-Identifier: Apache-2.0
// Opening a VM: its library, its tables, and what decides on how all else is read.
#include "jvm/hotspot.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/flags.h"
#include "jvm/tablefile.h"
#include "jvm/vmstructs.h"
#include "jvm/zheap.h"
#include "os/elf.h"
#include "os/mapped.h"

enum {
	KLASS_SHIFT_LIMIT = 32,
	OOP_SHIFT_LIMIT = 8, // ObjectAlignmentInBytes is at most 256
};
static const char LIBRARY[] = "libjvm.so";
static const uint64_t ADDRESS_LIMIT = (uint64_t)1 << 47;

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

static bool flag_or(const struct hotspot *vm, const char *name, bool absent)
{
	uint64_t value;

	return hotspot_flag(vm, name, &value) ? value : absent;
}

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

static bool check_tables(const struct hotspot *vm, const struct mapped_file *file,
			 struct elf_image *image, struct fail *why)
{
	const struct tablefile_library library = {
		.file = file,
		.bias = image->bias,
		.symbol = exported_in_file,
		.arg = image,
	};

	return tablefile_check(vm->tables, vm->memory, vm->files, &library, vm->mem, why);
}

static bool open_tables_of(struct hotspot *vm, const struct mapping *m, struct fail *why)
{
	struct mapped_file file = file_of(m, vm->pid);
	struct elf_image image;

	if (!open_library(vm, m, &file, &image, why))
		return fail_while(why, "%s", m->path);
	if (vmstructs_read(vm->memory, exported, &image, vm->mem, &vm->tables, why))
		return check_tables(vm, &file, &image, why);
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

// JDK 8 sets no flag for the collector that it takes by itself on a small machine, nor for
// UseParNewGC: its heap of generations says so.
static void read_default_collector(struct hotspot *vm)
{
	uint64_t heap;

	if (vm->gc == GC_UNKNOWN && vm->heap_at && hotspot_has_offset(vm, FIELD_GENS) &&
	    hotspot_has(vm, FIELD_GEN_HEAP) &&
	    hotspot_read_pointer(vm, FIELD_GEN_HEAP, 0, &heap, NULL) && heap == vm->heap_at)
		vm->gc = GC_SERIAL;
}

// Without it references are taken as they stand; who follows them checks the class.
static void open_zheap(struct hotspot *vm)
{
	struct zheap *z;

	if (vm->gc == GC_Z && zheap_open(vm, vm->mem, &z, NULL))
		vm->z = z;
}

static bool open_rest(struct hotspot *vm, struct fail *why)
{
	if (!flags_open(vm, &vm->flags, why))
		return false;
	read_version(vm);
	read_collector(vm);
	if (!read_narrow(vm, why) || !read_heap(vm, why))
		return false;
	read_default_collector(vm);
	open_zheap(vm);
	return true;
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
	hotspot_resolve_fields(&vm);
	if (!open_rest(&vm, why)) {
		// It is HotSpot: what can't be found in it now is no matter of another VM.
		if (why->kind == FAIL_ABSENT)
			why->kind = FAIL_CORRUPT;
		return false;
	}
	*out = vm;
	return true;
}
