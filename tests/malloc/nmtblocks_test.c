// SPDX-License-Identifier: Apache-2.0
#include "malloc/nmtblocks.h"

#include <criterion/criterion.h>
#include <criterion/new/assert.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "malloc/view.h"
#include "os/pages.h"

#define HEAP UINT64_C(0x7f0000000000)
enum { HEAP_PAGES = 160 };

// Malloc's memory made by hand: chunks one behind the other.
static struct {
	struct arena mem;
	unsigned char bytes[HEAP_PAGES * PAGE_SIZE_BYTES];
	struct memory memory;
	struct page_run runs[2];
	struct pages pages;
	struct malloc_view view;
	uint64_t used;
	unsigned forgets;
} heap;

static bool read_heap(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	if (at + len > HEAP + sizeof(heap.bytes))
		return fail(why, FAIL_ABSENT, "not in the heap");
	memcpy(to, heap.bytes + (at - HEAP), len);
	return true;
}

static void forget(void *self)
{
	heap.forgets++;
}

static void init(void)
{
	static const struct memory_source SOURCE = { .read = read_heap, .forget = forget };

	memory_init(&heap.memory, &heap.mem);
	memory_add_segment(&heap.memory, HEAP, HEAP + sizeof(heap.bytes), &SOURCE, NULL);
	heap.runs[0] = (struct page_run){ HEAP, HEAP + sizeof(heap.bytes), PAGE_PRESENT };
	heap.pages = (struct pages){ .at = heap.runs, .count = 1 };
	heap.view = (struct malloc_view){ .memory = &heap.memory, .pages = &heap.pages };
}

static void drop(void)
{
	arena_drop(&heap.mem);
}

TestSuite(nmtblocks, .init = init, .fini = drop);

static void put(uint64_t offset, uint64_t value, size_t len)
{
	memcpy(heap.bytes + offset, &value, len);
}

// A chunk of just the size that `bytes` need, with NMT's header and mark; returns the header's place.
static uint64_t add_block(uint64_t bytes, uint8_t category, uint64_t more)
{
	uint64_t need = (bytes + 16 + 2 + 8 + 15) & ~UINT64_C(15), at = heap.used + 16;

	need = need < 32 ? 32 : need;
	put(heap.used + 8, (need + more) | 1, 8);
	put(at, bytes, 8);
	put(at + 8, 0, 4);
	put(at + 12, category, 1);
	put(at + 14, 0xe99e, 2);
	put(at + 16 + bytes, 0x8ee8, 2);
	heap.used += need + more;
	return at;
}

// A chunk of somebody else.
static void add_other(uint64_t size)
{
	put(heap.used + 8, size | 1, 8);
	heap.used += size;
}

static struct nmtblocks scan(void)
{
	struct nmtblocks_range range = { HEAP, HEAP + sizeof(heap.bytes), false };
	struct nmtblocks b;
	struct fail why;

	cr_assert(nmtblocks_scan(&heap.view, &range, 1, &heap.mem, &b, &why), "%s", why.text);
	return b;
}

static void expect(const struct nmtblocks *b, size_t tag, uint64_t count, uint64_t bytes)
{
	cr_assert(eq(u64, b->tag[tag].count, count), "category %zu", tag);
	cr_assert(eq(u64, b->tag[tag].bytes, bytes), "category %zu", tag);
}

Test(nmtblocks, blocks_are_counted_by_category_and_others_are_not)
{
	struct nmtblocks b;

	add_other(4096);
	add_block(1, 5, 0);
	add_block(24, 5, 0);
	add_other(32);
	add_block(70000, 9, 0);
	add_block(8, 255, 0);
	b = scan();
	expect(&b, 5, 2, 25);
	expect(&b, 9, 1, 70000);
	expect(&b, 255, 1, 8);
	expect(&b, 0, 0, 0);
	cr_assert(eq(u64, b.tag[9].resident, 70018), "with header and mark");
}

Test(nmtblocks, a_chunk_may_be_sixteen_bytes_larger_and_no_more)
{
	struct nmtblocks b;

	add_block(24, 1, 16);
	add_block(24, 2, 32);
	b = scan();
	expect(&b, 1, 1, 24);
	expect(&b, 2, 0, 0);
}

Test(nmtblocks, what_lies_in_a_block_is_its_own)
{
	uint64_t outer, before;
	struct nmtblocks b;

	outer = add_block(1024, 3, 0);
	before = heap.used;
	heap.used = outer + 64; // a copy of a block inside
	add_block(24, 4, 0);
	heap.used = before;
	b = scan();
	expect(&b, 3, 1, 1024);
	expect(&b, 4, 0, 0);
}

Test(nmtblocks, a_freed_or_damaged_block_is_none)
{
	static const struct {
		int64_t offset;
		uint64_t value;
		size_t len;
	} DAMAGE[] = {
		{ 14, 0xd99d, 2 },    // the mark of a dead block
		{ 0, HEAP, 8 },       // malloc's list where the size was
		{ 0, 40, 8 },         // a size that the mark behind it contradicts
		{ 0, 0, 8 },          // no size
		{ 0, UINT64_MAX, 8 }, // one that reaches around the end
		{ 40, 0, 2 },         // no mark behind it
		{ -8, 0x91, 8 },      // a chunk of another size
		{ -8, 0x33, 8 },      // one with a mapping of its own, in an arena
	};

	for (size_t i = 0; i < sizeof(DAMAGE) / sizeof(DAMAGE[0]); i++) {
		struct nmtblocks b;
		uint64_t at;

		heap.used = 0;
		memset(heap.bytes, 0, sizeof(heap.bytes));
		at = add_block(24, 7, 0);
		put((uint64_t)((int64_t)at + DAMAGE[i].offset), DAMAGE[i].value, DAMAGE[i].len);
		add_block(16, 8, 0);
		b = scan();
		expect(&b, 7, 0, 0);
		expect(&b, 8, 1, 16);
	}
}

Test(nmtblocks, blocks_at_the_ends_of_windows_are_found)
{
	struct nmtblocks b;
	uint64_t count = 0;

	for (; heap.used + 64 < sizeof(heap.bytes); count++)
		add_block(count % 3 * 8 + 1, 6, 0);
	b = scan();
	cr_assert(eq(u64, b.tag[6].count, count));
}

Test(nmtblocks, absent_pages_are_not_read_nor_counted)
{
	struct nmtblocks b;

	add_block(5 * PAGE_SIZE_BYTES, 2, 0);
	add_block(16, 3, 0);
	// The first block's second to fourth page were never touched.
	heap.runs[0].end = HEAP + PAGE_SIZE_BYTES;
	heap.runs[1] = (struct page_run){ HEAP + 4 * PAGE_SIZE_BYTES, HEAP + sizeof(heap.bytes),
					  PAGE_PRESENT };
	heap.pages.count = 2;
	b = scan();
	expect(&b, 2, 1, 5 * PAGE_SIZE_BYTES);
	expect(&b, 3, 1, 16);
	cr_assert(eq(u64, b.tag[2].resident, 2 * PAGE_SIZE_BYTES + 18));
}

Test(nmtblocks, a_chunk_with_a_mapping_of_its_own_has_one_block)
{
	struct nmtblocks_range range = { HEAP, HEAP + 40 * PAGE_SIZE_BYTES, true };
	struct nmtblocks b;
	struct fail why;

	add_block(39 * PAGE_SIZE_BYTES, 4, 0);
	put(8, (40 * PAGE_SIZE_BYTES - 16) | 2, 8);
	heap.used = 4096;
	add_block(24, 5, 0); // its contents
	cr_assert(nmtblocks_scan(&heap.view, &range, 1, &heap.mem, &b, &why), "%s", why.text);
	expect(&b, 4, 1, 39 * PAGE_SIZE_BYTES);
	expect(&b, 5, 0, 0);
	cr_assert(lt(u64, b.read, 64));
	put(8, (80 * PAGE_SIZE_BYTES) | 2, 8);
	cr_assert(nmtblocks_scan(&heap.view, &range, 1, &heap.mem, &b, &why), "%s", why.text);
	expect(&b, 4, 0, 0);
}

Test(nmtblocks, without_pages_it_is_not_searched)
{
	struct nmtblocks_range range = { HEAP, HEAP + sizeof(heap.bytes), false };
	struct nmtblocks b;
	struct fail why;

	heap.view.pages = NULL;
	cr_assert(not(nmtblocks_scan(&heap.view, &range, 1, &heap.mem, &b, &why)));
	cr_assert(eq(int, why.kind, FAIL_ABSENT));
}

Test(nmtblocks, the_text_form_comes_back_and_damage_is_named)
{
	static const char *const DAMAGED[] = {
		"5", "5 1 25", "5 1 25 25 1", "256 1 25 25", "5 0 0 0", "5 1 25 25\n5 1 25 25", "x"
	};
	struct nmtblocks b, again;
	struct fail why;

	add_block(25, 5, 0);
	add_block(24, 7, 0);
	b = scan();
	cr_assert(nmtblocks_parse(nmtblocks_print(&b, &heap.mem), &again, &why), "%s", why.text);
	cr_assert(not(memcmp(b.tag, again.tag, sizeof(b.tag))));
	for (size_t i = 0; i < sizeof(DAMAGED) / sizeof(DAMAGED[0]); i++) {
		cr_assert(not(nmtblocks_parse(span_of(DAMAGED[i]), &again, &why)), "%s",
			  DAMAGED[i]);
		cr_assert(eq(int, why.kind, FAIL_CORRUPT));
	}
}
