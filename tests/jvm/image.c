// SPDX-License-Identifier: Apache-2.0
#include "image.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "jvm/vmstructs.h"

enum {
	NODE_SIZE = 4 << 16,
	GRANULE = 4096,
	NODE_BASE = 72,
	LIBRARY_SIZE = 64 << 10, // the first part of the image stands for libjvm.so
	EXPORT_LIMIT = 32,
};

// --- memory ---

static bool read_image(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	struct image *im = self;

	memcpy(to, im->bytes + (at - IMAGE_START), len);
	return true;
}

static void forget_image(void *self)
{
	struct image *im = self;

	im->forgets++;
	if (im->on_forget)
		im->on_forget(im);
}

// Nothing is kept, so all that is read is new; what a test does when its reader lets go of what it has,
// it does when the reader looks at the clock or at which list of threads there is, too.
static bool read_image_anew(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	struct image *im = self;

	if (at == im->vm.heap_at + HEAP_COLLECTIONS || at == im->threads_list)
		forget_image(im);
	if (im->on_anew)
		im->on_anew(im);
	return read_image(self, at, to, len, why);
}

static const struct memory_source SOURCE = { .read = read_image,
					     .forget = forget_image,
					     .read_anew = read_image_anew };

uint64_t image_get(struct image *im, size_t size)
{
	uint64_t at = IMAGE_START + im->used;

	im->used += (size + 15) & ~(size_t)15;
	if (im->used > IMAGE_SIZE)
		abort();
	return at;
}

static void put(struct image *im, uint64_t at, const void *bytes, size_t len)
{
	memcpy(im->bytes + (at - IMAGE_START), bytes, len);
}

void image_put(struct image *im, uint64_t at, uint64_t value)
{
	put(im, at, &value, sizeof(value));
}

void image_put32(struct image *im, uint64_t at, uint32_t value)
{
	put(im, at, &value, sizeof(value));
}

void image_put8(struct image *im, uint64_t at, uint8_t value)
{
	put(im, at, &value, sizeof(value));
}

uint64_t image_peek(const struct image *im, uint64_t at)
{
	uint64_t value;

	memcpy(&value, im->bytes + (at - IMAGE_START), sizeof(value));
	return value;
}

// --- tables ---

static const struct {
	const char *type, *field, *field_type;
	uint64_t offset;
} MEMBERS[] = {
	{ "ClassLoaderData", "_next", "ClassLoaderData*", CLD_NEXT },
	{ "ClassLoaderData", "_class_loader", "OopHandle", CLD_LOADER },
	{ "ClassLoaderData", "_klasses", "Klass*", CLD_KLASSES },
	{ "ClassLoaderData", "_has_class_mirror_holder", "bool", CLD_HIDDEN },
	{ "Klass", "_layout_helper", "jint", KLASS_LAYOUT },
	{ "Klass", "_name", "Symbol*", KLASS_NAME },
	{ "Klass", "_primary_supers[0]", "Klass*", KLASS_SUPERS },
	{ "Klass", "_java_mirror", "OopHandle", KLASS_MIRROR },
	{ "Klass", "_next_link", "Klass*", KLASS_NEXT },
	{ "Klass", "_class_loader_data", "ClassLoaderData*", KLASS_CLD },
	{ "InstanceKlass", "_constants", "ConstantPool*", IK_CONSTANTS },
	{ "InstanceKlass", "_fields", "Array<u2>*", IK_FIELDS },
	{ "InstanceKlass", "_java_fields_count", "u2", IK_FIELD_COUNT },
	{ "ConstantPool", "_length", "int", POOL_LENGTH },
	{ "Symbol", "_length", "u2", 0 },
	{ "Symbol", "_body", "u1", 6 },
	{ "VirtualSpace", "_low_boundary", "char*", 0 },
	{ "VirtualSpace", "_high_boundary", "char*", 8 },
	{ "VirtualSpace", "_low", "char*", 16 },
	{ "VirtualSpace", "_high", "char*", 24 },
	{ "CollectedHeap", "_total_collections", "uint", HEAP_COLLECTIONS },
	{ "CollectedHeap", "_is_gc_active", "bool", HEAP_GC_ACTIVE },
	{ "ThreadsList", "_length", "uint", 8 },
	{ "ThreadsList", "_threads", "JavaThread**", 16 },
	{ "JavaThread", "_threadObj", "OopHandle", THREAD_OBJECT },
	{ "JavaThread", "_osthread", "OSThread*", THREAD_OS },
	{ "Thread", "_tlab", "ThreadLocalAllocBuffer", THREAD_BUFFER },
	{ "Thread", "_allocated_bytes", "jlong", THREAD_ALLOCATED },
	{ "ThreadLocalAllocBuffer", "_start", "HeapWord*", 8 },
	{ "ThreadLocalAllocBuffer", "_top", "HeapWord*", 16 },
	{ "JavaThread", "_stack_base", "address", THREAD_BASE },
	{ "JavaThread", "_stack_size", "size_t", THREAD_SIZE },
	{ "JavaThread", "_thread_state", "JavaThreadState", THREAD_STATE },
	{ "OSThread", "_thread_id", "int", OS_TID },
	{ "OSThread", "_pthread_id", "pthread_t", OS_PTHREAD },
};

static const struct {
	const char *type;
	uint64_t size;
} TYPES[] = {
	{ "ClassLoaderData", 128 },
	{ "Klass", 200 },
	{ "InstanceKlass", 232 },
	{ "CollectedHeap", 64 },
	{ "ConstantPool", POOL_HEADER },
	{ "Symbol", 8 },
	{ "ThreadsList", 32 },
	{ "Thread", THREAD_NEXT_INTERNAL },
	{ "JavaThread", 144 },
	{ "OSThread", 32 },
	{ "bool", 1 },
	{ "jint", 4 },
	{ "u2", 2 },
	{ "int", 4 },
	{ "uint", 4 },
	{ "size_t", 8 },
};

struct exported {
	const char *name;
	uint64_t at;
};

struct exports {
	struct exported at[EXPORT_LIMIT];
	size_t count;
};

static uint64_t find_export(void *arg, const char *name)
{
	const struct exports *e = arg;

	for (size_t i = 0; i < e->count; i++)
		if (!strcmp(e->at[i].name, name))
			return e->at[i].at;
	return 0;
}

static void export_value(struct image *im, struct exports *e, const char *name, uint64_t value)
{
	uint64_t at = image_get(im, 8);

	if (e->count == EXPORT_LIMIT)
		abort();
	image_put(im, at, value);
	e->at[e->count++] = (struct exported){ name, at };
}

static uint64_t text_at(struct image *im, const char *text)
{
	uint64_t at = image_get(im, strlen(text) + 1);

	put(im, at, text, strlen(text) + 1);
	return at;
}

static void put_field(struct image *im, uint64_t row, const char *type, const char *field,
		      const char *field_type, bool is_static, uint64_t where)
{
	image_put(im, row, text_at(im, type));
	image_put(im, row + 8, text_at(im, field));
	image_put(im, row + 16, text_at(im, field_type));
	image_put(im, row + 24, is_static);
	image_put(im, row + 32, is_static ? 0 : where);
	image_put(im, row + 40, is_static ? where : 0);
}

static void make_tables(struct image *im, struct exports *e)
{
	size_t members = sizeof(MEMBERS) / sizeof(*MEMBERS), types = sizeof(TYPES) / sizeof(*TYPES);
	uint64_t fields = image_get(im, (members + 3) * 48),
		 sizes = image_get(im, (types + 1) * 40);
	uint64_t ints = image_get(im, 32), longs = image_get(im, 32);

	for (size_t i = 0; i < members; i++)
		put_field(im, fields + 48 * i, MEMBERS[i].type, MEMBERS[i].field,
			  MEMBERS[i].field_type, false, MEMBERS[i].offset);
	put_field(im, fields + 48 * members, "ClassLoaderDataGraph", "_head", "ClassLoaderData*",
		  true, im->cld_head);
	put_field(im, fields + 48 * (members + 1), "ThreadsSMRSupport", "_java_thread_list",
		  "ThreadsList*", true, im->threads_list);
	for (size_t i = 0; i < types; i++) {
		image_put(im, sizes + 40 * i, text_at(im, TYPES[i].type));
		image_put(im, sizes + 40 * i + 32, TYPES[i].size);
	}
	image_put(im, ints, text_at(im, "one"));
	image_put(im, longs, text_at(im, "two"));
	export_value(im, e, "gHotSpotVMStructs", fields);
	export_value(im, e, "gHotSpotVMStructEntryArrayStride", 48);
	export_value(im, e, "gHotSpotVMStructEntryTypeNameOffset", 0);
	export_value(im, e, "gHotSpotVMStructEntryFieldNameOffset", 8);
	export_value(im, e, "gHotSpotVMStructEntryTypeStringOffset", 16);
	export_value(im, e, "gHotSpotVMStructEntryIsStaticOffset", 24);
	export_value(im, e, "gHotSpotVMStructEntryOffsetOffset", 32);
	export_value(im, e, "gHotSpotVMStructEntryAddressOffset", 40);
	export_value(im, e, "gHotSpotVMTypes", sizes);
	export_value(im, e, "gHotSpotVMTypeEntryArrayStride", 40);
	export_value(im, e, "gHotSpotVMTypeEntryTypeNameOffset", 0);
	export_value(im, e, "gHotSpotVMTypeEntrySizeOffset", 32);
	export_value(im, e, "gHotSpotVMIntConstants", ints);
	export_value(im, e, "gHotSpotVMIntConstantEntryArrayStride", 16);
	export_value(im, e, "gHotSpotVMIntConstantEntryNameOffset", 0);
	export_value(im, e, "gHotSpotVMIntConstantEntryValueOffset", 8);
	export_value(im, e, "gHotSpotVMLongConstants", longs);
	export_value(im, e, "gHotSpotVMLongConstantEntryArrayStride", 16);
	export_value(im, e, "gHotSpotVMLongConstantEntryNameOffset", 0);
	export_value(im, e, "gHotSpotVMLongConstantEntryValueOffset", 8);
}

static void open_vm(struct image *im)
{
	static const char *const SPELLINGS[FIELD_COUNT][8] = {
#define FIELD(id, ...) [FIELD_##id] = { __VA_ARGS__ },
#include "jvm/fields.def"
#undef FIELD
	};
	struct exports e = { .count = 0 };
	struct fail why;

	im->vm = (struct hotspot){ .memory = &im->memory,
				   .maps = &im->maps,
				   .mem = &im->mem,
				   .jdk = 17,
				   .gc = GC_G1,
				   .compressed_oops = true,
				   .compressed_klasses = true,
				   .narrow_klass_shift = 3,
				   .narrow_oop_shift = 3,
				   .library_start = IMAGE_START,
				   .library_end = IMAGE_START + LIBRARY_SIZE };
	make_tables(im, &e);
	if (!vmstructs_read(&im->memory, find_export, &e, &im->mem, &im->vm.tables, &why))
		abort();
	for (size_t id = 0; id < FIELD_COUNT; id++)
		for (size_t i = 0; i + 1 < 8 && SPELLINGS[id][i] && !im->vm.field[id]; i += 2)
			im->vm.field[id] = vmstructs_find(im->vm.tables, SPELLINGS[id][i],
							  SPELLINGS[id][i + 1]);
}

// --- classes ---

uint64_t image_symbol(struct image *im, const char *text)
{
	uint64_t at = image_get(im, 6 + strlen(text) + 8);
	uint16_t len = (uint16_t)strlen(text);

	put(im, at, &len, sizeof(len));
	put(im, at + 6, text, len);
	return at;
}

static void add_fields(struct image *im, uint64_t klass, const struct image_field *fields,
		       size_t count)
{
	uint64_t pool = image_get(im, POOL_HEADER + 8 * (count + 1));
	uint64_t array = image_get(im, 4 + 12 * count);

	image_put32(im, pool + POOL_LENGTH, (uint32_t)count + 1);
	image_put32(im, array, (uint32_t)count * 6);
	for (size_t i = 0; i < count; i++) {
		uint32_t packed = fields[i].offset << 2;
		uint16_t t[6] = {
			fields[i].is_static ? 8 : 0, (uint16_t)(i + 1), 0, 0, (uint16_t)packed,
			(uint16_t)(packed >> 16)
		};

		image_put(im, pool + POOL_HEADER + 8 * (i + 1), image_symbol(im, fields[i].name));
		put(im, array + 4 + 12 * i, t, sizeof(t));
	}
	image_put(im, klass + IK_CONSTANTS, pool);
	image_put(im, klass + IK_FIELDS, array);
	image_put32(im, klass + IK_FIELD_COUNT, (uint32_t)count);
}

static uint64_t handle(struct image *im, uint64_t oop)
{
	uint64_t at = image_get(im, 8);

	image_put(im, at, oop);
	return at;
}

uint64_t image_klass(struct image *im, const char *name, uint64_t cld, uint64_t super,
		     const struct image_field *fields, size_t count)
{
	uint64_t at = image_get(im, 232);

	image_put(im, at, im->vtable);
	image_put32(im, at + KLASS_LAYOUT, 16);
	image_put(im, at + KLASS_NAME, image_symbol(im, name));
	image_put(im, at + KLASS_SUPERS, im->object_klass ? im->object_klass : at);
	image_put(im, at + KLASS_SUPERS + 8, super ? super : im->object_klass ? at : 0);
	image_put(im, at + KLASS_CLD, cld);
	image_put(im, at + KLASS_NEXT, image_peek(im, cld + CLD_KLASSES));
	image_put(im, cld + CLD_KLASSES, at);
	image_put(im, at + KLASS_MIRROR, handle(im, image_object(im, at, 256)));
	add_fields(im, at, fields, count);
	return at;
}

uint64_t image_object(struct image *im, uint64_t klass, size_t size)
{
	uint64_t at = image_get(im, size);

	image_put32(im, at + 8, (uint32_t)(klass >> 3));
	return at;
}

void image_set_oop(struct image *im, uint64_t slot, uint64_t oop)
{
	image_put32(im, slot, (uint32_t)(oop >> 3));
}

uint64_t image_mirror(const struct image *im, uint64_t klass)
{
	return image_peek(im, image_peek(im, klass + KLASS_MIRROR));
}

uint64_t image_bytes(struct image *im, const char *bytes, size_t len)
{
	uint64_t at = image_object(im, im->byte_array_klass, 16 + len);

	image_put32(im, at + 12, (uint32_t)len);
	put(im, at + 16, bytes, len);
	return at;
}

uint64_t image_string(struct image *im, const char *text)
{
	uint64_t at = image_object(im, im->string_klass, 24);

	image_set_oop(im, at + 12, image_bytes(im, text, strlen(text)));
	return at;
}

uint64_t image_loader(struct image *im, uint64_t klass, bool hidden, uint64_t *object)
{
	uint64_t at = image_get(im, 128), oop = klass ? image_object(im, klass, 64) : 0;

	if (klass) {
		image_put(im, at + CLD_LOADER, handle(im, oop));
		image_put(im, at + CLD_LOADER_KLASS, klass);
	}
	image_put8(im, at + CLD_HIDDEN, hidden);
	image_put(im, at + CLD_LOCK, image_get(im, 16));
	image_put(im, at + CLD_NEXT, image_peek(im, im->cld_head));
	image_put(im, im->cld_head, at);
	if (object)
		*object = oop;
	return at;
}

void image_init(struct image *im)
{
	static const struct image_field STRING[] = { { "value", 12, false },
						     { "coder", 20, false } };
	static const struct image_field LOADER[] = { { "parent", 12, false },
						     { "name", 16, false } };
	static const struct image_field THREAD[] = { { "name", 12, false },
						     { "contextClassLoader", 16, false } };

	*im = (struct image){ .mem = { 0 } };
	im->bytes = arena_get(&im->mem, IMAGE_SIZE);
	memory_init(&im->memory, &im->mem);
	memory_add_segment(&im->memory, IMAGE_START, IMAGE_START + IMAGE_SIZE, &SOURCE, im);
	im->maps.at = arena_new(&im->mem, struct mapping);
	im->maps.count = 1;
	im->maps.at[0] = (struct mapping){ .start = IMAGE_START,
					   .end = IMAGE_START + IMAGE_SIZE,
					   .readable = true,
					   .writable = true,
					   .path = "" };
	// Three tables of a function each, behind two words of zero.
	im->vtable = image_get(im, 96) + 16;
	for (uint64_t i = 0; i < 3; i++)
		image_put(im, im->vtable + 24 * i, im->vtable);
	im->cld_head = image_get(im, 64); // with room for the counters behind it
	im->threads_list = image_get(im, 16);
	open_vm(im);
	if (im->used > LIBRARY_SIZE)
		abort();
	im->vm.heap_at = image_get(im, 64);
	im->boot = image_loader(im, 0, false, NULL);
	im->object_klass = image_klass(im, "java/lang/Object", im->boot, 0, NULL, 0);
	im->loader_klass = image_klass(im, "java/lang/ClassLoader", im->boot, 0, LOADER, 2);
	im->string_klass = image_klass(im, "java/lang/String", im->boot, 0, STRING, 2);
	im->thread_klass = image_klass(im, "java/lang/Thread", im->boot, 0, THREAD, 2);
	im->byte_array_klass = image_klass(im, "[B", im->boot, 0, NULL, 0);
	image_put32(im, im->byte_array_klass + KLASS_LAYOUT, 0xc0100800); // 16 bytes of header
}

void image_drop(struct image *im)
{
	arena_drop(&im->mem);
}

void image_collect(struct image *im)
{
	uint64_t at = im->vm.heap_at + HEAP_COLLECTIONS;

	image_put32(im, at, (uint32_t)image_peek(im, at) + 1);
}

// --- Metaspace ---

uint64_t image_node(struct image *im)
{
	uint64_t at, map, start;

	im->used = (im->used + 65535) & ~UINT64_C(65535); // a root chunk is aligned
	start = image_get(im, NODE_SIZE);
	at = image_get(im, 200);
	map = image_get(im, 64);
	for (uint64_t mask = 0; mask <= 48; mask += 48) {
		image_put(im, at + NODE_BASE + mask, start);
		image_put(im, at + NODE_BASE + mask + 8, NODE_SIZE / 8);
	}
	image_put(im, at + NODE_BASE + 16, NODE_SIZE / 16); // half is used
	image_put(im, at + NODE_BASE + 24, map);
	image_put(im, at + NODE_BASE + 32, NODE_SIZE / GRANULE);
	image_put(im, at + NODE_BASE + 64, GRANULE / 8);
	image_put32(im, at + NODE_BASE + 80, NODE_SIZE >> 16);
	return at;
}

uint64_t image_node_start(const struct image *im, uint64_t node)
{
	return image_peek(im, node + NODE_BASE);
}

void image_commit(struct image *im, uint64_t node, unsigned granules)
{
	image_put(im, image_peek(im, node + NODE_BASE + 24),
		  granules >= 64 ? UINT64_MAX : (UINT64_C(1) << granules) - 1);
}

// The neighbours of a chunk: headers that tell no more than where they begin and end.
static void put_neighbours(struct image *im, uint64_t chunk, uint64_t start, uint64_t offset,
			   unsigned level)
{
	enum { ROOT = 65536, SMALLEST_LEVEL = 14, BELOW = 56, ABOVE = 64 };
	uint64_t end = offset + (ROOT >> level), header;

	if (end % ROOT) {
		header = image_get(im, 72);
		image_put(im, header, start + end);
		image_put(im, chunk + ABOVE, header);
	}
	if (offset % ROOT) {
		header = image_get(im, 72);
		image_put(im, header, start + offset - (ROOT >> SMALLEST_LEVEL));
		image_put8(im, header + CHUNK_LEVEL, SMALLEST_LEVEL);
		image_put(im, chunk + BELOW, header);
	}
}

uint64_t image_chunk(struct image *im, uint64_t node, uint64_t offset, unsigned level,
		     uint64_t used, uint64_t committed)
{
	uint64_t at = image_get(im, 72);

	put_neighbours(im, at, image_node_start(im, node), offset, level);
	image_put(im, at, image_node_start(im, node) + offset);
	image_put(im, at + CHUNK_USED, used / 8);
	image_put(im, at + CHUNK_COMMITTED, committed / 8);
	image_put8(im, at + CHUNK_LEVEL, (uint8_t)level);
	image_put8(im, at + CHUNK_STATE, 1);
	image_put(im, at + CHUNK_NODE, node);
	return at;
}

static uint64_t arena_of(struct image *im, const uint64_t *chunks, size_t count)
{
	uint64_t at = image_get(im, 64);

	for (size_t i = 0; i + 1 < count; i++)
		image_put(im, chunks[i] + CHUNK_NEXT, chunks[i + 1]);
	if (count)
		image_put(im, at + 24, chunks[0]);
	image_put32(im, at + 32, (uint32_t)count);
	return at;
}

void image_metaspace(struct image *im, uint64_t cld, const uint64_t *nonclass, size_t count,
		     const uint64_t *class_space, size_t class_count)
{
	uint64_t at = image_get(im, 64);

	image_put(im, at, image_peek(im, cld + CLD_LOCK));
	image_put(im, at + 16, arena_of(im, nonclass, count));
	image_put(im, at + 24, arena_of(im, class_space, class_count));
	image_put(im, cld + CLD_METASPACE, at);
}

// --- threads ---

uint64_t image_thread(struct image *im, uint32_t tid, const char *name)
{
	uint64_t at = image_get(im, 144), os = image_get(im, 32), stack;

	im->used = (im->used + 4095) & ~UINT64_C(4095);
	stack = image_get(im, 16 << 10);
	image_put(im, at, im->vtable);
	image_put(im, at + THREAD_OS, os);
	image_put(im, at + THREAD_BASE, stack + (16 << 10));
	image_put(im, at + THREAD_SIZE, 16 << 10);
	image_put32(im, at + THREAD_STATE, 4);
	image_put32(im, os + OS_TID, tid);
	if (name) {
		uint64_t object = image_object(im, im->thread_klass, 32);

		image_set_oop(im, object + 12, image_string(im, name));
		image_put(im, at + THREAD_OBJECT, handle(im, object));
	}
	return at;
}

void image_threads(struct image *im, const uint64_t *threads, size_t count)
{
	uint64_t list = image_get(im, 32), array = image_get(im, 8 * count + 8);

	for (size_t i = 0; i < count; i++)
		image_put(im, array + 8 * i, threads[i]);
	image_put32(im, list + 8, (uint32_t)count);
	image_put(im, list + 16, array);
	image_put(im, im->threads_list, list);
}
