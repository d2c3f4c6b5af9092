// SPDX-License-Identifier: Apache-2.0
// A thread's locals with NIO's cache among them, as JDK 8 to 24 have it and as 25 has it.
#include "jvm/tempbuffers.h"

#include <criterion/criterion.h>

#include "base/fail.h"
#include "image.h"
#include "jvm/classes.h"

enum {
	SLOTS = 8, // of the map's table
	ROOM = 4,  // of the cache
	// Fields, as the classes below have them.
	LOCALS = 12,
	HOLDER = 16,
	TERMINATING = 12,
	TABLE = 12,
	VALUE = 12,
	LIST = 12,
	COUNT = 16,
	CAPACITY = 12,
	ADDRESS = 16,
	CLEANER = 24,
};

static struct image im;
static struct hotspot_classes classes;
static struct tempbuffers fields;
static tempbuffer_rows rows;
static struct fail why;
static uint64_t thread_klass, holder_klass, map_klass, entry_klass, cache_klass, buffer_klass,
	array_klass, thread;

static void add_classes(bool has_cache, bool has_holder)
{
	static const struct image_field THREAD[] = { { "threadLocals", LOCALS, false },
						     { "holder", HOLDER, false } };
	static const struct image_field HOLDERS[] = { { "terminatingThreadLocals", TERMINATING,
							false } };
	static const struct image_field MAP[] = { { "table", TABLE, false } };
	static const struct image_field ENTRY[] = { { "value", VALUE, false } };
	static const struct image_field CACHE[] = { { "buffers", LIST, false },
						    { "count", COUNT, false } };
	static const struct image_field BUFFER[] = { { "capacity", CAPACITY, false },
						     { "address", ADDRESS, false } };
	static const struct image_field DIRECT[] = { { "cleaner", CLEANER, false } };

	thread_klass = image_klass(&im, "test/Thread", im.boot, 0, THREAD, has_holder ? 2 : 1);
	if (has_holder)
		holder_klass =
			image_klass(&im, "java/lang/Thread$FieldHolder", im.boot, 0, HOLDERS, 1);
	map_klass = image_klass(&im, "java/lang/ThreadLocal$ThreadLocalMap", im.boot, 0, MAP, 1);
	entry_klass = image_klass(&im, "java/lang/ThreadLocal$ThreadLocalMap$Entry", im.boot, 0,
				  ENTRY, 1);
	image_klass(&im, "java/nio/Buffer", im.boot, 0, BUFFER, 2);
	buffer_klass = image_klass(&im, "java/nio/DirectByteBuffer", im.boot, 0, DIRECT, 1);
	if (has_cache)
		cache_klass = image_klass(&im, "sun/nio/ch/Util$BufferCache", im.boot, 0, CACHE, 2);
	array_klass = image_klass(&im, "[Ljava/lang/Object;", im.boot, 0, NULL, 0);
	image_put32(&im, array_klass + KLASS_LAYOUT, 0x80100802); // 16 bytes, then references
	thread = image_object(&im, thread_klass, 32);
}

static uint64_t array(uint32_t length)
{
	uint64_t at = image_object(&im, array_klass, 16 + 4 * length);

	image_put32(&im, at + 12, length);
	return at;
}

static uint64_t buffer(uint64_t at, uint32_t capacity, bool counted)
{
	uint64_t object = image_object(&im, buffer_klass, 32);

	image_put32(&im, object + CAPACITY, capacity);
	image_put(&im, object + ADDRESS, at);
	if (counted)
		image_set_oop(&im, object + CLEANER, image_object(&im, im.object_klass, 16));
	return object;
}

// A map with the cache in one of its slots and something else in another; the cache's buffers.
static uint64_t map_with_cache(uint64_t *list, uint64_t *cache)
{
	uint64_t map = image_object(&im, map_klass, 24), table = array(SLOTS);

	*list = array(ROOM);
	*cache = image_object(&im, cache_klass, 24);
	image_set_oop(&im, *cache + LIST, *list);
	image_set_oop(&im, map + TABLE, table);
	for (uint32_t i = 0; i < 2; i++) {
		uint64_t entry = image_object(&im, entry_klass, 24);

		image_set_oop(&im, entry + VALUE, i ? *cache : image_string(&im, "another"));
		image_set_oop(&im, table + 16 + 4 * (2 + 3 * i), entry);
	}
	return map;
}

static void open_image(void)
{
	image_init(&im);
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(tempbuffers, .init = open_image, .fini = close_image);

static bool find(void)
{
	cr_assert(classes_read(&im.vm, &im.mem, &classes, &why), "%s", why.text);
	return tempbuffers_find(&im.vm, &classes, thread_klass, &fields);
}

static bool read_thread(void)
{
	return tempbuffers_read(&im.vm, &fields, thread, &im.mem, &rows);
}

Test(tempbuffers, those_of_a_cache_that_starts_in_the_middle_are_all_found)
{
	uint64_t list, cache;

	add_classes(true, false);
	image_set_oop(&im, thread + LOCALS, map_with_cache(&list, &cache));
	image_put32(&im, cache + COUNT, 2);
	image_set_oop(&im, list + 16 + 4 * 3, buffer(0x7f0000001000, 8192, true));
	image_set_oop(&im, list + 16, buffer(0x7f0000010000, 1 << 20, true));
	cr_assert(find());
	cr_assert_not(fields.unused);
	cr_assert(read_thread());
	cr_assert_eq(rows.count, 2);
	cr_expect_eq(rows.at[0].at, 0x7f0000010000);
	cr_expect_eq(rows.at[0].bytes, 1 << 20);
	cr_expect_eq(rows.at[1].bytes, 8192);
	cr_expect(rows.at[0].counted && rows.at[1].counted);
}

Test(tempbuffers, since_jdk_25_they_hang_at_the_holder_and_nobody_counts_them)
{
	uint64_t holder, list, cache;

	add_classes(true, true);
	holder = image_object(&im, holder_klass, 24);
	image_set_oop(&im, thread + HOLDER, holder);
	image_set_oop(&im, holder + TERMINATING, map_with_cache(&list, &cache));
	image_put32(&im, cache + COUNT, 1);
	image_set_oop(&im, list + 16, buffer(0x7f0000001000, 4096, false));
	cr_assert(find());
	cr_assert(read_thread());
	cr_assert_eq(rows.count, 1);
	cr_expect_not(rows.at[0].counted);
	cr_expect_eq(rows.at[0].bytes, 4096);
}

Test(tempbuffers, a_thread_without_locals_has_none)
{
	add_classes(true, false);
	cr_assert(find());
	cr_assert(read_thread());
	cr_expect_eq(rows.count, 0);
}

Test(tempbuffers, a_program_without_channels_has_none)
{
	add_classes(false, false);
	cr_assert(find());
	cr_expect(fields.unused);
	cr_assert(read_thread());
	cr_expect_eq(rows.count, 0);
}

Test(tempbuffers, another_jdk_s_classes_tell_nothing)
{
	thread_klass = im.thread_klass; // without threadLocals
	add_classes(true, false);
	thread_klass = im.thread_klass;
	cr_expect_not(find());
}

// Objects that move: what makes no sense takes back what was found before it.
static void expect_nothing(void)
{
	cr_expect_not(read_thread());
	cr_expect_eq(rows.count, 1, "what was there before stays, and nothing else");
	cr_expect_eq(rows.at[0].at, 1);
}

static void build_cache(uint64_t *list, uint64_t *cache, uint64_t *map)
{
	add_classes(true, false);
	*map = map_with_cache(list, cache);
	image_set_oop(&im, thread + LOCALS, *map);
	image_put32(&im, *cache + COUNT, 2);
	image_set_oop(&im, *list + 16, buffer(0x7f0000001000, 8192, true));
	image_set_oop(&im, *list + 20, buffer(0x7f0000004000, 8192, true));
	cr_assert(find());
	vec_push(&im.mem, &rows, (struct tempbuffer){ .at = 1 });
}

Test(tempbuffers, a_count_without_its_buffers_is_refused)
{
	uint64_t list, cache, map;

	build_cache(&list, &cache, &map);
	image_put32(&im, cache + COUNT, 3);
	expect_nothing();
	image_put32(&im, cache + COUNT, ROOM + 1);
	expect_nothing();
}

Test(tempbuffers, buffers_without_sense_are_refused)
{
	uint64_t list, cache, map, odd;

	build_cache(&list, &cache, &map);
	odd = buffer(0x7f0000008000, 0x80000000, true); // a negative capacity
	image_set_oop(&im, list + 20, odd);
	expect_nothing();
	image_set_oop(&im, list + 20, buffer(0, 8192, true));
	expect_nothing();
	image_set_oop(&im, list + 20, buffer(UINT64_C(1) << 47, 8192, true));
	expect_nothing();
}

Test(tempbuffers, an_entry_or_a_map_of_another_class_is_refused)
{
	uint64_t list, cache, map;

	build_cache(&list, &cache, &map);
	image_set_oop(&im, thread + LOCALS, cache);
	expect_nothing();
	image_set_oop(&im, thread + LOCALS, map);
	image_set_oop(&im, map + TABLE, list); // whose elements are buffers and no entries
	expect_nothing();
	image_set_oop(&im, map + TABLE, cache); // no array
	expect_nothing();
}

Test(tempbuffers, a_table_larger_than_any_is_refused)
{
	uint64_t list, cache, map, table;

	build_cache(&list, &cache, &map);
	table = array(SLOTS);
	image_put32(&im, table + 12, (1 << 16) + 1);
	image_set_oop(&im, map + TABLE, table);
	expect_nothing();
}
