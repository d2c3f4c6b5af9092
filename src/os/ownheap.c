// SPDX-License-Identifier: Apache-2.0
#include "os/ownheap.h"

#include <malloc.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/units.h"

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

void ownheap_populate(size_t bytes)
{
	uintptr_t from;
	void *block;

#ifdef M_MMAP_THRESHOLD // glibc
	// So that the block below comes from the heap, and stays there when it is freed.
	mallopt(M_MMAP_THRESHOLD, (int)(2 * bytes));
	mallopt(M_TRIM_THRESHOLD, (int)(4 * bytes));
#endif
	block = malloc(bytes);
	from = (uintptr_t)block & ~(uintptr_t)(PAGE_SIZE_BYTES - 1);
	if (block)
		madvise((void *)from, bytes, MADV_POPULATE_WRITE);
	free(block);
}
