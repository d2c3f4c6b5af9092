// SPDX-License-Identifier: Apache-2.0
// The memory of a live process as a memory source over [0, 2^47).
//
// Nothing is stopped, written or brought in: only pages that are present are copied out (by
// process_vm_readv, else from /proc/PID/mem).  A page of a mapped file that is not present comes
// from the file itself; where that was deleted and may not be opened, from the target's memory, which
// brings it in (docs/decisions/0012-files-that-are-gone.md).  An untouched private page is zeros by
// definition, a swapped page is ABSENT.
// Where pagemap is denied, presence can't be known and pages are read one by one as they are asked
// for; device mappings never.  A present private page is read also where the list of mappings is
// older than the mapping.  Copies are kept in a pool that is reused, until forget().

#ifndef OS_REMOTE_H
#define OS_REMOTE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/memory.h"

struct arena;
struct fail;
struct pages;
struct remote;
struct tree;

#define REMOTE_END ((uint64_t)1 << 47)

// What the reader must know of a mapping; os/ has no parser of maps.
struct remote_mapping {
	uint64_t start, end, offset, inode;
	uint32_t dev_major, dev_minor;
	bool readable, shared, deleted;
	const char *path; // "" anonymous; else as /proc/PID/maps has it, without " (deleted)"
};

struct remote_cost {
	uint64_t calls; // of process_vm_readv and pread on the target's memory
	uint64_t bytes; // copied out by them
};

// Opens nothing yet; whether memory may be read is os/rights.h's question.  `mem` holds the record
// and must outlive it; remote_close() gives the pool and the descriptors back.
struct remote *remote_open(int pid, struct arena *mem);
void remote_close(struct remote *r);

// The mappings of this moment (sorted, without overlap), copied by reference: they must live until
// replaced.  Without mappings nothing can be read.
void remote_set_mappings(struct remote *r, const struct remote_mapping *at, size_t count);
// Who can read the mappings anew is asked for them (and calls remote_set_mappings()) when none of them
// lets memory be read, once after each forgetting.  Only for targets whose heap moves into new shared
// mappings all the time: others never need it, and a wild pointer would cost a reading.  NULL: nobody.
void remote_set_mapper(struct remote *r, void (*read_mappings)(void *arg), void *arg);
// The scanned pages: saves asking pagemap for each.  NULL: none.  Must live until replaced.
void remote_set_pages(struct remote *r, const struct pages *pages);

// Since remote_open().
struct remote_cost remote_cost(const struct remote *r);

// `self` is the struct remote.  read: ABSENT (not mapped, not readable, swapped out, a device),
// DENIED (with what would help), GONE.  prefetch copies present pages in few large calls.
extern const struct memory_source REMOTE_SOURCE;

#endif
