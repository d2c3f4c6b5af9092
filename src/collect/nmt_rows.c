// SPDX-License-Identifier: Apache-2.0
#include "collect/nmt_rows.h"

#include <string.h>

#include "collect/collector.h"
#include "jvm/nmtsummary.h"
#include "malloc/nmtblocks.h"
#include "parse/nmt.h"

const char *nmt_rows_level(const struct look *look)
{
	static const char *const LEVELS[] = { "off", "summary", "detail" };
	const struct flag_row *flag = snapshot_find_flag(look->out, "NativeMemoryTracking");

	for (size_t i = 0; flag && flag->text && i < sizeof(LEVELS) / sizeof(LEVELS[0]); i++)
		if (!strcmp(flag->text, LEVELS[i]))
			return LEVELS[i];
	return NULL;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a == UNKNOWN_BYTES || b == UNKNOWN_BYTES ? UNKNOWN_BYTES : a + b;
}

// What the row holds in all; a VM's report adds the same.
static void add_up(struct nmt_row *r)
{
	uint64_t malloced = plus(plus(r->malloc, r->arena), r->overhead);

	r->reserved = plus(malloced, r->mmap_reserved);
	r->committed = plus(malloced, r->mmap_committed);
}

static void push_row(struct look *look, struct nmt_row r)
{
	struct nmt_facts *nmt = &look->out->nmt;

	nmt->reserved = plus(nmt->reserved, r.reserved);
	nmt->committed = plus(nmt->committed, r.committed);
	vec_push(look->mem, &nmt->rows, r);
}

static struct nmt_row unknown_row(const char *category)
{
	return (struct nmt_row){
		.category = category,
		.malloc = UNKNOWN_BYTES,
		.malloc_count = UNKNOWN_BYTES,
		.malloc_peak = UNKNOWN_BYTES,
		.arena = UNKNOWN_BYTES,
		.arena_count = UNKNOWN_BYTES,
		.mmap_reserved = UNKNOWN_BYTES,
		.mmap_committed = UNKNOWN_BYTES,
		.overhead = 0,
		.mmap_resident = UNKNOWN_BYTES,
		.block_count = UNKNOWN_BYTES,
		.block_bytes = UNKNOWN_BYTES,
		.block_resident = UNKNOWN_BYTES,
	};
}

// ---- from memory

static uint64_t arena_sum(const struct nmtsummary *s)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < s->count; i++)
		sum += s->at[i].arena_bytes;
	return sum;
}

// The VM counts the pages of its stacks anew for each report (11+), and its counter has what the last
// one found: then what the threads' own rows say is the newer number.
static uint64_t stacks_committed(const struct look *look, const struct nmtsummary_row *stacks)
{
	uint64_t sum = 0;

	if (stacks->committed == stacks->reserved)
		return stacks->committed;
	for (size_t i = 0; i < look->out->threads.count; i++) {
		const struct thread_row *t = &look->out->threads.at[i];

		if (t->kind == THREAD_NATIVE || !t->has_stack)
			continue;
		if (!t->stack_committed)
			return UNKNOWN_BYTES;
		sum += t->stack_committed;
	}
	return sum ? sum : UNKNOWN_BYTES;
}

static bool is_empty(const struct nmtsummary_row *r)
{
	return !r->malloc_count && !r->malloc_bytes && !r->arena_count && !r->arena_bytes &&
	       !r->reserved && !r->committed;
}

void nmt_rows_from_memory(struct look *look, const struct nmtsummary *s)
{
	size_t stacks = nmtsummary_find(s, "Thread Stack");
	size_t chunks = nmtsummary_find(s, "Arena Chunk");
	size_t tracking = nmtsummary_find(s, "Native Memory Tracking");
	size_t thread = nmtsummary_find(s, "Thread");

	for (size_t i = 0; i < s->count; i++) {
		const struct nmtsummary_row *r = &s->at[i], *mapped = r;
		struct nmt_row row = unknown_row(r->category);

		if (i == stacks || (is_empty(r) && i != tracking))
			continue;
		if (i == thread && stacks < s->count)
			mapped = &s->at[stacks];
		if (s->malloc_known) {
			row.malloc = r->malloc_bytes;
			row.malloc_count = r->malloc_count;
			row.malloc_peak = r->malloc_peak ? r->malloc_peak : UNKNOWN_BYTES;
			row.arena = r->arena_bytes;
			row.arena_count = r->arena_count;
			if (i == tracking)
				row.overhead = s->block_count * s->block_overhead;
			// What arenas hold is booked with their owners.
			if (i == chunks)
				row.malloc -= arena_sum(s) < row.malloc ? arena_sum(s) : row.malloc;
		}
		if (s->mappings_known) {
			row.mmap_reserved = mapped->reserved;
			row.mmap_committed =
				mapped == r ? r->committed : stacks_committed(look, mapped);
		}
		add_up(&row);
		push_row(look, row);
	}
}

const char *nmt_rows_category(const struct nmtsummary *s, size_t category)
{
	const char *name = s->at[category].category;

	return strcmp(name, "Thread Stack") != 0 ? name : "Thread";
}

static struct nmt_row *find_row(const struct look *look, const char *category)
{
	for (size_t i = 0; i < look->out->nmt.rows.count; i++)
		if (!strcmp(look->out->nmt.rows.at[i].category, category))
			return &look->out->nmt.rows.at[i];
	return NULL;
}

void nmt_rows_add_regions(struct look *look)
{
	struct nmt_facts *nmt = &look->out->nmt;

	if (!look->has_pages)
		return;
	for (size_t i = 0; i < nmt->rows.count; i++)
		nmt->rows.at[i].mmap_resident = 0;
	for (size_t i = 0; i < nmt->regions.count; i++) {
		const struct nmt_region_row *r = &nmt->regions.at[i];
		struct nmt_row *row = find_row(look, r->category);

		if (row)
			row->mmap_resident +=
				pages_between(&look->pages, r->start, r->end, PAGE_PRESENT);
	}
}

void nmt_rows_add_blocks(struct look *look, const struct nmtsummary *s, const struct nmtblocks *b)
{
	for (size_t i = 0; i < look->out->nmt.rows.count; i++) {
		struct nmt_row *r = &look->out->nmt.rows.at[i];

		r->block_count = r->block_bytes = r->block_resident = 0;
	}
	for (size_t i = 0; i < s->count && i < NMTBLOCKS_TAGS; i++) {
		struct nmt_row *r = find_row(look, nmt_rows_category(s, i));

		if (!r)
			continue;
		r->block_count += b->tag[i].count;
		r->block_bytes += b->tag[i].bytes;
		r->block_resident += b->tag[i].resident;
	}
}

// ---- from the VM's own report

void nmt_rows_from_text(struct look *look, const struct nmt *text)
{
	for (size_t i = 0; i < text->count; i++) {
		const struct nmt_category *c = &text->at[i];
		struct nmt_row row = unknown_row(c->category);

		row.reserved = c->reserved;
		row.committed = c->committed;
		row.malloc = c->malloc;
		row.malloc_count = c->malloc_count;
		row.arena = c->arena;
		row.arena_count = c->arena_count;
		row.overhead = c->overhead;
		row.mmap_reserved = c->stack_reserved ? c->stack_reserved : c->mmap_reserved;
		row.mmap_committed = c->stack_reserved ? c->stack_committed : c->mmap_committed;
		push_row(look, row);
	}
	look->out->nmt.reserved = text->reserved;
	look->out->nmt.committed = text->committed;
}

// ---- checks

static void check(struct look *look, const char *account, const char *what, uint64_t theirs)
{
	if (theirs != UNKNOWN_BYTES)
		vec_push(look->mem, &look->out->checks,
			 (struct check_row){ .account = account,
					     .source = "nmt",
					     .what = what,
					     .theirs = theirs });
}

static void check_counted(struct look *look, const char *account, const char *what, uint64_t theirs,
			  uint64_t ours)
{
	if (theirs != UNKNOWN_BYTES && ours != UNKNOWN_BYTES)
		vec_push(look->mem, &look->out->checks,
			 (struct check_row){ .account = account,
					     .source = "nmt",
					     .what = what,
					     .theirs = theirs,
					     .counted = true,
					     .ours = ours });
}

// Direct buffers and Unsafe.allocateMemory() share a category; JDK 8 has none for them.
static void check_direct(struct look *look)
{
	const struct nmt_row *r = find_row(look, "Other");

	if (r)
		check_counted(look, "direct-buffers", "malloc of Other", r->malloc,
			      snapshot_get(look->out, F_DIRECT_RESERVED, UNKNOWN_BYTES));
}

// What the VM has malloc'd, headers included, against what the allocator has of the kernel.
static void check_malloc(struct look *look)
{
	uint64_t sum = 0, ours = plus(snapshot_get(look->out, F_MALLOC_SYSTEM, UNKNOWN_BYTES),
				      snapshot_get(look->out, F_MALLOC_MMAPPED, UNKNOWN_BYTES));

	for (size_t i = 0; i < look->out->nmt.rows.count; i++) {
		const struct nmt_row *r = &look->out->nmt.rows.at[i];

		sum = plus(sum, plus(plus(r->malloc, r->arena), r->overhead));
	}
	check_counted(look, "malloc", "malloc of the VM", sum, ours);
}

void nmt_rows_check(struct look *look)
{
	static const struct {
		const char *category, *account, *what;
		bool reserved;
	} CHECKS[] = {
		{ "Java Heap", "java-heap", "committed", false },
		{ "Metaspace", "metaspace", "committed", false },
		{ "Class", "class-space", "committed", false },
		{ "Code", "code-cache", "committed", false },
		{ "GC", "gc", "reserved", true },
		{ "Thread", "thread-stacks", "reserved", true },
		{ "Shared class space", "cds", "committed", false },
	};
	bool apart = find_row(look, "Metaspace") != NULL;

	for (size_t i = 0; i < sizeof(CHECKS) / sizeof(CHECKS[0]); i++) {
		const struct nmt_row *r = find_row(look, CHECKS[i].category);
		const char *what = CHECKS[i].what;

		if (!r)
			continue;
		// JDK 8 and 11 have one category for both.
		if (!apart && !strcmp(CHECKS[i].category, "Class"))
			what = "committed with metaspace";
		check(look, CHECKS[i].account, what,
		      CHECKS[i].reserved ? r->mmap_reserved : r->mmap_committed);
		check(look, CHECKS[i].account,
		      what == CHECKS[i].what ? "resident" : "resident with metaspace",
		      r->mmap_resident);
	}
	check_direct(look);
	check_malloc(look);
}
