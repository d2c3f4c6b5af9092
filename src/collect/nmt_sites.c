// SPDX-License-Identifier: Apache-2.0
#include "collect/nmt_sites.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "collect/collector.h"
#include "collect/mappings.h"
#include "collect/nmt_rows.h"
#include "jvm/hotspot.h"
#include "jvm/nmtregions.h"
#include "jvm/nmtsites.h"
#include "jvm/nmtsummary.h"
#include "os/mapped.h"
#include "os/symtab.h"
#include "parse/mangled.h"

_Static_assert((int)NMT_FRAMES == (int)NMT_SITE_FRAMES, "one number of frames");

struct site {
	bool mapped;
	uint32_t category;
	uint64_t stack[NMT_FRAMES];
	uint64_t bytes, committed, count;
};
struct sites {
	VEC(struct site) list;
};

struct frames { // all return addresses inside the VM's library
	VEC(struct symtab_place) list;
};

static int by_stack(const void *left, const void *right)
{
	const struct site *a = left, *b = right;
	int order = memcmp(a->stack, b->stack, sizeof(a->stack));

	return order ? order : (a->category > b->category) - (a->category < b->category);
}

static int by_bytes(const void *left, const void *right)
{
	const struct site *a = left, *b = right;

	if (a->bytes != b->bytes)
		return a->bytes > b->bytes ? -1 : 1;
	return by_stack(a, b);
}

static int by_address(const void *left, const void *right)
{
	const struct symtab_place *a = left, *b = right;

	return (a->at > b->at) - (a->at < b->at);
}

// Ranges of one call stack and category are one site.
static void add_mapped(struct look *look, const struct nmtregions *regions, struct sites *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < regions->list.count; i++) {
		const struct nmtregion *r = &regions->list.at[i];
		struct site s = { .mapped = true,
				  .category = r->category,
				  .bytes = r->end - r->start,
				  .committed = r->committed,
				  .count = 1 };

		memcpy(s.stack, r->stack, sizeof(s.stack));
		vec_push(look->mem, &out->list, s);
	}
	if (out->list.count)
		qsort(out->list.at, out->list.count, sizeof(*out->list.at), by_stack);
	for (size_t i = 0; i < out->list.count; i++) {
		struct site *last = kept ? &out->list.at[kept - 1] : NULL, s = out->list.at[i];

		if (last && !by_stack(last, &s)) {
			last->bytes += s.bytes;
			last->committed += s.committed;
			last->count += s.count;
		} else {
			out->list.at[kept++] = s;
		}
	}
	out->list.count = kept;
}

static void add_malloced(struct look *look, const struct nmtsites *sites, struct sites *out)
{
	for (size_t i = 0; i < sites->list.count; i++) {
		const struct nmtsite *n = &sites->list.at[i];
		struct site s = { .category = n->category,
				  .bytes = n->bytes,
				  .committed = n->bytes,
				  .count = n->count };

		memcpy(s.stack, n->stack, sizeof(s.stack));
		vec_push(look->mem, &out->list, s);
	}
}

// ---- names

static bool in_library(const struct hotspot *vm, uint64_t at)
{
	return at > vm->library_start && at < vm->library_end;
}

// A call that never returns may be its function's last instruction: the return address less one is in
// the caller for certain.
static uint64_t place_of(const struct hotspot *vm, uint64_t at)
{
	return at - 1 - vm->library_start;
}

static void list_frames(struct look *look, const struct sites *sites, struct frames *out)
{
	size_t kept = 0;

	for (size_t i = 0; i < sites->list.count; i++)
		for (size_t k = 0; k < NMT_FRAMES; k++) {
			uint64_t at = sites->list.at[i].stack[k];

			if (in_library(look->vm, at))
				vec_push(look->mem, &out->list,
					 (struct symtab_place){ .at = place_of(look->vm, at) });
		}
	if (out->list.count)
		qsort(out->list.at, out->list.count, sizeof(*out->list.at), by_address);
	for (size_t i = 0; i < out->list.count; i++)
		if (!kept || out->list.at[kept - 1].at != out->list.at[i].at)
			out->list.at[kept++] = out->list.at[i];
	out->list.count = kept;
}

static void name_frames(struct look *look, struct frames *frames)
{
	const struct mapping *m = maps_find(&look->maps, look->vm->library_start);
	struct mapped_file file;

	if (!m || !frames->list.count)
		return;
	file = mappings_file(look->target, m);
	// Without names there are offsets.
	symtab_name(look->target->files, &file, "symbols/functions", frames->list.at,
		    frames->list.count, look->mem, NULL);
}

static const char *library_frame(struct look *look, const struct frames *frames, uint64_t at)
{
	struct symtab_place key = { .at = place_of(look->vm, at) }, *found = NULL;

	if (frames->list.count)
		found = bsearch(&key, frames->list.at, frames->list.count, sizeof(key), by_address);
	if (found && found->name)
		return arena_format(look->mem, "%s+0x%" PRIx64,
				    mangled_name(found->name, look->mem), found->offset + 1);
	return arena_format(look->mem, "libjvm.so+0x%" PRIx64, at - look->vm->library_start);
}

// "os::malloc+0x1f", "libzip.so+0x45c0", "compiled code"
static const char *frame_name(struct look *look, const struct frames *frames, uint64_t at)
{
	const struct mapping *m = maps_find(&look->maps, at);

	if (in_library(look->vm, at))
		return library_frame(look, frames, at);
	if (m && m->path[0] == '/')
		return arena_format(look->mem, "%s+0x%" PRIx64, mapping_file_name(m),
				    at - m->start + m->offset);
	if (m && m->executable)
		return "compiled code";
	return arena_format(look->mem, "0x%" PRIx64, at);
}

static void push_site(struct look *look, const struct nmtsummary *s, const struct frames *frames,
		      const struct site *site)
{
	struct nmt_site_row row = { .mapped = site->mapped,
				    .category = nmt_rows_category(s, site->category),
				    .bytes = site->bytes,
				    .committed = site->committed,
				    .count = site->count };

	for (size_t k = 0; k < NMT_FRAMES && site->stack[k]; k++)
		row.frame[row.frames++] = frame_name(look, frames, site->stack[k]);
	vec_push(look->mem, &look->out->nmt.sites, row);
}

bool nmt_sites_read(struct look *look, const struct statics *statics, const struct nmtsummary *s,
		    const struct nmtregions *regions, struct fail *why)
{
	struct sites sites = { 0 };
	struct frames frames = { 0 };
	struct nmtsites blocks;
	bool ok;

	if (regions)
		add_mapped(look, regions, &sites);
	ok = nmtsites_read(look->vm, statics, s, look->mem, &blocks, why);
	if (ok)
		add_malloced(look, &blocks, &sites);
	list_frames(look, &sites, &frames);
	name_frames(look, &frames);
	if (sites.list.count)
		qsort(sites.list.at, sites.list.count, sizeof(*sites.list.at), by_bytes);
	for (size_t i = 0; i < sites.list.count; i++)
		push_site(look, s, &frames, &sites.list.at[i]);
	return ok;
}
