// SPDX-License-Identifier: Apache-2.0
// A HotSpot VM made by hand: two megabytes of memory with tables, loaders, classes, objects, Metaspace
// and threads, laid out much as JDK 17 does.  Tests break pieces of it; nothing here is the product's.

#ifndef TESTS_JVM_IMAGE_H
#define TESTS_JVM_IMAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/memory.h"
#include "jvm/hotspot.h"
#include "parse/maps.h"

#define IMAGE_START UINT64_C(0x100000000)
enum {
	IMAGE_SIZE = 2 << 20,
	// Members as the image's tables give them.
	HEAP_COLLECTIONS = 8,
	HEAP_GC_ACTIVE = 12,
	CLD_LOADER = 8,
	CLD_METASPACE = 16,
	CLD_LOCK = 24,
	CLD_HIDDEN = 36,
	CLD_KLASSES = 40,
	CLD_NEXT = 88,
	CLD_LOADER_KLASS = 104,
	KLASS_LAYOUT = 8,
	KLASS_NAME = 24,
	KLASS_SUPERS = 32,
	KLASS_MIRROR = 104,
	KLASS_NEXT = 120,
	KLASS_CLD = 128,
	IK_CONSTANTS = 208,
	IK_FIELDS = 216,
	IK_FIELD_COUNT = 224,
	POOL_LENGTH = 56,
	POOL_HEADER = 72,
	THREAD_OS = 16,
	THREAD_BASE = 24,
	THREAD_SIZE = 32,
	THREAD_BUFFER = 48, // ThreadLocalAllocBuffer: _start and _top 8 and 16 bytes in it
	THREAD_ALLOCATED = 80,
	THREAD_NEXT_INTERNAL = 96, // where NonJavaThread::_next lies; sizeof(Thread) too
	THREAD_OBJECT = 120,
	THREAD_STATE = 128,
	OS_TID = 8,
	OS_PTHREAD = 16,
	CHUNK_USED = 8,
	CHUNK_COMMITTED = 16,
	CHUNK_LEVEL = 24,
	CHUNK_STATE = 25,
	CHUNK_NODE = 32,
	CHUNK_NEXT = 48,
};

struct image_field {
	const char *name;
	uint32_t offset;
	bool is_static;
};

struct image {
	struct arena mem;
	unsigned char *bytes;
	uint64_t used;                     // bytes given out
	unsigned forgets;                  // how often the reader let go of what it had
	void (*on_forget)(struct image *); // a test's hook: repairs or breaks something
	void (*on_anew)(struct image *);   // the same, before something is read anew
	struct memory memory;
	struct maps maps;
	struct hotspot vm;
	uint64_t vtable; // what C++ objects start with
	// Statics of the VM.
	uint64_t cld_head, threads_list;
	uint64_t boot, object_klass, loader_klass, string_klass, thread_klass, byte_array_klass;
};

void image_init(
	struct image *im); // the boot loader with Object, ClassLoader, String, Thread and byte[]
void image_drop(struct image *im);
void image_collect(struct image *im); // an on_forget: one more collection has started

uint64_t image_get(struct image *im, size_t size);             // zeroed, 16-aligned
void image_put(struct image *im, uint64_t at, uint64_t value); // eight bytes
void image_put32(struct image *im, uint64_t at, uint32_t value);
void image_put8(struct image *im, uint64_t at, uint8_t value);
uint64_t image_peek(const struct image *im, uint64_t at);

uint64_t image_symbol(struct image *im, const char *text);
// A class with its Class object, first in its loader's list.  `super` 0: directly below Object.
uint64_t image_klass(struct image *im, const char *name, uint64_t cld, uint64_t super,
		     const struct image_field *fields, size_t count);
uint64_t image_object(struct image *im, uint64_t klass, size_t size);
uint64_t image_string(struct image *im, const char *text);
uint64_t image_bytes(struct image *im, const char *bytes, size_t len); // a byte[]
void image_set_oop(struct image *im, uint64_t slot, uint64_t oop);     // a narrow one
uint64_t image_mirror(const struct image *im, uint64_t klass);
// Loader data at the head of the list; `klass` 0: the boot loader's.  *object: the loader's oop.
uint64_t image_loader(struct image *im, uint64_t klass, bool hidden, uint64_t *object);

// A node of four root chunks of 64 KB in granules of 4 KB; its range lies in the image.
uint64_t image_node(struct image *im);
uint64_t image_node_start(const struct image *im, uint64_t node);
void image_commit(struct image *im, uint64_t node, unsigned granules);
// A chunk of 64 KB >> level in use.
uint64_t image_chunk(struct image *im, uint64_t node, uint64_t offset, unsigned level,
		     uint64_t used, uint64_t committed);
// The loader's Metaspace: chunks linked in the order given.
void image_metaspace(struct image *im, uint64_t cld, const uint64_t *nonclass, size_t count,
		     const uint64_t *class_space, size_t class_count);

// A Java thread with a Thread object of that name (NULL: none) and a stack of 64 KB in the image.
uint64_t image_thread(struct image *im, uint32_t tid, const char *name);
void image_threads(struct image *im, const uint64_t *threads, size_t count); // makes the list

#endif
