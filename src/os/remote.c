// SPDX-License-Identifier: Apache-2.0
// How a page gets into the pool: its state is asked first (the scan, else /proc/PID/pagemap), then
// a window of present neighbours is copied with it.  Single words cost a call of 1-3 us each
// without that, and a fresh buffer costs more in page faults than the copy itself; hence one pool
// of huge pages whose slots are handed out in order and taken back all at once.
#include "os/remote.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "os/backing.h"
#include "os/pagemap.h"
#include "os/pages.h"

enum {
	PAGE = PAGE_SIZE_BYTES,
	WINDOW = 16,        // pages read ahead around a miss
	POOL_PAGES = 16384, // 64 MB
	TABLE_SIZE = 2 * POOL_PAGES,
	CHUNK = 512,        // pages whose states are asked at once
	BATCH = 64,         // ranges of one prefetching call
	DIRECT = 128 << 10, // reads of this length go past the pool
};

enum state {
	STATE_NONE, // nothing there: the file's page, or zeros
	STATE_PRESENT,
	STATE_ZERO,
	STATE_AWAY,    // swapped, or a guard
	STATE_UNKNOWN, // pagemap is denied
	STATE_GONE,    // the process has no memory any more
};

struct entry {
	uint64_t page;
	uint32_t slot, generation;
};

struct remote {
	int pid;
	int mem_fd;      // /proc/PID/mem, once process_vm_readv was refused; else -1
	bool no_readv;   // refused by a filter or not in this kernel
	int pagemap_fd;  // -1: not opened yet, or denied
	bool no_pagemap; // denied
	const struct remote_mapping *mappings;
	size_t mapping_count;
	const struct pages *pages;
	struct backing *files;
	unsigned char *pool; // NULL until the first copy
	struct entry *table;
	uint32_t used, generation;
	struct remote_cost cost;
};

struct remote *remote_open(int pid, struct arena *mem)
{
	struct remote *r = arena_new(mem, struct remote);

	*r = (struct remote){
		.pid = pid,
		.mem_fd = -1,
		.pagemap_fd = -1,
		.generation = 1,
		.files = backing_open(pid, mem),
	};
	return r;
}

void remote_close(struct remote *r)
{
	if (!r)
		return;
	if (r->mem_fd >= 0)
		close(r->mem_fd);
	if (r->pagemap_fd >= 0)
		close(r->pagemap_fd);
	if (r->pool)
		munmap(r->pool, (size_t)POOL_PAGES * PAGE);
	if (r->table)
		munmap(r->table, TABLE_SIZE * sizeof(*r->table));
	backing_close(r->files);
	r->mem_fd = r->pagemap_fd = -1;
	r->pool = NULL;
	r->table = NULL;
}

void remote_set_mappings(struct remote *r, const struct remote_mapping *at, size_t count)
{
	r->mappings = at;
	r->mapping_count = count;
}

void remote_set_pages(struct remote *r, const struct pages *pages)
{
	r->pages = pages;
}

struct remote_cost remote_cost(const struct remote *r)
{
	return r->cost;
}

static void remote_forget(void *self)
{
	struct remote *r = self;

	r->used = 0;
	if (++r->generation == 0) { // after 2^32 looks the old marks would come back to life
		if (r->table)
			memset(r->table, 0, TABLE_SIZE * sizeof(*r->table));
		r->generation = 1;
	}
}

// The first mapping that ends above `at`; mapping_count when there is none.
static size_t mapping_above(const struct remote *r, uint64_t at)
{
	size_t low = 0, high = r->mapping_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->mappings[middle].end > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

// The mapping that holds `at`, or NULL.
static const struct remote_mapping *mapping_at(const struct remote *r, uint64_t at)
{
	size_t i = mapping_above(r, at);

	return i < r->mapping_count && r->mappings[i].start <= at ? &r->mappings[i] : NULL;
}

// Memory behind a device may act on being read, or stall.
static bool is_device(const struct remote_mapping *m)
{
	static const char *const DEVICES[] = {
		"/dev/", "anon_inode:", "/dmabuf", "socket:", "/drm mm object", "/i915", "[vvar",
	};
	static const char *const MEMORY[] = { "/dev/shm/", "/dev/zero", "/dev/hugepages/" };

	for (size_t i = 0; i < sizeof(MEMORY) / sizeof(MEMORY[0]); i++)
		if (!strncmp(m->path, MEMORY[i], strlen(MEMORY[i])))
			return false;
	for (size_t i = 0; i < sizeof(DEVICES) / sizeof(DEVICES[0]); i++)
		if (!strncmp(m->path, DEVICES[i], strlen(DEVICES[i])))
			return true;
	return false;
}

static bool is_private_memory(const struct remote_mapping *m)
{
	return !m->shared && (!m->path[0] || m->path[0] == '[') && strcmp(m->path, "[vsyscall]") &&
	       strcmp(m->path, "[vdso]");
}

// ---- states of pages

static bool open_pagemap(struct remote *r)
{
	char path[64];

	if (r->no_pagemap)
		return false;
	if (r->pagemap_fd >= 0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", r->pid);
	r->pagemap_fd = open(path, O_RDONLY | O_CLOEXEC);
	r->no_pagemap = r->pagemap_fd < 0;
	return !r->no_pagemap;
}

static enum state state_of_flags(uint32_t flags)
{
	if (flags & PAGE_PRESENT)
		return STATE_PRESENT;
	if (flags & (PAGE_SWAPPED | PAGE_GUARD))
		return STATE_AWAY;
	return flags & PAGE_ZERO ? STATE_ZERO : STATE_NONE;
}

static void states_by_scan(const struct remote *r, uint64_t at, size_t count, unsigned char *to)
{
	uint64_t end = at + (uint64_t)count * PAGE;
	size_t low = 0, high = r->pages ? r->pages->count : 0;

	memset(to, STATE_NONE, count);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->pages->at[middle].end > at)
			high = middle;
		else
			low = middle + 1;
	}
	for (; r->pages && low < r->pages->count && r->pages->at[low].start < end; low++) {
		const struct page_run *run = &r->pages->at[low];
		uint64_t from = run->start > at ? run->start : at;
		uint64_t until = run->end < end ? run->end : end;

		memset(to + (from - at) / PAGE, state_of_flags(run->flags), (until - from) / PAGE);
	}
}

// Pages may have come and gone since the scan: pagemap knows better, at a call's price.
static void states_by_pagemap(struct remote *r, uint64_t at, size_t count, unsigned char *to)
{
	uint64_t words[CHUNK];
	ssize_t n = -1;

	if (open_pagemap(r))
		n = pread(r->pagemap_fd, words, count * sizeof(words[0]),
			  (off_t)(at / PAGE * sizeof(words[0])));
	for (size_t i = 0; i < count; i++)
		if (r->no_pagemap)
			to[i] = STATE_UNKNOWN;
		else if (n == 0) // how pagemap of a process that ended answers
			to[i] = STATE_GONE;
		else if (n >= 0 && i < (size_t)n / sizeof(words[0]))
			to[i] = (unsigned char)state_of_flags(pagemap_flags(words[i]));
		else
			to[i] = STATE_NONE;
}

// ---- copying

static ssize_t read_mem(struct remote *r, const struct iovec *from, size_t count, unsigned char *to)
{
	ssize_t sum = 0;

	if (r->mem_fd < 0) {
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/mem", r->pid);
		r->mem_fd = open(path, O_RDONLY | O_CLOEXEC);
		if (r->mem_fd < 0)
			return -1;
	}
	for (size_t i = 0; i < count; i++) {
		ssize_t n = pread(r->mem_fd, to + sum, from[i].iov_len,
				  (off_t)(uintptr_t)from[i].iov_base);

		if (n == 0) { // what /proc/PID/mem says once the process has no memory any more
			errno = ESRCH;
			n = -1;
		}
		if (n < 0)
			return sum ? sum : -1;
		sum += n;
		if ((size_t)n < from[i].iov_len)
			break;
	}
	return sum;
}

// Bytes copied, from the front; -1 with errno when there are none.
static ssize_t read_remote(struct remote *r, const struct iovec *from, size_t count,
			   unsigned char *to)
{
	size_t len = 0;
	ssize_t n;

	for (size_t i = 0; i < count; i++)
		len += from[i].iov_len;
	r->cost.calls++;
	if (!r->no_readv) {
		struct iovec local = { to, len };

		n = process_vm_readv(r->pid, &local, 1, from, count, 0);
		if (n < 0 && (errno == EPERM || errno == ENOSYS))
			r->no_readv = true;
		else
			goto out;
	}
	n = read_mem(r, from, count, to);
out:
	if (n > 0)
		r->cost.bytes += (uint64_t)n;
	return n;
}

static bool fail_read(const struct remote *r, uint64_t at, int os_errno, struct fail *why)
{
	if (os_errno == ESRCH)
		return fail(why, FAIL_GONE, "process %d is gone", r->pid);
	if (os_errno == EPERM || os_errno == EACCES)
		return fail(why, FAIL_DENIED, "the memory of process %d may not be read", r->pid);
	return fail(why, FAIL_ABSENT, "the memory at 0x%" PRIx64 " can't be read: %s", at,
		    strerror(os_errno));
}

// ---- the pool

static bool make_pool(struct remote *r)
{
	if (r->pool)
		return true;
	r->pool = mmap(NULL, (size_t)POOL_PAGES * PAGE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	r->table = mmap(NULL, TABLE_SIZE * sizeof(*r->table), PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (r->pool == MAP_FAILED || r->table == MAP_FAILED) {
		if (r->pool != MAP_FAILED)
			munmap(r->pool, (size_t)POOL_PAGES * PAGE);
		if (r->table != MAP_FAILED)
			munmap(r->table, TABLE_SIZE * sizeof(*r->table));
		r->pool = NULL;
		r->table = NULL;
		return false;
	}
	madvise(r->pool, (size_t)POOL_PAGES * PAGE, MADV_HUGEPAGE);
	return true;
}

static unsigned char *slot(const struct remote *r, uint32_t number)
{
	return r->pool + (size_t)number * PAGE;
}

static struct entry *probe(const struct remote *r, uint64_t page)
{
	size_t i = (size_t)((page * 0x9e3779b97f4a7c15u) >> 40) % TABLE_SIZE;

	// Half of the table is always free, so this ends.
	while (r->table[i].generation == r->generation && r->table[i].page != page)
		i = (i + 1) % TABLE_SIZE;
	return &r->table[i];
}

static const unsigned char *cached(const struct remote *r, uint64_t at)
{
	const struct entry *e;

	if (!r->pool)
		return NULL;
	e = probe(r, at / PAGE);
	return e->generation == r->generation ? slot(r, e->slot) : NULL;
}

// Makes slot `number` the copy of the page at `at`.
static void keep(struct remote *r, uint64_t at, uint32_t number)
{
	struct entry *e = probe(r, at / PAGE);

	*e = (struct entry){ at / PAGE, number, r->generation };
}

// Room for `count` slots in a row at r->used: drops all copies when they don't fit any more.
static void make_room(struct remote *r, size_t count)
{
	if (r->used + count > POOL_PAGES)
		remote_forget(r);
}

// ---- one page and its window

static bool take_zeros(struct remote *r, uint64_t at)
{
	make_room(r, 1);
	memset(slot(r, r->used), 0, PAGE);
	keep(r, at, r->used++);
	return true;
}

// Copies `count` present pages at `at`; true when the page at `wanted` is among what came.
static bool take_present(struct remote *r, uint64_t at, size_t count, uint64_t wanted,
			 struct fail *why)
{
	struct iovec from = { (void *)(uintptr_t)at, count * PAGE };
	ssize_t n;

	make_room(r, count);
	n = read_remote(r, &from, 1, slot(r, r->used));
	if (n < 0 && at == wanted)
		return fail_read(r, at, errno, why);
	for (size_t i = 0; n > 0 && i < (size_t)n / PAGE; i++)
		keep(r, at + i * PAGE, r->used++);
	if (cached(r, wanted))
		return true;
	if (at == wanted)
		return fail_read(r, at, EFAULT, why);
	return take_present(r, wanted, 1, wanted, why);
}

static bool take_from_file(struct remote *r, const struct remote_mapping *m, uint64_t at,
			   struct fail *why)
{
	make_room(r, 1);
	if (!backing_read(r->files, m, at, slot(r, r->used), why))
		return false;
	keep(r, at, r->used++);
	return true;
}

static bool take_unreadable(const struct remote *r, uint64_t at, const char *what, struct fail *why)
{
	return fail(why, FAIL_ABSENT, "the page at 0x%" PRIx64 " is %s", at, what);
}

// Mappings grow after they were listed (malloc's arenas do all the time).  A private anonymous page that
// pagemap calls present is memory and no device, whatever the list says of its address.
static bool take_unlisted(struct remote *r, uint64_t at, const char *what, struct fail *why)
{
	uint64_t word = 0;
	uint32_t flags;

	if (r->mapping_count && open_pagemap(r) &&
	    pread(r->pagemap_fd, &word, sizeof(word), (off_t)(at / PAGE * sizeof(word))) ==
		    sizeof(word)) {
		flags = pagemap_flags(word);
		// A device's pages have no owner that could be exclusive.
		if (flags & PAGE_PRESENT && !(flags & PAGE_FILE) &&
		    word >> PAGEMAP_BIT_EXCLUSIVE & 1)
			return take_present(r, at, 1, at, why);
	}
	return take_unreadable(r, at, what, why);
}

// The copy of the page at `at` (page-aligned).
static bool take_page(struct remote *r, uint64_t at, const unsigned char **out, struct fail *why)
{
	unsigned char states[WINDOW];
	size_t count, self, first, last;
	const struct remote_mapping *m = mapping_at(r, at);
	uint64_t start = at & ~(uint64_t)(WINDOW * PAGE - 1), end = start + WINDOW * PAGE;
	bool taken = false;

	if (m && is_device(m))
		return take_unreadable(r, at, "a device", why);
	if (!make_pool(r))
		return fail(why, FAIL_OS, "no memory for copies of the target's pages");
	if (!m || !m->readable) {
		if (!take_unlisted(r, at, m ? "not readable" : "not mapped", why))
			return false;
		*out = cached(r, at);
		return true;
	}
	if (start < m->start)
		start = m->start;
	if (end > m->end)
		end = m->end;
	count = (size_t)((end - start) / PAGE);
	self = (size_t)((at - start) / PAGE);
	states_by_scan(r, start, count, states);
	if (states[self] != STATE_PRESENT)
		states_by_pagemap(r, start, count, states);

	switch ((enum state)states[self]) {
	case STATE_UNKNOWN:
		taken = take_present(r, at, 1, at, why);
		break;
	case STATE_PRESENT:
		for (first = self; first > 0 && states[first - 1] == STATE_PRESENT &&
				   !cached(r, start + (first - 1) * PAGE);)
			first--;
		for (last = self + 1; last < count && states[last] == STATE_PRESENT &&
				      !cached(r, start + last * PAGE);)
			last++;
		taken = take_present(r, start + first * PAGE, last - first, at, why);
		break;
	case STATE_ZERO:
		taken = take_zeros(r, at);
		break;
	case STATE_AWAY:
		return take_unreadable(r, at, "swapped out or a guard", why);
	case STATE_GONE:
		return fail_read(r, at, ESRCH, why);
	case STATE_NONE:
		if (m->inode)
			taken = take_from_file(r, m, at, why);
		else if (is_private_memory(m))
			taken = take_zeros(r, at);
		else
			return take_unreadable(r, at, "not present", why);
		break;
	}
	if (taken)
		*out = cached(r, at);
	return taken;
}

// ---- the source

// A long read takes runs of present pages straight into the caller's buffer.
static size_t read_direct(struct remote *r, uint64_t at, unsigned char *to, size_t len)
{
	unsigned char states[CHUNK];
	size_t count, run = 0;
	const struct remote_mapping *m = mapping_at(r, at);
	uint64_t end = at + len;
	struct iovec from = { (void *)(uintptr_t)at, 0 };
	ssize_t n;

	if (at % PAGE || !m || !m->readable || is_device(m))
		return 0;
	if (end > m->end)
		end = m->end;
	count = (size_t)((end - at) / PAGE);
	if (count > CHUNK)
		count = CHUNK;
	states_by_scan(r, at, count, states);
	while (run < count && states[run] == STATE_PRESENT)
		run++;
	if (run < WINDOW)
		return 0;
	from.iov_len = run * PAGE;
	n = read_remote(r, &from, 1, to);
	return n > 0 ? (size_t)n / PAGE * PAGE : 0;
}

static bool remote_read(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	struct remote *r = self;
	unsigned char *out = to;
	bool direct = len >= DIRECT;

	while (len) {
		uint64_t page = units_page_down(at);
		size_t skip = (size_t)(at - page), n = PAGE - skip;
		const unsigned char *copy = cached(r, page);
		size_t got = !copy && direct ? read_direct(r, at, out, len) : 0;

		if (got) {
			n = got;
		} else {
			if (!copy && !take_page(r, page, &copy, why))
				return false;
			if (n > len)
				n = len;
			memcpy(out, copy + skip, n);
		}
		at += n;
		out += n;
		len -= n;
	}
	return true;
}

struct batch {
	struct iovec from[BATCH];
	size_t count, pages;
};

static void send_batch(struct remote *r, struct batch *b)
{
	ssize_t n = b->count ? read_remote(r, b->from, b->count, slot(r, r->used)) : 0;
	size_t got = n > 0 ? (size_t)n / PAGE : 0;

	for (size_t i = 0; i < b->count && got; i++)
		for (size_t k = 0; k < b->from[i].iov_len / PAGE && got; k++, got--)
			keep(r, (uintptr_t)b->from[i].iov_base + k * PAGE, r->used++);
	b->count = b->pages = 0;
}

static void add_page(struct remote *r, struct batch *b, uint64_t at)
{
	struct iovec *last = b->count ? &b->from[b->count - 1] : NULL;

	if (last && (uintptr_t)last->iov_base + last->iov_len == at) {
		last->iov_len += PAGE;
	} else {
		if (b->count == BATCH)
			send_batch(r, b);
		b->from[b->count++] = (struct iovec){ (void *)(uintptr_t)at, PAGE };
	}
	b->pages++;
}

static void remote_prefetch(void *self, uint64_t start, uint64_t end)
{
	struct remote *r = self;
	struct batch b = { .count = 0 };
	unsigned char states[CHUNK];

	// Without pagemap a prefetch would fault pages in that nobody will look at.
	if (!open_pagemap(r) || !make_pool(r))
		return;
	start = units_page_down(start);
	end = end > REMOTE_END ? REMOTE_END : units_page_up(end);
	for (size_t i = mapping_above(r, start); i < r->mapping_count; i++) {
		const struct remote_mapping *m = &r->mappings[i];
		uint64_t at = m->start > start ? m->start : start;

		if (m->start >= end)
			break;
		if (!m->readable || is_device(m))
			continue;
		while (at < m->end && at < end) {
			uint64_t until = m->end < end ? m->end : end;
			size_t count = (size_t)((until - at) / PAGE);

			if (count > CHUNK)
				count = CHUNK;
			states_by_scan(r, at, count, states);
			if (!r->pages)
				states_by_pagemap(r, at, count, states);
			for (size_t k = 0; k < count; k++) {
				// A full pool ends the hint: what it holds may be in use.
				if (r->used + b.pages >= POOL_PAGES)
					goto out;
				if (states[k] == STATE_PRESENT && !cached(r, at + k * PAGE))
					add_page(r, &b, at + k * PAGE);
			}
			at += (uint64_t)count * PAGE;
		}
	}
out:
	send_batch(r, &b);
}

const struct memory_source REMOTE_SOURCE = {
	.read = remote_read,
	.prefetch = remote_prefetch,
	.forget = remote_forget,
};
