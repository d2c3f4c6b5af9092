// SPDX-License-Identifier: Apache-2.0
// Malloc's memory: the allocator's name, glibc's arenas, and its ranges to the page.
#include "malloc/glibc.h"

#include <string.h>

#include "base/fail.h"
#include "base/units.h"
#include "collect/collector.h"
#include "collect/stale.h"
#include "collect/taken.h"
#include "malloc/allocator.h"
#include "malloc/musl.h"
#include "malloc/rtld.h"

static const char *const PARTS[] = {
	[GLIBC_MAIN_HEAP] = "main heap",
	[GLIBC_MAIN_REGION] = "main arena, mapped",
	[GLIBC_HEAP] = "arena heap",
	[GLIBC_CHUNK] = "mapped chunk",
};
static const enum certainty CERTAINTIES[] = {
	[GLIBC_SURE] = CERTAINTY_EXACT,
	[GLIBC_PROBED] = CERTAINTY_DERIVED,
	[GLIBC_GUESSED] = CERTAINTY_ESTIMATED,
};
static const enum fact_id FACTS[] = { F_MALLOC_ARENAS, F_MALLOC_SYSTEM, F_MALLOC_MMAPPED };

static void set_missing(struct look *look, struct provenance from, const char *why)
{
	for (size_t i = 0; i < sizeof(FACTS) / sizeof(FACTS[0]); i++)
		snapshot_set_missing(look->out, FACTS[i], from, why);
}

static void set_facts(struct look *look, const struct glibc *g)
{
	struct provenance from = look_from(look, "malloc", "glibc", CERTAINTY_EXACT);

	snapshot_set(look->out, F_MALLOC_ARENAS, g->arenas.count, from);
	snapshot_set(look->out, F_MALLOC_SYSTEM, g->system, from);
	if (!g->params.known)
		from.certainty = CERTAINTY_DERIVED;
	snapshot_set(look->out, F_MALLOC_MMAPPED,
		     g->params.known ? g->counters.mmapped : g->chunk_bytes, from);
}

static void set_limits(struct look *look, const struct malloc_view *view, const struct glibc *g)
{
	struct glibc_limits l;

	if (glibc_limits_read(view, &g->params, &l, NULL))
		look->out->malloc_limits =
			(struct malloc_limits){ true, l.arena_max, l.trim_threshold, l.top_pad,
						l.mmap_threshold };
}

static void add_arenas(struct look *look, const struct glibc *g)
{
	for (size_t i = 0; i < g->arenas.count; i++) {
		const struct glibc_arena *a = &g->arenas.at[i];

		vec_push(look->mem, &look->out->arenas,
			 (struct arena_row){
				 .at = a->at,
				 .main = a->main,
				 .heaps = a->heaps,
				 .attached_threads = a->attached_threads,
				 .system = a->system,
			 });
	}
}

static void claim_pieces(struct look *look, const struct glibc *g)
{
	for (size_t i = 0; i < g->pieces.count; i++) {
		const struct glibc_piece *p = &g->pieces.at[i];

		snapshot_claim(look->out, (struct claim){
						  .start = p->start,
						  .end = p->end,
						  .account = "malloc",
						  .part = PARTS[p->part],
						  .source = "glibc",
						  .certainty = CERTAINTIES[p->doubt],
						  .table = p->part == GLIBC_CHUNK ? CLAIM_OF_NONE
										  : CLAIM_OF_ARENA,
						  .row = p->arena,
					  });
	}
}

// A few pages are the linker's, and nobody can tell which.
static void doubt_linker(struct look *look)
{
	struct fail why;

	fail(&why, FAIL_CORRUPT, "layout unknown: the dynamic linker's records of the libraries");
	look_miss(look, &collector_malloc, &why);
	snapshot_doubt(look->out, "libraries", "malloc", false);
}

static void claim_linker(struct look *look, const struct malloc_view *view, const struct glibc *g)
{
	struct rtld rtld;

	rtld_read(view, g, look->target->ns_pid, look->mem, &rtld);
	if (g && !rtld.whole && look_is_stopped(look))
		doubt_linker(look);
	for (size_t i = 0; i < rtld.pieces.count; i++) {
		const struct rtld_piece *p = &rtld.pieces.at[i];

		snapshot_claim(look->out,
			       (struct claim){
				       .start = p->start,
				       .end = p->end,
				       .account = "libraries",
				       .part = p->tls ? "first thread's TLS" : "dynamic linker",
				       .source = "probe",
				       .certainty = CERTAINTY_DERIVED,
			       });
	}
}

static bool is_foreign(const struct allocator *a)
{
	return a->kind != ALLOCATOR_GLIBC && a->kind != ALLOCATOR_UNKNOWN;
}

static void name_allocator(struct look *look, const struct allocator *a)
{
	const char *text =
		a->version[0] ? arena_format(look->mem, "%s %s", a->name, a->version) : a->name;

	snapshot_set_text(look->out, F_ALLOCATOR, text,
			  look_from(look, "malloc", "proc", CERTAINTY_DERIVED));
}

static void claim_musl(struct look *look, const struct musl *m)
{
	static const char *const PARTS_OF_MUSL[] = {
		[MUSL_RECORDS] = "records", [MUSL_GROUP] = "group", [MUSL_LARGE] = "mapped block"
	};

	for (size_t i = 0; i < m->pieces.count; i++) {
		const struct musl_piece *p = &m->pieces.at[i];

		snapshot_claim(look->out, (struct claim){ .start = p->start,
							  .end = p->end,
							  .account = "malloc",
							  .part = PARTS_OF_MUSL[p->part],
							  .source = "musl",
							  .certainty = CERTAINTY_EXACT });
	}
}

// Its groups are no arenas: there is nothing to count.
static bool run_musl(struct look *look, const struct malloc_view *view, struct fail *why)
{
	struct provenance from = look_from(look, "malloc", "musl", CERTAINTY_EXACT);
	struct range *own;
	struct musl m;

	if (!musl_read(view, look->mem, &m, why)) {
		set_missing(look, from, why->text);
		return false;
	}
	snapshot_set_missing(look->out, F_MALLOC_ARENAS, from, "musl has no arenas");
	snapshot_set(look->out, F_MALLOC_SYSTEM, m.system, from);
	snapshot_set(look->out, F_MALLOC_MMAPPED, m.large_bytes, from);
	claim_musl(look, &m);
	own = arena_array(look->mem, struct range, m.pieces.count + 1);
	for (size_t i = 0; i < m.pieces.count; i++)
		own[i] = (struct range){ m.pieces.at[i].start, m.pieces.at[i].end };
	look->stale = stale_bytes(look, view, own, m.pieces.count);
	if (!m.whole) {           // each piece stands for itself
		if (!look->stale) // worth another look as well
			look->stale = PAGE_SIZE_BYTES;
		fail(why, FAIL_CORRUPT, "some of musl's groups moved while they were read");
		look_miss(look, &collector_malloc, why);
	}
	return true;
}

static bool run(struct look *look, struct fail *why)
{
	struct malloc_view view;
	struct allocator allocator;
	struct range *own;
	struct glibc g;

	allocator_find(look->target->files, look->target->pid, &look->maps, look->mem, &allocator);
	name_allocator(look, &allocator);
	taken_view(look, &view);
	if (allocator.kind == ALLOCATOR_MUSL)
		return run_musl(look, &view, why);
	if (is_foreign(&allocator)) // libc's own arenas hold next to nothing then
		fail(why, FAIL_ABSENT, "what %s holds can't be told yet", allocator.name);
	if (is_foreign(&allocator) || !glibc_read(&view, look->mem, &g, why)) {
		set_missing(look, look_from(look, "malloc", "glibc", CERTAINTY_EXACT), why->text);
		// The linker's own pages are told from the allocator's by knowing these.
		if (allocator.kind == ALLOCATOR_GLIBC)
			snapshot_doubt(look->out, "libraries", "malloc", false);
		return false;
	}
	look->glibc = arena_new(look->mem, struct glibc);
	*look->glibc = g;
	set_facts(look, &g);
	set_limits(look, &view, &g);
	add_arenas(look, &g);
	claim_pieces(look, &g);
	claim_linker(look, &view, &g);
	own = arena_array(look->mem, struct range, g.pieces.count + 1);
	for (size_t i = 0; i < g.pieces.count; i++)
		own[i] = (struct range){ g.pieces.at[i].start, g.pieces.at[i].end };
	look->stale = stale_bytes(look, &view, own, g.pieces.count);
	if (g.doubts.count) { // each piece stands for itself and says how sure it is
		fail(why, FAIL_CORRUPT, "%s%s", g.doubts.at[0],
		     g.doubts.count > 1 ? " (and more)" : "");
		if (look_is_stopped(look)) { // nothing can have changed meanwhile
			snapshot_doubt(look->out, "libraries", "malloc", false);
			return false;
		}
		look_miss(look, &collector_malloc, why);
	}
	return true;
}

const struct collector collector_malloc = {
	.name = "malloc",
	.sentence = "malloc's memory: main heap, arenas, blocks with mappings of their own",
	.needs = TIER_B,
	.accounts = { "malloc" },
	.plain = true,
	.run = run,
};
