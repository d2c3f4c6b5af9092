// SPDX-License-Identifier: Apache-2.0
#include "ledger/categories.h"

#include <string.h>

#include "base/arena.h"
#include "facts/snapshot.h"

static bool subtract(uint64_t now, uint64_t first, int64_t *out)
{
	if (now == UNKNOWN_BYTES || first == UNKNOWN_BYTES)
		return false;
	*out = (int64_t)(now - first);
	return true;
}

bool categories_growth(const struct nmt_row *now, const struct nmt_facts *first, int64_t *out)
{
	if (!first->known)
		return false;
	for (size_t i = 0; i < first->rows.count; i++)
		if (!strcmp(first->rows.at[i].category, now->category))
			return subtract(now->committed, first->rows.at[i].committed, out);
	return subtract(now->committed, 0, out);
}

bool categories_growth_of_all(const struct nmt_facts *now, const struct nmt_facts *first,
			      int64_t *out)
{
	return now->known && first->known && subtract(now->committed, first->committed, out);
}

uint64_t categories_resident(const struct nmt_row *r)
{
	return r->mmap_resident == UNKNOWN_BYTES || r->block_resident == UNKNOWN_BYTES
		       ? UNKNOWN_BYTES
		       : r->mmap_resident + r->block_resident;
}

static uint64_t hash_text(uint64_t h, const char *text)
{
	for (const char *c = text; *c; c++)
		h = (h ^ (unsigned char)*c) * 0x100000001b3u;
	return (h ^ 0xff) * 0x100000001b3u;
}

static uint64_t hash_site(const struct nmt_site_row *s)
{
	uint64_t h = hash_text(0xcbf29ce484222325u + s->mapped, s->category);

	for (size_t i = 0; i < s->frames; i++)
		h = hash_text(h, s->frame[i]);
	return h;
}

static bool is_same_site(const struct nmt_site_row *a, const struct nmt_site_row *b)
{
	if (a->mapped != b->mapped || a->frames != b->frames ||
	    strcmp(a->category, b->category) != 0)
		return false;
	for (size_t i = 0; i < a->frames; i++)
		if (strcmp(a->frame[i], b->frame[i]) != 0)
			return false;
	return true;
}

void categories_index_sites(const struct nmt_facts *first, struct arena *mem,
			    struct categories_sites *out)
{
	*out = (struct categories_sites){ first,
					  arena_array(mem, uint64_t, first->sites.count + 1) };
	for (size_t i = 0; i < first->sites.count; i++)
		out->hashes[i] = hash_site(&first->sites.at[i]);
}

// Several sites may have one name, where frames are compiled code: they count together.
bool categories_site_growth(const struct categories_sites *first, const struct nmt_site_row *now,
			    int64_t *out)
{
	uint64_t hash = hash_site(now), before = 0;

	if (!first->of->sites_known)
		return false;
	for (size_t i = 0; i < first->of->sites.count; i++)
		if (first->hashes[i] == hash && is_same_site(&first->of->sites.at[i], now))
			before += first->of->sites.at[i].committed;
	return subtract(now->committed, before, out);
}
