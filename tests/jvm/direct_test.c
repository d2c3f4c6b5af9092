// SPDX-License-Identifier: Apache-2.0
#include "jvm/direct.h"

#include <criterion/criterion.h>
#include <string.h>

#include "base/fail.h"
#include "image.h"
#include "jvm/classes.h"

enum {
	BUFFERS = 30,
	RESERVED = 3465, // 101 + ... + 130
};

static struct image im;
static struct hotspot_classes classes;
static struct direct_buffers direct;
static struct fail why;
static uint64_t cleaner, deallocator, counters[3], links[BUFFERS + 1];

static void add_bits(void)
{
	static const struct image_field VALUE[] = { { "value", 16, false } };
	static const struct image_field BITS[] = { { "MAX_MEMORY", 112, true },
						   { "RESERVED_MEMORY", 120, true },
						   { "TOTAL_CAPACITY", 124, true },
						   { "COUNT", 128, true } };
	uint64_t number =
		image_klass(&im, "java/util/concurrent/atomic/AtomicLong", im.boot, 0, VALUE, 1);
	uint64_t bits = image_klass(&im, "java/nio/Bits", im.boot, 0, BITS, 4);
	uint64_t mirror = image_mirror(&im, bits);

	image_put(&im, mirror + 112, 64 << 20);
	for (int i = 0; i < 3; i++) {
		counters[i] = image_object(&im, number, 24);
		image_set_oop(&im, mirror + 128 - 4 * i, counters[i]);
	}
	image_put(&im, counters[0] + 16, BUFFERS);
	image_put(&im, counters[1] + 16, 3000);
	image_put(&im, counters[2] + 16, RESERVED);
}

// BUFFERS cleaners of buffers, and one of a mapped file in front of them.
static void add_cleaners(void)
{
	static const struct image_field CLEANER[] = { { "first", 112, true },
						      { "next", 12, false },
						      { "thunk", 16, false } };
	static const struct image_field DEALLOCATOR[] = { { "address", 16, false },
							  { "size", 24, false } };
	uint64_t unmapper =
		image_klass(&im, "sun/nio/ch/FileChannelImpl$Unmapper", im.boot, 0, NULL, 0);

	cleaner = image_klass(&im, "jdk/internal/ref/Cleaner", im.boot, 0, CLEANER, 3);
	deallocator = image_klass(&im, "java/nio/DirectByteBuffer$Deallocator", im.boot, 0,
				  DEALLOCATOR, 2);
	for (int i = 0; i <= BUFFERS; i++) {
		uint64_t action = image_object(&im, i ? deallocator : unmapper, 32);

		links[i] = image_object(&im, cleaner, 24);
		image_set_oop(&im, links[i] + 16, action);
		image_put(&im, action + 16, 0x7f0000000000 + 0x1000 * (uint64_t)i);
		image_put(&im, action + 24, 100 + (uint64_t)i);
		if (i)
			image_set_oop(&im, links[i - 1] + 12, links[i]);
	}
	image_set_oop(&im, image_mirror(&im, cleaner) + 112, links[0]);
}

static void open_image(void)
{
	image_init(&im);
}

static void close_image(void)
{
	image_drop(&im);
}

TestSuite(direct, .init = open_image, .fini = close_image);

static bool read_direct(void)
{
	return classes_read(&im.vm, &im.mem, &classes, &why) &&
	       direct_read(&im.vm, &classes, &im.mem, &direct, &why);
}

Test(direct, every_buffer_is_listed_and_mapped_files_are_not)
{
	add_bits();
	add_cleaners();
	cr_assert(read_direct(), "%s", why.text);
	cr_assert(direct.listed, "%s", direct.why_not);
	cr_assert_eq(direct.count, BUFFERS);
	cr_assert_eq(direct.capacity, 3000);
	cr_assert_eq(direct.reserved, RESERVED);
	cr_assert_eq(direct.limit, 64 << 20);
	cr_assert_eq(direct.buffers.count, BUFFERS);
	cr_assert_eq(direct.buffers.at[1].at, 0x7f0000002000);
	cr_assert_eq(direct.buffers.at[1].bytes, 102);
	cr_assert_eq(direct.tries, 1);
}

Test(direct, a_program_without_buffers_has_an_empty_list)
{
	cr_assert(read_direct(), "%s", why.text);
	cr_assert_not(direct.in_use);
	cr_assert(direct.listed);
	add_bits();
	image_put(&im, counters[0] + 16, 0);
	cr_assert(read_direct(), "%s", why.text);
	cr_assert(direct.in_use);
	cr_assert(direct.listed);
}

static void expect_damage(const char *what)
{
	cr_assert_not(read_direct());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
	cr_assert(strstr(why.text, what), "%s", why.text);
}

Test(direct, a_circle_that_stays_is_damage)
{
	add_bits();
	add_cleaners();
	image_set_oop(&im, links[BUFFERS] + 12, links[3]);
	expect_damage("layout unknown");
}

static void count_up(struct image *image)
{
	image_put(image, counters[0] + 16, BUFFERS + image->forgets);
}

Test(direct, a_list_that_does_not_validate_while_the_counters_move_leaves_them_alone)
{
	add_bits();
	add_cleaners();
	image_set_oop(&im, links[BUFFERS] + 12, links[3]);
	im.on_forget = count_up;
	cr_assert(read_direct(), "%s", why.text);
	cr_assert_not(direct.listed);
	cr_assert_eq(direct.buffers.count, 0);
	cr_assert(direct.count >= BUFFERS);
	cr_assert(direct.tries > 1);
}

Test(direct, a_list_cut_short_is_not_believed)
{
	add_bits();
	add_cleaners();
	image_set_oop(&im, links[BUFFERS - 5] + 12, 0);
	expect_damage("25 buffers listed, 30 counted");
}

Test(direct, a_link_of_another_class_is_not_followed)
{
	add_bits();
	add_cleaners();
	image_set_oop(&im, links[7] + 12, image_string(&im, "no cleaner"));
	expect_damage("cleaners changed");
}

static unsigned mend_at;

static void mend_list(struct image *image)
{
	if (image->forgets >= mend_at)
		image_set_oop(image, links[7] + 12, links[8]);
}

Test(direct, a_torn_list_is_walked_again)
{
	add_bits();
	add_cleaners();
	image_set_oop(&im, links[7] + 12, 0);
	cr_assert(classes_read(&im.vm, &im.mem, &classes, &why), "%s", why.text);
	im.on_forget = mend_list;
	mend_at = im.forgets + 2; // behind the first walk
	cr_assert(direct_read(&im.vm, &classes, &im.mem, &direct, &why), "%s", why.text);
	cr_assert(direct.listed, "%s", direct.why_not);
	cr_assert_eq(direct.tries, 2);
	cr_assert_eq(direct.buffers.count, BUFFERS);
}

Test(direct, a_wild_size_is_not_believed)
{
	uint64_t action;

	add_bits();
	add_cleaners();
	action = image_object(&im, deallocator, 32);
	image_put(&im, action + 16, 0x7f0000000000);
	image_put(&im, action + 24, UINT64_MAX);
	image_set_oop(&im, links[4] + 16, action);
	expect_damage("a buffer of");
}

Test(direct, counters_that_make_no_sense_are_a_failure)
{
	add_bits();
	image_put(&im, counters[1] + 16, UINT64_MAX);
	cr_assert_not(read_direct());
	cr_assert_eq(why.kind, FAIL_CORRUPT);
}

static uint64_t node, array, phantoms[2];

// JDK 26+: arrays of cleaners in linked nodes; here one node, of two cleaners.
static void add_node(void)
{
	static const struct image_field OUTER[] = { { "cleanerList", 112, true } };
	static const struct image_field LIST[] = { { "head", 12, false } };
	static const struct image_field NODE[] = { { "arr", 12, false },
						   { "size", 16, false },
						   { "next", 20, false } };
	static const struct image_field PHANTOM[] = { { "action", 12, false } };
	uint64_t outer, list, node_klass, phantom, array_klass, head;

	add_bits();
	add_cleaners();
	outer = image_klass(&im, "java/nio/BufferCleaner", im.boot, 0, OUTER, 1);
	list = image_klass(&im, "java/nio/BufferCleaner$CleanerList", im.boot, 0, LIST, 1);
	node_klass =
		image_klass(&im, "java/nio/BufferCleaner$CleanerList$Node", im.boot, 0, NODE, 3);
	phantom = image_klass(&im, "java/nio/BufferCleaner$PhantomCleaner", im.boot, 0, PHANTOM, 1);
	array_klass =
		image_klass(&im, "[Ljava/nio/BufferCleaner$PhantomCleaner;", im.boot, 0, NULL, 0);
	image_put32(&im, array_klass + KLASS_LAYOUT, 0x80100802);
	image_put(&im, counters[0] + 16, 2);
	image_put(&im, counters[1] + 16, 128);
	image_put(&im, counters[2] + 16, 128);
	head = image_object(&im, list, 16);
	node = image_object(&im, node_klass, 24);
	array = image_object(&im, array_klass, 16 + 4 * 8);
	image_put32(&im, array + 12, 8);
	image_put32(&im, node + 16, 2);
	image_set_oop(&im, node + 12, array);
	image_set_oop(&im, head + 12, node);
	image_set_oop(&im, image_mirror(&im, outer) + 112, head);
	for (uint64_t i = 0; i < 2; i++) {
		uint64_t action = image_object(&im, deallocator, 32);

		phantoms[i] = image_object(&im, phantom, 16);
		image_put(&im, action + 16, 0x7f0000000000 + 0x1000 * i);
		image_put(&im, action + 24, 64);
		image_set_oop(&im, phantoms[i] + 12, action);
		image_set_oop(&im, array + 16 + 4 * i, phantoms[i]);
	}
}

Test(direct, buffers_of_the_newer_cleaner_are_listed)
{
	add_node();
	cr_assert(read_direct(), "%s", why.text);
	cr_assert(direct.listed, "%s", direct.why_not);
	cr_assert_eq(direct.buffers.count, 2);
	image_put32(&im, node + 16, 9); // more than the array has
	expect_damage("a node of 9 cleaners");
}

// In the place of the one that stood there at first, and was all that there was.
static void mend_node(struct image *image)
{
	if (image->forgets >= mend_at)
		image_set_oop(image, array + 16, phantoms[1]);
}

Test(direct, a_cleaner_that_takes_the_place_of_one_that_goes_is_not_missed)
{
	add_node();
	image_put32(&im, node + 16, 1);
	cr_assert(classes_read(&im.vm, &im.mem, &classes, &why), "%s", why.text);
	mend_at = im.forgets + 2; // behind the first of two readings
	im.on_forget = mend_node;
	cr_assert(direct_read(&im.vm, &classes, &im.mem, &direct, &why), "%s", why.text);
	cr_assert(direct.listed, "%s", direct.why_not);
	cr_assert_eq(direct.tries, 1);
	cr_assert_eq(direct.buffers.count, 2);
}

// Takes links[7] out.
static void mend_links(struct image *image)
{
	if (image->forgets >= mend_at)
		image_set_oop(image, links[6] + 12, links[8]);
}

Test(direct, a_link_that_is_taken_out_while_we_stand_on_it_is_passed_by)
{
	add_bits();
	add_cleaners();
	image_set_oop(&im, links[7] + 12, links[7]);
	image_put(&im, counters[0] + 16, BUFFERS - 1);
	image_put(&im, counters[2] + 16, RESERVED - 107);
	cr_assert(classes_read(&im.vm, &im.mem, &classes, &why), "%s", why.text);
	mend_at = im.forgets + 2; // behind the walk's start
	im.on_forget = mend_links;
	cr_assert(direct_read(&im.vm, &classes, &im.mem, &direct, &why), "%s", why.text);
	cr_assert(direct.listed, "%s", direct.why_not);
	cr_assert_eq(direct.tries, 1);
	cr_assert_eq(direct.buffers.count, BUFFERS - 1);
}

Test(direct, a_link_to_itself_that_stays_is_damage)
{
	add_bits();
	add_cleaners();
	image_set_oop(&im, links[7] + 12, links[7]);
	expect_damage("layout unknown");
}

Test(direct, a_list_read_across_collections_is_not_believed)
{
	add_bits();
	add_cleaners();
	im.on_forget = image_collect;
	cr_assert(read_direct(), "%s", why.text);
	cr_assert_not(direct.listed);
	cr_assert(strstr(direct.why_not, "collection"), "%s", direct.why_not);
}
