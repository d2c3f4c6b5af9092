// SPDX-License-Identifier: Apache-2.0
// The VM's own categories beside the ledger: what they grew by, and what of them is in memory.

#ifndef LEDGER_CATEGORIES_H
#define LEDGER_CATEGORIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct nmt_facts;
struct nmt_row;
struct nmt_site_row;

// Committed bytes of the row now less those of the category of that name at first.  False when
// either is not known; a category that was not there held nothing.
bool categories_growth(const struct nmt_row *now, const struct nmt_facts *first, int64_t *out);
// Of all of them.
bool categories_growth_of_all(const struct nmt_facts *now, const struct nmt_facts *first,
			      int64_t *out);
// The call sites of an earlier moment, to compare with: by what their frames are called, because
// addresses are another in each process.  Lives in `mem`.
struct categories_sites {
	const struct nmt_facts *of;
	uint64_t *hashes; // of each site
};
void categories_index_sites(const struct nmt_facts *first, struct arena *mem,
			    struct categories_sites *out);
// Committed bytes of the site now less those at first; a site that was not there held nothing.  False when
// the earlier moment has no sites.
bool categories_site_growth(const struct categories_sites *first, const struct nmt_site_row *now,
			    int64_t *out);
// Resident bytes of its mappings and blocks; UNKNOWN_BYTES unless both are known.
uint64_t categories_resident(const struct nmt_row *r);

#endif
