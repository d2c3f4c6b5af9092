// SPDX-License-Identifier: Apache-2.0
// The walks over loaders, Metaspace, threads and direct buffers, in a VM made by hand whose words the
// input overwrites: records of {how u8, offset u24 little-endian, value u32}.  `how` 0: the value; 1: an
// address inside the image; 2: the old word plus the value as a signed number; 3: one byte.  A length
// that is one byte more than whole records: cleaners in arrays, as JDK 26 has them.
#include <stdlib.h>
#include <string.h>

#include "../jvm/image.c"
#include "collect/duplicates.h"
#include "collect/families.h"
#include "facts/snapshot.h"
#include "jvm/classes.h"
#include "jvm/direct.h"
#include "jvm/metaspace.h"
#include "jvm/pthreads.h"
#include "jvm/threads.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len);

enum { RECORD = 8, RECORD_LIMIT = 64, LOADERS = 4, BUFFERS = 6 };

// What the input says is all that there is: nobody needs to wait for a change.
static const struct memory_source STILL = { .read = read_image };

static void demand(bool held)
{
	if (!held)
		abort();
}

static uint64_t add_class(struct image *im, const char *name, const struct image_field *fields,
			  size_t count)
{
	return image_klass(im, name, im->boot, 0, fields, count);
}

static void add_cleaners(struct image *im, uint64_t deallocator)
{
	static const struct image_field CLEANER[] = { { "first", 112, true },
						      { "next", 12, false },
						      { "thunk", 16, false } };
	uint64_t cleaner = add_class(im, "jdk/internal/ref/Cleaner", CLEANER, 3);
	uint64_t slot = image_mirror(im, cleaner) + 112;

	for (uint64_t i = 0; i < BUFFERS; i++) {
		uint64_t action = image_object(im, deallocator, 32);
		uint64_t link = image_object(im, cleaner, 24);

		image_put(im, action + 16, 0x7f0000000000 + 0x1000 * i);
		image_put(im, action + 24, 100);
		image_set_oop(im, link + 16, action);
		image_set_oop(im, slot, link);
		slot = link + 12;
	}
}

static void add_nodes(struct image *im, uint64_t deallocator)
{
	static const struct image_field OUTER[] = { { "cleanerList", 112, true } };
	static const struct image_field LIST[] = { { "head", 12, false } };
	static const struct image_field NODE[] = { { "arr", 12, false },
						   { "size", 16, false },
						   { "next", 20, false } };
	static const struct image_field PHANTOM[] = { { "action", 12, false } };
	uint64_t outer = add_class(im, "java/nio/BufferCleaner", OUTER, 1);
	uint64_t list = add_class(im, "java/nio/BufferCleaner$CleanerList", LIST, 1);
	uint64_t node_klass = add_class(im, "java/nio/BufferCleaner$CleanerList$Node", NODE, 3);
	uint64_t phantom = add_class(im, "java/nio/BufferCleaner$PhantomCleaner", PHANTOM, 1);
	uint64_t arrays = add_class(im, "[Ljava/nio/BufferCleaner$PhantomCleaner;", NULL, 0);
	uint64_t head = image_object(im, list, 16), slot = head + 12;

	image_put32(im, arrays + KLASS_LAYOUT, 0x80100802);
	image_set_oop(im, image_mirror(im, outer) + 112, head);
	for (uint64_t i = 0; i < BUFFERS; i++) {
		uint64_t action = image_object(im, deallocator, 32);
		uint64_t link = image_object(im, phantom, 16), node, array;

		image_put(im, action + 16, 0x7f0000000000 + 0x1000 * i);
		image_put(im, action + 24, 100);
		image_set_oop(im, link + 12, action);
		node = image_object(im, node_klass, 24);
		array = image_object(im, arrays, 16 + 4 * 8);
		image_put32(im, array + 12, 8);
		image_put32(im, node + 16, 1);
		image_set_oop(im, node + 12, array);
		image_set_oop(im, array + 16, link);
		image_set_oop(im, slot, node);
		slot = node + 20;
	}
}

static void add_buffers(struct image *im, bool in_nodes)
{
	static const struct image_field VALUE[] = { { "value", 16, false } };
	static const struct image_field BITS[] = { { "MAX_MEMORY", 112, true },
						   { "RESERVED_MEMORY", 120, true },
						   { "TOTAL_CAPACITY", 124, true },
						   { "COUNT", 128, true } };
	static const struct image_field DEALLOCATOR[] = { { "address", 16, false },
							  { "size", 24, false } };
	uint64_t number = add_class(im, "java/util/concurrent/atomic/AtomicLong", VALUE, 1);
	uint64_t bits = add_class(im, "java/nio/Bits", BITS, 4);
	uint64_t deallocator =
		add_class(im, "java/nio/DirectByteBuffer$Deallocator", DEALLOCATOR, 2);

	for (uint64_t i = 0; i < 3; i++) {
		uint64_t counter = image_object(im, number, 24);

		image_put(im, counter + 16, i == 2 ? BUFFERS : BUFFERS * 100);
		image_set_oop(im, image_mirror(im, bits) + 120 + 4 * i, counter);
	}
	if (in_nodes)
		add_nodes(im, deallocator);
	else
		add_cleaners(im, deallocator);
}

static void add_loaders(struct image *im)
{
	uint64_t klass = image_klass(im, "gen/Loader", im->boot, im->loader_klass, NULL, 0);
	uint64_t node = image_node(im), class_node = image_node(im);
	uint64_t at[LOADERS + 1] = { im->boot }, oop;

	image_commit(im, node, 32);
	image_commit(im, class_node, 16);
	for (int i = 1; i <= LOADERS; i++) {
		at[i] = image_loader(im, klass, i == 1, &oop);
		image_klass(im, "gen/Type_1", at[i], 0, NULL, 0);
		image_klass(im, "gen/Type_2", at[i], 0, NULL, 0);
		image_set_oop(im, oop + 16, image_string(im, "name"));
	}
	for (uint64_t i = 0; i <= LOADERS; i++) {
		uint64_t nonclass[2] = { image_chunk(im, node, i * 0x8000, 2, 512, 0x4000),
					 image_chunk(im, node, i * 0x8000 + 0x4000, 2, 64,
						     0x1000) };
		uint64_t class_space = image_chunk(im, class_node, i * 0x4000, 2, 512, 0x1000);

		image_metaspace(im, at[i], nonclass, 2, &class_space, 1);
	}
}

static void add_threads(struct image *im)
{
	uint64_t at[3] = { image_thread(im, 101, "main"), image_thread(im, 102, "worker 1"),
			   image_thread(im, 103, NULL) };

	image_threads(im, at, 3);
}

static void overwrite(struct image *im, const unsigned char *record)
{
	uint64_t offset = (record[1] | record[2] << 8 | (uint64_t)record[3] << 16) % im->used;
	uint32_t value;
	uint64_t at = IMAGE_START + (offset & ~UINT64_C(7));

	memcpy(&value, record + 4, sizeof(value));
	switch (record[0] % 4) {
	case 0:
		image_put(im, at, value);
		break;
	case 1:
		image_put(im, at, IMAGE_START + value % im->used);
		break;
	case 2:
		image_put(im, at, image_peek(im, at) + (uint64_t)(int64_t)(int32_t)value);
		break;
	case 3:
		image_put8(im, IMAGE_START + offset, (uint8_t)value);
		break;
	}
}

static void check_metaspace(const struct image *im, const struct hotspot_classes *classes)
{
	struct arena mem = { 0 };
	uint64_t *at = arena_array(&mem, uint64_t, classes->loaders.count + 1), used = 0;
	struct metaspace m;

	for (size_t i = 0; i < classes->loaders.count; i++)
		at[i] = classes->loaders.at[i].at;
	if (metaspace_read(&im->vm, at, classes->loaders.count, &mem, &m, NULL)) {
		for (size_t i = 0; i < m.chunks.count; i++) {
			const struct metaspace_chunk *c = &m.chunks.at[i];
			const struct metaspace_node *n = &m.nodes.at[c->node];

			demand(c->used <= c->committed && c->committed <= c->size);
			demand(c->start >= n->start && c->size <= n->end - c->start);
		}
		for (size_t i = 0; i < m.nodes.count; i++) {
			struct range *ranges;
			size_t count;
			uint64_t sum = 0;

			if (!metaspace_node_committed(&im->vm, &m.nodes.at[i], &mem, &ranges,
						      &count, NULL))
				continue;
			for (size_t k = 0; k < count; k++)
				sum += ranges[k].end - ranges[k].start;
			demand(sum == m.nodes.at[i].committed);
		}
		for (size_t i = 0; i < m.loader_count; i++)
			used += m.loaders[i].nonclass.used + m.loaders[i].class_space.used;
		demand(used == m.nonclass.used + m.class_space.used);
	}
	arena_drop(&mem);
}

static void check_classes(struct image *im, const struct hotspot_classes *classes, bool intact)
{
	struct snapshot s;
	struct direct_buffers direct;
	size_t sum = 0;

	for (size_t i = 0; i < classes->loaders.count; i++) {
		const struct hotspot_loader *l = &classes->loaders.at[i];

		demand(l->first + l->count <= classes->classes.count);
		demand(!l->unreadable || (!l->count && !l->name && !l->type));
		for (size_t k = 0; k < l->count; k++)
			demand(classes->classes.at[l->first + k].name);
	}
	snapshot_init(&s, &im->mem);
	families_build(&im->vm, classes, NULL, &s);
	for (size_t i = 0; i < s.families.count; i++)
		sum += s.families.at[i].class_count;
	demand(sum <= classes->classes.count);
	duplicates_build(classes, &s);
	sum = 0;
	for (size_t i = 0; i < s.duplicates.count; i++) {
		const struct duplicate_row *d = &s.duplicates.at[i];

		demand(d->definitions > 1 && d->loader_count && d->name);
		demand(d->most_in_one <= d->definitions && d->loader_count <= d->definitions);
		sum += d->definitions;
	}
	demand(sum <= classes->classes.count);
	check_metaspace(im, classes);
	if (direct_read(&im->vm, classes, &im->mem, &direct, NULL))
		demand(direct.listed ? direct.buffers.count == direct.count
				     : !direct.buffers.count);
	else
		demand(!intact);
}

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t len)
{
	struct image im;
	struct hotspot_classes classes;
	struct hotspot_threads threads = { .torn = 0 };
	bool ok;

	image_init(&im);
	im.memory.segments[0].source = &STILL;
	add_loaders(&im);
	add_buffers(&im, len % RECORD == 1);
	add_threads(&im);
	for (size_t i = 0; i < RECORD_LIMIT && (i + 1) * RECORD <= len; i++)
		overwrite(&im, bytes + i * RECORD);
	ok = classes_read(&im.vm, &im.mem, &classes, NULL);
	if (ok)
		check_classes(&im, &classes, len < RECORD);
	if (threads_read(&im.vm, ok ? &classes : NULL, &im.mem, &threads, NULL)) {
		struct pthread_seed seeds[8];
		struct pthreads found;
		size_t count = threads.java.count < 8 ? threads.java.count : 8;

		for (size_t i = 0; i < count; i++)
			seeds[i] = (struct pthread_seed){ threads.java.at[i].pthread_at,
							  threads.java.at[i].stack_start,
							  threads.java.at[i].stack_end,
							  threads.java.at[i].ns_tid };
		pthreads_read(&im.memory, &im.maps, seeds, count, &im.mem, &found, NULL);
	}
	demand(len ||
	       (ok && !classes.unreadable && threads.java.count == 3)); // the whole image reads
	image_drop(&im);
	return 0;
}
