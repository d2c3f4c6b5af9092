// SPDX-License-Identifier: Apache-2.0
#include "collect/stale.h"

#include <criterion/criterion.h>

#include "base/range.h"
#include "base/units.h"
#include "collect/collector.h"
#include "malloc/view.h"

enum { AT = 0x10000000, SIZE = 8 << 20, GONE = 2 << 20 };

static struct arena mem;
static struct snapshot snapshot;
static struct look look;
static struct malloc_view view;
static struct range own[4];
static size_t own_count;
static struct mapping before[1], now[2];
static unsigned asked;

static bool maps_of_now(void *arg, struct maps *out)
{
	asked++;
	*out = (struct maps){ now, 2 };
	return true;
}

// One mapping of 8 MB, all present, of which 2 MB in its middle have been unmapped since.
static void start(void)
{
	struct mapping m = {
		.start = AT, .end = AT + SIZE, .readable = true, .writable = true, .path = ""
	};
	struct page_run run = { .start = AT, .end = AT + SIZE, .flags = PAGE_PRESENT };

	asked = 0;
	before[0] = now[0] = now[1] = m;
	now[0].end = AT + SIZE / 2;
	now[1].start = AT + SIZE / 2 + GONE;
	snapshot_init(&snapshot, &mem);
	snapshot_set(&snapshot, F_RSS, MIB(100), (struct provenance){ .collector = "status" });
	look = (struct look){ .out = &snapshot, .mem = &mem, .has_pages = true };
	look.maps = (struct maps){ before, 1 };
	look.pages.at = arena_new(&mem, struct page_run);
	look.pages.at[0] = run;
	look.pages.count = 1;
	own_count = 0;
	view = (struct malloc_view){ .maps = &look.maps,
				     .pages = &look.pages,
				     .read_maps = maps_of_now };
}

static void end(void)
{
	arena_drop(&mem);
}

TestSuite(stale, .init = start, .fini = end);

static void explain(uint64_t start_at, uint64_t end_at)
{
	own[own_count++] = (struct range){ start_at, end_at };
}

Test(stale, what_nobody_explains_and_is_unmapped_by_now_counts)
{
	cr_assert_eq(stale_bytes(&look, &view, own, own_count), GONE);
	explain(AT, AT + MIB(1));
	cr_assert_eq(stale_bytes(&look, &view, own, own_count), GONE);
	explain(AT + MIB(4), AT + MIB(5)); // half of what is gone: malloc's, whatever became of it
	cr_assert_eq(stale_bytes(&look, &view, own, own_count), MIB(1));
}

Test(stale, what_may_not_be_read_any_more_is_gone_too)
{
	now[0] = before[0];
	now[1].start = now[0].end;
	now[1].end = now[1].start + PAGE_SIZE_BYTES;
	cr_assert_eq(stale_bytes(&look, &view, own, own_count), 0);
	now[0].readable = false;
	cr_assert_eq(stale_bytes(&look, &view, own, own_count), SIZE);
}

Test(stale, taken_memory_does_not_count)
{
	static struct range taken = { AT + MIB(3), AT + MIB(7) };

	view.taken = &taken;
	view.taken_count = 1;
	cr_assert_eq(stale_bytes(&look, &view, own, own_count), 0);
}

Test(stale, where_little_is_unexplained_nothing_is_read)
{
	explain(AT, AT + SIZE - KIB(28));
	cr_assert_eq(stale_bytes(&look, &view, own, own_count), 0);
	cr_assert_eq(asked, 0);
}
