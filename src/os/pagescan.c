// SPDX-License-Identifier: Apache-2.0
// PAGEMAP_SCAN.  One call over a large mapping would hold the target's mmap lock for 3 ms a GB;
// slices of 16 MB hold it for a tenth of a millisecond where no page is asked for FILE.  Where
// nothing is present a slice costs next to nothing, so slices grow over reservations and max_pages
// bounds what one of them may find.
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include "base/fail.h"
#include "base/units.h"
#include "os/pagewalk.h"

#define SLICE       MIB(16)
#define LONE        MIB(1)
#define SLICE_LIMIT GIB(1)
#define TILE        MIB(64)  // of a lone range, for one of two threads
#define TILES       1024     // of one range: ZGC reserves terabytes
#define TWO_THREADS MIB(512) // of lone ranges: from here on a second thread pays

// linux/fs.h of kernel 6.7; headers of today's distributions lack it.
struct scan_arg {
	uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
	uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
struct scan_region {
	uint64_t start, end, categories;
};
#define SCAN_IOCTL _IOWR('f', 16, struct scan_arg)
enum {
	SCAN_FILE = 1 << 2,
	SCAN_PRESENT = 1 << 3,
	SCAN_SWAPPED = 1 << 4,
	SCAN_ZERO = 1 << 5,
	SCAN_HUGE = 1 << 6,
	SCAN_GUARD = 1 << 8, // kernel 6.15+
};

struct scan {
	struct page_walk walk;
	struct scan_region
		*regions; // room for PAGEWALK_SLICE_PAGES, of which a slice brought `found`
	size_t found;
	uint64_t size; // of the next slice
	bool with_guards;
};

static uint32_t scan_flags(uint64_t categories)
{
	static const struct {
		uint32_t category, flag;
	} MEANING[] = {
		{ SCAN_FILE, PAGE_FILE },       { SCAN_PRESENT, PAGE_PRESENT },
		{ SCAN_SWAPPED, PAGE_SWAPPED }, { SCAN_ZERO, PAGE_ZERO },
		{ SCAN_HUGE, PAGE_HUGE },       { SCAN_GUARD, PAGE_GUARD },
	};
	uint32_t flags = 0;

	for (size_t i = 0; i < sizeof(MEANING) / sizeof(MEANING[0]); i++)
		if (categories & MEANING[i].category)
			flags |= MEANING[i].flag;
	return pagewalk_settled(flags);
}

// The matching pages from `*at` on, at most a slice of them; moves `*at` to where it stopped.
static bool scan_slice(struct scan *s, uint64_t *at, uint64_t end, bool anonymous, struct fail *why)
{
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = *at,
		.end = end,
		.vec = (uint64_t)(uintptr_t)s->regions,
		.vec_len = PAGEWALK_SLICE_PAGES,
		.max_pages = PAGEWALK_SLICE_PAGES,
	};
	uint64_t since;
	int n;

	arg.category_anyof_mask = SCAN_PRESENT | SCAN_SWAPPED | (s->with_guards ? SCAN_GUARD : 0);
	arg.return_mask = arg.category_anyof_mask | SCAN_ZERO | SCAN_HUGE;
	// FILE needs a look at each page's own record: 14 ms a GB instead of 3.
	if (!anonymous)
		arg.return_mask |= SCAN_FILE;
	since = pagewalk_hold_begins(&s->walk);
	n = ioctl(s->walk.fd, SCAN_IOCTL, &arg);
	if (n < 0)
		return pagewalk_fail(&s->walk, errno, why);
	pagewalk_hold_ended(&s->walk, since);
	if (arg.walk_end <= *at || arg.walk_end > end)
		return fail(why, FAIL_OS, "the kernel's page scan of process %d does not advance",
			    s->walk.pid);
	s->found = (size_t)n;
	*at = arg.walk_end;
	// The kernel collects 512 regions at a time.  When they filled up once, walk_end stays where
	// that was, though the walk went on and brought more (seen on 6.18).
	if (s->found && s->regions[s->found - 1].end > *at)
		*at = s->regions[s->found - 1].end;
	return true;
}

// A slice may run over gaps between ranges, where the target can map new memory at any time: what
// is not in a range is left out.
static void add_clipped(struct scan *s, size_t i, struct page_run run)
{
	for (; i < s->walk.count && s->walk.ranges[i].start < run.end; i++) {
		struct page_run part = run;

		if (part.start < s->walk.ranges[i].start)
			part.start = s->walk.ranges[i].start;
		if (part.end > s->walk.ranges[i].end)
			part.end = s->walk.ranges[i].end;
		pagewalk_add(&s->walk, part);
	}
}

// Where ranges lie close together one slice covers several: a call each would cost more.
static size_t ranges_within(const struct scan *s, size_t i, uint64_t end)
{
	while (i < s->walk.count && s->walk.ranges[i].end <= end)
		i++;
	return i;
}

// A long anonymous range is scanned by itself, in the cheaper way.
static bool is_lone(const struct page_range *r)
{
	return r->anonymous && r->end - r->start >= LONE;
}

// Where the slice from `at` in range `i` ends: no further than the last range that starts in it.
static uint64_t slice_end(const struct scan *s, size_t i, uint64_t at, uint64_t size)
{
	uint64_t end = at + size, stop = end;

	for (size_t k = i; k < s->walk.count && s->walk.ranges[k].start < end; k++) {
		if (k > i && (is_lone(&s->walk.ranges[i]) || is_lone(&s->walk.ranges[k])))
			break;
		stop = s->walk.ranges[k].end < end ? s->walk.ranges[k].end : end;
	}
	return stop;
}

static bool scan_all(struct scan *s, struct fail *why)
{
	uint64_t at = 0;

	for (size_t i = 0; i < s->walk.count;) {
		bool lone = is_lone(&s->walk.ranges[i]);

		if (at < s->walk.ranges[i].start)
			at = s->walk.ranges[i].start;
		if (!scan_slice(s, &at, slice_end(s, i, at, s->size), lone, why))
			return false;
		for (size_t k = 0; k < s->found; k++) {
			i = ranges_within(s, i, s->regions[k].start);
			add_clipped(s, i,
				    (struct page_run){ s->regions[k].start, s->regions[k].end,
						       scan_flags(s->regions[k].categories) });
		}
		if (s->found)
			s->size = SLICE;
		else if (s->size < SLICE_LIMIT)
			s->size *= 2;
		i = ranges_within(s, i, at);
	}
	return true;
}

// ---- two threads: the lock is taken for reading, so both can walk the page tables at once

// A part of the work: ranges that belong together, or a piece of a long one.
struct tile {
	size_t first, count; // of the cut ranges
};

struct tiles {
	VEC(struct page_range) ranges;
	VEC(struct tile) at;
	atomic_size_t next;
};

struct walker {
	struct scan scan; // with an arena and runs of its own
	struct tiles *tiles;
	struct arena mem;
	struct fail why;
	bool done;
};

static void add_tile(struct arena *mem, struct tiles *t, struct page_range r, bool apart)
{
	vec_push(mem, &t->ranges, r);
	if (apart || !t->at.count)
		vec_push(mem, &t->at, (struct tile){ t->ranges.count - 1, 0 });
	t->at.at[t->at.count - 1].count++;
}

// Long anonymous ranges are cut; what lies between two of them is one tile.
static void cut_tiles(const struct page_walk *w, struct tiles *out)
{
	bool after_lone = false;

	for (size_t i = 0; i < w->count; i++) {
		struct page_range r = w->ranges[i];
		bool lone = is_lone(&r);
		uint64_t tile = (r.end - r.start) / TILES / TILE * TILE + TILE;

		for (; lone && r.end - r.start > tile; r.start += tile)
			add_tile(w->mem, out,
				 (struct page_range){ r.start, r.start + tile, r.anonymous }, true);
		add_tile(w->mem, out, r, lone || after_lone);
		after_lone = lone;
	}
}

static void *walk_tiles(void *arg)
{
	struct walker *w = arg;

	w->done = true;
	while (w->done) {
		size_t i = atomic_fetch_add(&w->tiles->next, 1);

		if (i >= w->tiles->at.count)
			break;
		w->scan.walk.ranges = w->tiles->ranges.at + w->tiles->at.at[i].first;
		w->scan.walk.count = w->tiles->at.at[i].count;
		w->done = scan_all(&w->scan, &w->why);
	}
	return NULL;
}

// Each walker took its tiles in rising order.
static void merge_runs(struct page_walk *w, const page_runs *a, const page_runs *b)
{
	for (size_t i = 0, k = 0; i < a->count || k < b->count;) {
		bool first = k == b->count || (i < a->count && a->at[i].start < b->at[k].start);

		pagewalk_add(w, first ? a->at[i++] : b->at[k++]);
	}
}

static bool is_large(const struct page_walk *w)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < w->count; i++)
		sum += is_lone(&w->ranges[i]) ? w->ranges[i].end - w->ranges[i].start : 0;
	return sum >= TWO_THREADS;
}

struct pages_scan {
	struct tiles tiles;
	struct walker walker[2]; // this thread, at the end, and the other
	struct scan_region regions[2][PAGEWALK_SLICE_PAGES];
	pthread_t second;
	bool two; // the second thread was there
};

// On one CPU two threads gain nothing, and the target waits for both.
static bool has_two_cpus(void)
{
	cpu_set_t set;

	return !sched_getaffinity(0, sizeof(set), &set) && CPU_COUNT(&set) > 1;
}

static struct pages_scan *begin(const struct page_walk *walk, bool with_guards)
{
	struct pages_scan *s = has_two_cpus() ? calloc(1, sizeof(*s)) : NULL;

	if (!s)
		return NULL;
	cut_tiles(walk, &s->tiles);
	for (size_t i = 0; i < 2; i++) {
		s->walker[i].tiles = &s->tiles;
		s->walker[i].scan.walk = *walk;
		s->walker[i].scan.walk.mem = &s->walker[i].mem;
		s->walker[i].scan.regions = s->regions[i];
		s->walker[i].scan.size = SLICE;
		s->walker[i].scan.with_guards = with_guards;
	}
	s->two = !pthread_create(&s->second, NULL, walk_tiles, &s->walker[1]);
	return s;
}

// Takes part in what is left to do; the runs go to `walk`.
static bool end(struct pages_scan *s, struct page_walk *walk, struct fail *why)
{
	bool done = true;

	walk_tiles(&s->walker[0]);
	if (s->two)
		pthread_join(s->second, NULL);
	else
		s->walker[1].done = true; // the first took all tiles
	merge_runs(walk, &s->walker[0].scan.walk.runs, &s->walker[1].scan.walk.runs);
	for (size_t i = 0; i < 2; i++) {
		const struct walker *w = &s->walker[i];

		if (w->scan.walk.longest_ns > walk->longest_ns)
			walk->longest_ns = w->scan.walk.longest_ns;
		if (!w->done)
			*why = w->why;
		done = done && w->done;
		arena_drop(&s->walker[i].mem);
	}
	free(s);
	return done;
}

struct pages_scan *pagescan_begin(const struct page_walk *w)
{
	bool with_guards;

	return pagescan_possible(w->fd, &with_guards) ? begin(w, with_guards) : NULL;
}

bool pagescan_end(struct pages_scan *s, struct page_walk *out, struct fail *why)
{
	out->fd = s->walker[0].scan.walk.fd;
	return end(s, out, why);
}

bool pagescan_possible(int fd, bool *with_guards)
{
	struct scan_region none;
	struct scan_arg arg = {
		.size = sizeof(arg),
		.start = 0,
		.end = PAGE_SIZE_BYTES,
		.vec = (uint64_t)(uintptr_t)&none,
		.vec_len = 1,
		.category_anyof_mask = SCAN_PRESENT | SCAN_GUARD,
		.return_mask = SCAN_PRESENT | SCAN_GUARD,
	};

	*with_guards = ioctl(fd, SCAN_IOCTL, &arg) >= 0;
	if (*with_guards)
		return true;
	arg.category_anyof_mask = arg.return_mask = SCAN_PRESENT;
	return ioctl(fd, SCAN_IOCTL, &arg) >= 0;
}

bool pagescan_read(struct page_walk *w, bool with_guards, struct fail *why)
{
	struct scan alone = { .walk = *w, .size = SLICE, .with_guards = with_guards };
	struct pages_scan *two = is_large(w) ? begin(w, with_guards) : NULL;
	bool done;

	if (two)
		return end(two, w, why);
	alone.regions = malloc(PAGEWALK_SLICE_PAGES * sizeof(*alone.regions));
	if (!alone.regions)
		return fail(why, FAIL_OS, "no memory for the page scan");
	done = scan_all(&alone, why);
	*w = alone.walk;
	free(alone.regions);
	return done;
}
