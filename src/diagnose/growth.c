// SPDX-License-Identifier: Apache-2.0
// Growth first: where the window's bytes went, before anybody is accused.
//
// Harmless is what ends by itself at a bound that is already in force: pages of the committed heap
// touched for the first time, the code cache while the compilers warm up, clean file pages that the
// kernel can drop, GC tables that follow the heap.  All else is left for the rules to explain.

#include "diagnose/growth.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"

enum {
	GC_TABLES_PERCENT = 10, // of the heap's growth: card table, offset table, remembered sets
	GC_BITMAPS = 32,        // part of the committed heap: two mark bitmaps of 1/64 each (G1)
	CODE_FULL_PERCENT = 90, // of the reserve: no longer a warm-up
	SMALL_BYTES = 65536,    // parts below are not listed
	LITTLE_A_SECOND = 100 << 10, // growth that any JVM has while it settles ...
	LITTLE = 2 << 20,            // ... and in all
	SECONDS_TOO_FAR = 30 * 86400,
};

static void add_part(struct arena *mem, struct diagnosis *out, const struct account_info *a,
		     int64_t bytes, const char *why)
{
	struct growth_part part = {
		.account = a->id,
		.title = a->title,
		.bytes = bytes,
		.harmless = why != NULL,
		.why = why,
	};

	if (bytes >= SMALL_BYTES || bytes <= -SMALL_BYTES)
		vec_push(mem, &out->growth, part);
}

// Heap pages below what was committed at the first moment are first touch; what lies above came
// with more committed heap.
static int64_t first_touch(const struct evidence *e, int64_t growth)
{
	const struct account_row *first = ledger_row(e->first_ledger, "java-heap");
	uint64_t committed = first->committed;

	if (committed == UNKNOWN_BYTES)
		committed = snapshot_get(e->first, F_HEAP_COMMITTED, UNKNOWN_BYTES);
	if (committed == UNKNOWN_BYTES || committed <= first->resident || growth <= 0)
		return 0;
	return growth < (int64_t)(committed - first->resident)
		       ? growth
		       : (int64_t)(committed - first->resident);
}

static const char *harmless_why(const struct evidence *e, const char *account, int64_t growth,
				int64_t heap_growth)
{
	uint64_t code = snapshot_get(e->now, F_CODE_USED, 0);
	uint64_t reserve = snapshot_get(e->now, F_CODE_RESERVED, 0);

	if (!strcmp(account, "code-cache") &&
	    (!reserve || code * 100 < reserve * CODE_FULL_PERCENT))
		return "code is compiled";
	if (!strcmp(account, "libraries") || !strcmp(account, "cds") || !strcmp(account, "kernel"))
		return "pages of files";
	if (!strcmp(account, "gc") &&
	    growth <= heap_growth * GC_TABLES_PERCENT / 100 +
			      (int64_t)snapshot_get(e->now, F_HEAP_COMMITTED, 0) / GC_BITMAPS)
		return "follows the heap";
	return NULL;
}

static int by_bytes(const void *left, const void *right)
{
	const struct growth_part *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return strcmp(a->account, b->account);
}

void growth_split(const struct evidence *e, struct arena *mem, struct diagnosis *out)
{
	static const struct account_info NOBODY = { .id = "unaccounted", .title = "unaccounted" };
	int64_t heap;

	if (!e->ledger || !e->first_ledger || e->ledger == e->first_ledger ||
	    !e->ledger->has_growth)
		return;
	heap = ledger_row(e->ledger, "java-heap")->growth;
	for (int i = 0; i < ACCOUNT_COUNT; i++) {
		const struct account_row *row = &e->ledger->rows[i];
		const struct account_info *a = &ACCOUNTS[i];

		if (!row->has_growth)
			continue;
		if (!strcmp(a->id, "java-heap")) {
			int64_t touched = first_touch(e, row->growth);

			add_part(mem, out, a, touched, "touched first");
			add_part(mem, out, a, row->growth - touched, NULL);
			continue;
		}
		add_part(mem, out, a, row->growth,
			 row->growth > 0 ? harmless_why(e, a->id, row->growth, heap) : NULL);
	}
	add_part(mem, out, &NOBODY,
		 (int64_t)e->ledger->unaccounted - (int64_t)e->first_ledger->unaccounted, NULL);
	if (out->growth.count)
		qsort(out->growth.at, out->growth.count, sizeof(*out->growth.at), by_bytes);
}

void growth_unexplained(const struct evidence *e, struct diagnosis *out)
{
	double left = 0;

	for (size_t i = 0; i < out->growth.count; i++)
		if (!out->growth.at[i].harmless)
			left += (double)out->growth.at[i].bytes;
	for (size_t i = 0; i < out->held; i++)
		if (out->all[i].has_growth)
			left -= fmax(out->all[i].growth_per_s * e->window_s, 0);
	if (left >= LITTLE && left >= LITTLE_A_SECOND * e->window_s)
		out->unexplained = (int64_t)left;
}

// The bytes that may still come before the kernel acts, as the container counts.
static double headroom(const struct evidence *e)
{
	const struct container_facts *c = &e->now->container;
	uint64_t taken = e->ledger->scanned;

	if (!c->known || c->limit == UNKNOWN_BYTES)
		return -1;
	if (c->working_set != UNKNOWN_BYTES && c->working_set > taken)
		taken = c->working_set;
	return (double)c->limit - (double)taken;
}

// Harmless growth of the heap that can still come.
static double heap_left(const struct evidence *e)
{
	const struct account_row *row = ledger_row(e->ledger, "java-heap");
	uint64_t committed = row->committed;

	if (committed == UNKNOWN_BYTES)
		committed = snapshot_get(e->now, F_HEAP_COMMITTED, row->resident);
	return committed > row->resident ? (double)(committed - row->resident) : 0;
}

// Bytes per second of the heap's first touch within the window.
static double touch_rate(const struct evidence *e, const struct diagnosis *d)
{
	for (size_t i = 0; i < d->growth.count; i++)
		if (d->growth.at[i].harmless && !strcmp(d->growth.at[i].account, "java-heap"))
			return (double)d->growth.at[i].bytes / e->window_s;
	return 0;
}

// All goes on at the window's rate, but first touch only until the committed heap is touched.
static double time_to(const struct evidence *e, const struct diagnosis *d, double left, double all)
{
	double touch = touch_rate(e, d), heap = heap_left(e);

	if (touch <= 0 || left / all <= heap / touch)
		return left / all;
	return all - touch > 0 ? (left - heap) / (all - touch) : INFINITY;
}

void growth_foresee(const struct evidence *e, struct diagnosis *out)
{
	double left, all, harmless = 0, lasting, noise;

	if (!e->ledger || !e->first_ledger || e->window_s < 1 || !e->ledger->has_growth)
		return;
	left = headroom(e);
	for (size_t i = 0; i < out->growth.count; i++)
		if (out->growth.at[i].harmless)
			harmless += (double)out->growth.at[i].bytes;
	noise = ((double)e->ledger->drift + (double)e->first_ledger->drift + (double)KIB(64)) /
		e->window_s;
	all = (double)e->ledger->growth / e->window_s;
	lasting = all - harmless / e->window_s;
	if (left < 0 || all <= noise)
		return;
	// First touch alone stops at what is committed: below the limit it never reaches it.
	if (lasting <= noise && heap_left(e) < left)
		return;
	if (left / all > SECONDS_TOO_FAR)
		return;
	out->limit_eta.known = true;
	out->limit_eta.low_s = left / (all + noise);
	out->limit_eta.mid_s = time_to(e, out, left, all);
	out->limit_eta.high_s = lasting > noise ? left / fmin(lasting - noise, all) : INFINITY;
	out->limit_eta.high_s = fmax(out->limit_eta.high_s, out->limit_eta.mid_s);
}
