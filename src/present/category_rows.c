// SPDX-License-Identifier: Apache-2.0
#include "present/category_rows.h"

#include "ledger/categories.h"
#include "present/report.h"

const struct column CATEGORY_COLUMNS[CC_COUNT] = {
	[CC_CATEGORY] = { "category", "category", 23, COLUMN_TEXT, "the VM's name for it" },
	[CC_RESIDENT] = { "resident", "resident", 9, COLUMN_BYTES, "in memory" },
	[CC_MAPPED_RESIDENT] = { "mmap_resident", NULL, 0, COLUMN_BYTES, "of its mappings" },
	[CC_BLOCK_RESIDENT] = { "block_resident", NULL, 0, COLUMN_BYTES, "of its blocks" },
	[CC_COMMITTED] = { "committed", "committed", 10, COLUMN_BYTES, "all of it" },
	[CC_RESERVED] = { "reserved", "reserved", 9, COLUMN_BYTES, "address space kept for it" },
	[CC_MALLOC] = { "malloc", "malloc", 8, COLUMN_BYTES, "malloc'd, arenas left out" },
	[CC_MALLOC_COUNT] = { "malloc_count", NULL, 0, COLUMN_BYTES, "blocks" },
	[CC_MALLOC_PEAK] = { "malloc_peak", NULL, 0, COLUMN_BYTES, "most that was malloc'd" },
	[CC_ARENA] = { "arena", "arenas", 8, COLUMN_BYTES, "in arenas" },
	[CC_ARENA_COUNT] = { "arena_count", NULL, 0, COLUMN_BYTES, "arenas" },
	[CC_MAPPED_COMMITTED] = { "mmap_committed", NULL, 0, COLUMN_BYTES, "of its mappings" },
	[CC_MAPPED_RESERVED] = { "mmap_reserved", NULL, 0, COLUMN_BYTES, "of its mappings" },
	[CC_OVERHEAD] = { "overhead", NULL, 0, COLUMN_BYTES, "headers of all blocks" },
	[CC_BLOCKS] = { "block_count", NULL, 0, COLUMN_BYTES, "blocks found by their headers" },
	[CC_BLOCK_BYTES] = { "block_bytes", NULL, 0, COLUMN_BYTES, "their bytes" },
	[CC_GROWTH] = { "growth", "", 9, COLUMN_CHANGE, "committed, within the window" },
};

void category_rows_make(const struct report *r, size_t row, struct cell out[CC_COUNT])
{
	const struct nmt_row *c = &r->now->nmt.rows.at[row];
	int64_t growth = 0;
	bool grown = r->now != r->first && categories_growth(c, &r->first->nmt, &growth);

	out[CC_CATEGORY] = cell_text(c->category);
	out[CC_RESIDENT] = cell_bytes(categories_resident(c));
	out[CC_MAPPED_RESIDENT] = cell_bytes(c->mmap_resident);
	out[CC_BLOCK_RESIDENT] = cell_bytes(c->block_resident);
	out[CC_COMMITTED] = cell_bytes(c->committed);
	out[CC_RESERVED] = cell_bytes(c->reserved);
	out[CC_MALLOC] = cell_bytes(c->malloc);
	out[CC_MALLOC_COUNT] = cell_bytes(c->malloc_count);
	out[CC_MALLOC_PEAK] = cell_bytes(c->malloc_peak);
	out[CC_ARENA] = cell_bytes(c->arena);
	out[CC_ARENA_COUNT] = cell_bytes(c->arena_count);
	out[CC_MAPPED_COMMITTED] = cell_bytes(c->mmap_committed);
	out[CC_MAPPED_RESERVED] = cell_bytes(c->mmap_reserved);
	out[CC_OVERHEAD] = cell_bytes(c->overhead);
	out[CC_BLOCKS] = cell_bytes(c->block_count);
	out[CC_BLOCK_BYTES] = cell_bytes(c->block_bytes);
	out[CC_GROWTH] = cell_change(growth, grown);
}
