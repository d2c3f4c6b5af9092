// SPDX-License-Identifier: Apache-2.0
#include "ledger/unknowns.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/units.h"
#include "ledger/ledger.h"

static const char *name_of_mapping(const struct mapping_row *m)
{
	const char *slash = m->path ? strrchr(m->path, '/') : NULL;

	if (!m->path || !*m->path)
		return m->readable || m->writable || m->executable ? "anonymous memory"
								   : "a reserved range";
	return slash ? slash + 1 : m->path;
}

static const char *name_of_piece(const struct piece *p)
{
	if (p->account == ACCOUNT_NONE)
		return "unaccounted memory";
	return ACCOUNTS[p->account].title;
}

// What ends where `row` starts: an owner if its bytes are in memory, else a mapping, else NULL.
static const char *before(const struct ledger *l, const struct piece *first)
{
	const struct piece *p = first > l->pieces.at ? first - 1 : NULL;
	const struct mapping_row *m = &l->of->mappings.at[first->mapping];

	if (p && p->end == first->start)
		return name_of_piece(p);
	if (first->start > m->start)
		return NULL;
	return first->mapping && m[-1].end == m->start ? name_of_mapping(m - 1) : NULL;
}

static const char *behind(const struct ledger *l, const struct piece *last)
{
	const struct piece *p = last + 1 < l->pieces.at + l->pieces.count ? last + 1 : NULL;
	const struct mapping_row *m = &l->of->mappings.at[last->mapping];

	if (p && p->start == last->end)
		return name_of_piece(p);
	if (last->end < m->end || (size_t)last->mapping + 1 == l->of->mappings.count)
		return NULL;
	return m[1].start == m->end ? name_of_mapping(m + 1) : NULL;
}

static const char *describe(const struct ledger *l, const struct piece *first,
			    const struct piece *last)
{
	const struct mapping_row *m;
	char perms[5], size[16];
	const char *prior, *next;

	if (first->mapping == PIECE_UNMAPPED)
		return "outside the mappings that were read: mapped while we looked";
	m = &l->of->mappings.at[first->mapping];
	prior = before(l, first);
	next = behind(l, last);
	return arena_format(l->mem, "%s %s, mapping of %s%s%s%s%s", mapping_permissions(m, perms),
			    m->path && *m->path ? m->path : "anonymous",
			    units_print_size(m->end - m->start, size), prior ? ", after " : "",
			    prior ? prior : "", next ? ", before " : "", next ? next : "");
}

static int by_size(const void *left, const void *right)
{
	const struct unaccounted_row *a = left, *b = right;

	if (a->resident != b->resident)
		return a->resident > b->resident ? -1 : 1;
	return (a->start > b->start) - (a->start < b->start);
}

void unknowns_list(struct ledger *l)
{
	const struct piece *end = l->pieces.at + l->pieces.count;

	for (const struct piece *p = l->pieces.at; p < end;) {
		const struct piece *first = NULL, *last = NULL;
		uint32_t mapping = p->mapping;
		uint64_t resident = 0;

		for (; p < end && p->mapping == mapping; p++) {
			if (p->account != ACCOUNT_NONE || !p->resident)
				continue;
			first = first ? first : p;
			last = p;
			resident += p->resident;
		}
		if (resident)
			vec_push(l->mem, &l->unknowns,
				 (struct unaccounted_row){ first->start, last->end, resident,
							   describe(l, first, last) });
	}
	if (l->unknowns.count)
		qsort(l->unknowns.at, l->unknowns.count, sizeof(*l->unknowns.at), by_size);
}
