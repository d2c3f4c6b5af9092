// SPDX-License-Identifier: Apache-2.0
#include "os/pagepool.h"

#include <string.h>
#include <sys/mman.h>

#include "base/units.h"

enum { PAGE = PAGE_SIZE_BYTES, TABLE_SIZE = 2 * PAGEPOOL_SLOTS };
#define SLOT_BYTES ((size_t)PAGEPOOL_SLOTS * PAGE)

struct pagepool_entry {
	uint64_t page;
	uint32_t slot, generation;
};
#define TABLE_BYTES (TABLE_SIZE * sizeof(struct pagepool_entry))

static void *map(size_t size, int more)
{
	void *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | more, -1, 0);

	return at == MAP_FAILED ? NULL : at;
}

bool pagepool_make(struct pagepool *p)
{
	if (p->slots)
		return true;
	p->slots = map(SLOT_BYTES, 0);
	// Places in the table are hit all over: present at once, or each of its pages faults twice.
	p->table = map(TABLE_BYTES, MAP_POPULATE);
	if (!p->slots || !p->table) {
		pagepool_close(p);
		return false;
	}
	madvise(p->slots, SLOT_BYTES, MADV_HUGEPAGE);
	p->generation = 1; // a fresh table is all of generation 0
	return true;
}

void pagepool_close(struct pagepool *p)
{
	if (p->slots)
		munmap(p->slots, SLOT_BYTES);
	if (p->table)
		munmap(p->table, TABLE_BYTES);
	*p = (struct pagepool){ 0 };
}

void pagepool_forget(struct pagepool *p)
{
	p->used = 0;
	if (p->table && ++p->generation == 0) { // old marks would come back to life
		memset(p->table, 0, TABLE_BYTES);
		p->generation = 1;
	}
}

static struct pagepool_entry *probe(const struct pagepool *p, uint64_t at)
{
	uint64_t page = at / PAGE;
	size_t i = (size_t)((page * 0x9e3779b97f4a7c15u) >> 40) % TABLE_SIZE;

	// Half of the table is always free, so this ends.
	while (p->table[i].generation == p->generation && p->table[i].page != page)
		i = (i + 1) % TABLE_SIZE;
	return &p->table[i];
}

const unsigned char *pagepool_find(const struct pagepool *p, uint64_t at)
{
	const struct pagepool_entry *e;

	if (!p->table)
		return NULL;
	e = probe(p, at);
	return e->generation == p->generation ? p->slots + (size_t)e->slot * PAGE : NULL;
}

unsigned char *pagepool_next(const struct pagepool *p)
{
	return p->slots + (size_t)p->used * PAGE;
}

unsigned char *pagepool_take(struct pagepool *p, size_t count)
{
	if (count > pagepool_left(p))
		pagepool_forget(p);
	return pagepool_next(p);
}

size_t pagepool_left(const struct pagepool *p)
{
	return PAGEPOOL_SLOTS - p->used;
}

void pagepool_keep(struct pagepool *p, uint64_t at)
{
	*probe(p, at) = (struct pagepool_entry){ at / PAGE, p->used++, p->generation };
}
