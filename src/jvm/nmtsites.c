// SPDX-License-Identifier: Apache-2.0
#include "jvm/nmtsites.h"

#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/hotspot.h"
#include "jvm/nmtsummary.h"
#include "jvm/statics.h"

enum {
	ENTRY_WORDS = 11,
	STACK = 0,
	INLINE_BUCKETS = 511, // of a table that is a static itself (8 to 17)
	BUCKET_LIMIT = 65535, // what a block's header can name
	BUCKET_LEAST = 256,
	SAMPLE_BUCKETS = 512, // from which the number of buckets is told
	SAMPLE_ENTRIES = 24,
	CHAIN_LIMIT = 4096,
	SITE_LIMIT = 1 << 18,
	TRIES = 4,
	VOTES = 128, // entries that agree on where an inline table begins
	// The sites' blocks may be that many times the counters' or a part of them: they are read at
	// different times, and a list of blocks may have come or gone meanwhile.
	LOOSE = 2,
};

// Words of an entry.
struct shape {
	size_t category, count, bytes, hash, next;
};
// 17 and later: stack, category, {count, bytes, peaks}, hash, next.
static const struct shape NEW = { 4, 5, 6, 9, 10 };
// 8 and 11: stack, its hash, {count, bytes}, category, next.
static const struct shape OLD = { 7, 5, 6, 4, 8 };

struct table {
	uint64_t at;
	size_t buckets;
	const struct shape *shape;
};

struct walk {
	const struct hotspot *vm;
	const struct statics *statics;
	const struct nmtsummary *summary;
	struct arena *mem;
	struct nmtsites *out;
};

static bool in_library(const struct walk *w, uint64_t at)
{
	return at >= w->vm->library_start && at < w->vm->library_end;
}

static bool in_statics(const struct walk *w, uint64_t at)
{
	return at >= w->statics->start && at < w->statics->start + w->statics->count * 8;
}

// The hash as the table uses it: of 8 and 11 it is a signed number in part, made positive.
static uint32_t hash_of(const struct shape *s, const uint64_t *entry)
{
	return (uint32_t)entry[s->hash];
}

static bool read_entry(const struct walk *w, const struct shape *s, uint64_t at, uint64_t *entry)
{
	return hotspot_is_pointer(at) &&
	       memory_read(w->vm->memory, at, entry, (s->next + 1) * 8, NULL) &&
	       !in_statics(w, entry[STACK]) && entry[STACK] >> 47 == 0 &&
	       (entry[s->category] & 0xff) < w->summary->count && entry[s->count] >> 40 == 0 &&
	       entry[s->bytes] >> 47 == 0;
}

static bool take_entry(struct walk *w, const struct shape *s, const uint64_t *entry)
{
	struct nmtsite site = { .category = (uint32_t)(entry[s->category] & 0xff),
				.count = entry[s->count],
				.bytes = entry[s->bytes] };

	memcpy(site.stack, entry + STACK, sizeof(site.stack));
	if (w->out->list.count >= SITE_LIMIT)
		return false;
	if (site.count || site.bytes)
		vec_push(w->mem, &w->out->list, site);
	return true;
}

static bool walk_table(struct walk *w, const struct table *t)
{
	uint64_t *buckets = arena_array(w->mem, uint64_t, t->buckets);

	w->out->list.count = 0;
	if (!memory_read(w->vm->memory, t->at, buckets, t->buckets * 8, NULL))
		return false;
	for (size_t i = 0; i < t->buckets; i++) {
		uint64_t at = buckets[i];

		for (size_t n = 0; at; n++) {
			uint64_t entry[ENTRY_WORDS];

			if (n >= CHAIN_LIMIT || !read_entry(w, t->shape, at, entry) ||
			    hash_of(t->shape, entry) % t->buckets != i ||
			    !take_entry(w, t->shape, entry))
				return false;
			at = entry[t->shape->next];
		}
	}
	return w->out->list.count > 0;
}

// Every block has a site, but for the few where a chain was full.  That the entries are sites is
// proven by their hashes; this is the second opinion.
static bool agrees(const struct walk *w)
{
	uint64_t count = 0, all = w->summary->block_count;

	for (size_t i = 0; i < w->out->list.count; i++)
		count += w->out->list.at[i].count;
	return count <= all * LOOSE && count >= all / LOOSE;
}

// ---- a table that a static points to (21 and later)

static uint64_t gcd(uint64_t a, uint64_t b)
{
	while (b) {
		uint64_t rest = a % b;

		a = b;
		b = rest;
	}
	return a;
}

// hash - bucket is a multiple of the number of buckets for every entry; so is their greatest common
// divisor, and of many entries no larger one.
static size_t count_buckets(const struct walk *w, uint64_t at, const struct shape *s)
{
	uint64_t buckets[SAMPLE_BUCKETS], divisor = 0;
	size_t seen = 0;

	if (!memory_read(w->vm->memory, at, buckets, sizeof(buckets), NULL))
		return 0;
	for (size_t i = 0; i < SAMPLE_BUCKETS; i++) {
		uint64_t entry[ENTRY_WORDS];

		if (!buckets[i])
			continue;
		if (!read_entry(w, s, buckets[i], entry) || hash_of(s, entry) < i)
			return 0;
		divisor = gcd(divisor, hash_of(s, entry) - i);
		seen++;
	}
	return seen >= SAMPLE_ENTRIES && divisor >= BUCKET_LEAST && divisor <= BUCKET_LIMIT
		       ? (size_t)divisor
		       : 0;
}

// The table stands behind pointers to the first entry and to its stack, which are one stack.
static bool is_first_entry(const struct walk *w, uint64_t entry, uint64_t stack)
{
	uint64_t a[NMT_FRAMES], b[NMT_FRAMES];

	return entry % 8 == 0 && stack % 8 == 0 && in_statics(w, entry) && in_statics(w, stack) &&
	       entry != stack && memory_read(w->vm->memory, entry, a, sizeof(a), NULL) &&
	       memory_read(w->vm->memory, stack, b, sizeof(b), NULL) && in_library(w, a[0]) &&
	       !memcmp(a, b, sizeof(a));
}

static bool find_pointer(struct walk *w)
{
	const struct statics *s = w->statics;

	for (size_t i = 0; i + 2 < s->count; i++) {
		struct table t = { .at = s->at[i + 2], .shape = &NEW };

		if (!hotspot_is_pointer(t.at) || in_library(w, t.at) ||
		    !is_first_entry(w, s->at[i], s->at[i + 1]))
			continue;
		t.buckets = count_buckets(w, t.at, t.shape);
		if (t.buckets && walk_table(w, &t) && agrees(w))
			return true;
	}
	return false;
}

// ---- a table that is a static itself (8, 11, 17)

static int by_value(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

// The place that most statics, taken as buckets, say that their table begins at.
static uint64_t vote(const struct walk *w, const struct shape *s)
{
	VEC(uint64_t) starts = { 0 };
	uint64_t best = 0;
	size_t most = VOTES - 1;

	for (size_t i = 0; i < w->statics->count; i++) {
		uint64_t entry[ENTRY_WORDS], at = w->statics->start + i * 8;

		// Most callers of malloc are libjvm's own code; few other objects begin with such.
		if (!read_entry(w, s, w->statics->at[i], entry) || !entry[s->count] ||
		    !in_library(w, entry[STACK]))
			continue;
		at -= hash_of(s, entry) % INLINE_BUCKETS * 8;
		if (in_statics(w, at))
			vec_push(w->mem, &starts, at);
	}
	if (!starts.count)
		return 0;
	qsort(starts.at, starts.count, sizeof(*starts.at), by_value);
	for (size_t i = 0, k; i < starts.count; i = k) {
		for (k = i; k < starts.count && starts.at[k] == starts.at[i]; k++)
			;
		if (k - i > most) {
			most = k - i;
			best = starts.at[i];
		}
	}
	return best;
}

static bool find_inline(struct walk *w)
{
	static const struct shape *const SHAPES[] = { &NEW, &OLD };

	for (size_t i = 0; i < 2; i++) {
		struct table t = { vote(w, SHAPES[i]), INLINE_BUCKETS, SHAPES[i] };

		if (t.at && in_statics(w, t.at + INLINE_BUCKETS * 8 - 8) && walk_table(w, &t) &&
		    agrees(w))
			return true;
	}
	return false;
}

bool nmtsites_read(const struct hotspot *vm, const struct statics *statics,
		   const struct nmtsummary *summary, struct arena *mem, struct nmtsites *out,
		   struct fail *why)
{
	struct nmtsites got = { 0 };
	struct walk w = { vm, statics, summary, mem, &got };

	if (!summary->malloc_known)
		return fail(why, FAIL_ABSENT, "%s", summary->malloc_why_not);
	for (int i = 0; i < TRIES; i++) {
		if (i)
			memory_forget(vm->memory);
		if (find_pointer(&w) || find_inline(&w)) {
			*out = got;
			return true;
		}
	}
	return fail(why, FAIL_CORRUPT, "layout unknown: NMT's table of call sites was not found");
}
