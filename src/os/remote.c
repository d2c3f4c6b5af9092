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
#include <sys/uio.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/units.h"
#include "os/backing.h"
#include "os/pagepool.h"
#include "os/pagestate.h"

enum {
	PAGE = PAGE_SIZE_BYTES,
	WINDOW = 4,         // pages read ahead around a miss
	BATCH = 64,         // ranges of one prefetching call
	GATHER = 512,       // objects of one call
	ASKED = 64,         // pages that pagemap is asked for at once for them
	WINDOWS = 64,       // of these that are kept: objects lie to and fro
	DIRECT = 128 << 10, // reads of this length go past the pool
};

struct remote {
	int pid;
	int mem_fd;    // /proc/PID/mem, once process_vm_readv was refused; else -1
	bool no_readv; // refused by a filter or not in this kernel
	const struct remote_mapping *mappings;
	size_t mapping_count;
	void (*read_mappings)(void *arg);
	void *read_mappings_arg;
	bool mappings_are_new; // since the last forgetting
	struct pagestate_source states;
	struct backing *files;
	struct pagepool pool;
	struct remote_cost cost;
};

struct remote *remote_open(int pid, struct arena *mem)
{
	struct remote *r = arena_new(mem, struct remote);

	*r = (struct remote){
		.pid = pid,
		.mem_fd = -1,
		.states = { .pid = pid, .fd = -1 },
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
	r->mem_fd = -1;
	pagestate_close(&r->states);
	pagepool_close(&r->pool);
	backing_close(r->files);
}

void remote_set_mappings(struct remote *r, const struct remote_mapping *at, size_t count)
{
	r->mappings = at;
	r->mapping_count = count;
}

void remote_set_mapper(struct remote *r, void (*read_mappings)(void *arg), void *arg)
{
	r->read_mappings = read_mappings;
	r->read_mappings_arg = arg;
}

void remote_set_pages(struct remote *r, const struct pages *pages)
{
	r->states.scan = pages;
}

struct remote_cost remote_cost(const struct remote *r)
{
	return r->cost;
}

static void remote_forget(void *self)
{
	struct remote *r = self;

	pagepool_forget(&r->pool);
	r->mappings_are_new = false;
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
	return !m->shared && (!m->path[0] || m->path[0] == '[') &&
	       strcmp(m->path, "[vsyscall]") != 0 && strcmp(m->path, "[vdso]") != 0;
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

// ---- one page and its window

static bool take_zeros(struct remote *r, uint64_t at)
{
	memset(pagepool_take(&r->pool, 1), 0, PAGE);
	pagepool_keep(&r->pool, at);
	return true;
}

// Copies `count` present pages at `at`; true when the page at `wanted` is among what came.
static bool take_present(struct remote *r, uint64_t at, size_t count, uint64_t wanted,
			 struct fail *why)
{
	struct iovec from = { (void *)(uintptr_t)at, count * PAGE };
	ssize_t n = read_remote(r, &from, 1, pagepool_take(&r->pool, count));

	if (n < 0 && at == wanted)
		return fail_read(r, at, errno, why);
	for (size_t i = 0; n > 0 && i < (size_t)n / PAGE; i++)
		pagepool_keep(&r->pool, at + i * PAGE);
	if (pagepool_find(&r->pool, wanted))
		return true;
	if (at == wanted)
		return fail_read(r, at, EFAULT, why);
	return take_present(r, wanted, 1, wanted, why);
}

// Of a library or archive, not of memory that only looks like a file (memfd).
static bool is_deleted_file(const struct remote_mapping *m)
{
	static const char *const OTHERS[] = { "/memfd:", "/dev/" };

	for (size_t i = 0; i < sizeof(OTHERS) / sizeof(OTHERS[0]); i++)
		if (!strncmp(m->path, OTHERS[i], strlen(OTHERS[i])))
			return false;
	return m->deleted && !m->shared && m->path[0] == '/';
}

static bool take_from_file(struct remote *r, const struct remote_mapping *m, uint64_t at,
			   struct fail *why)
{
	if (backing_read(r->files, m, at, pagepool_take(&r->pool, 1), why)) {
		pagepool_keep(&r->pool, at);
		return true;
	}
	return is_deleted_file(m) && take_present(r, at, 1, at, why);
}

static bool take_unreadable(const struct remote *r, uint64_t at, const char *what, struct fail *why)
{
	return fail(why, FAIL_ABSENT, "the page at 0x%" PRIx64 " is %s", at, what);
}

// Mappings grow after they were listed (malloc's arenas do all the time).  A private anonymous page
// that pagemap calls present is memory and no device, whatever the list says of its address.
static bool take_unlisted(struct remote *r, uint64_t at, const char *what, struct fail *why)
{
	if (r->mapping_count && pagestate_is_private(&r->states, at))
		return take_present(r, at, 1, at, why);
	return take_unreadable(r, at, what, why);
}

// A page of a mapping that may be read.
static bool take_listed(struct remote *r, const struct remote_mapping *m, uint64_t at,
			struct fail *why)
{
	unsigned char states[WINDOW];
	uint64_t start = at & ~(uint64_t)(WINDOW * PAGE - 1), end = start + WINDOW * PAGE;
	size_t count, self, first, last;

	if (start < m->start)
		start = m->start;
	if (end > m->end)
		end = m->end;
	count = (size_t)((end - start) / PAGE);
	first = self = (size_t)((at - start) / PAGE);
	last = self + 1;
	pagestate_scanned(&r->states, start, count, states);
	if (states[self] != PAGESTATE_PRESENT)
		pagestate_ask(&r->states, start, count, states);

	switch ((enum pagestate)states[self]) {
	case PAGESTATE_UNKNOWN:
		return take_present(r, at, 1, at, why);
	case PAGESTATE_PRESENT:
		while (first > 0 && states[first - 1] == PAGESTATE_PRESENT &&
		       !pagepool_find(&r->pool, start + (first - 1) * PAGE))
			first--;
		while (last < count && states[last] == PAGESTATE_PRESENT &&
		       !pagepool_find(&r->pool, start + last * PAGE))
			last++;
		return take_present(r, start + first * PAGE, last - first, at, why);
	case PAGESTATE_ZERO:
		return take_zeros(r, at);
	case PAGESTATE_AWAY:
		return take_unreadable(r, at, "swapped out or a guard", why);
	case PAGESTATE_GONE:
		return fail_read(r, at, ESRCH, why);
	case PAGESTATE_NONE:
		break;
	}
	if (m->inode)
		return take_from_file(r, m, at, why);
	return is_private_memory(m) ? take_zeros(r, at)
				    : take_unreadable(r, at, "not present", why);
}

// The copy of the page at `at` (page-aligned), or NULL with `why`.
static const unsigned char *take_page(struct remote *r, uint64_t at, struct fail *why)
{
	const struct remote_mapping *m = mapping_at(r, at);
	bool taken;

	if ((!m || !m->readable) && r->read_mappings && !r->mappings_are_new) {
		r->mappings_are_new = true;
		r->read_mappings(r->read_mappings_arg);
		m = mapping_at(r, at);
	}
	if (m && is_device(m))
		taken = take_unreadable(r, at, "a device", why);
	else if (!pagepool_make(&r->pool))
		taken = fail(why, FAIL_OS, "no memory for copies of the target's pages");
	else if (m && m->readable)
		taken = take_listed(r, m, at, why);
	else
		taken = take_unlisted(r, at, m ? "not readable" : "not mapped", why);
	return taken ? pagepool_find(&r->pool, at) : NULL;
}

// ---- the source

// A long read takes runs of present pages straight into the caller's buffer.
static size_t read_direct(struct remote *r, uint64_t at, unsigned char *to, size_t len)
{
	unsigned char states[PAGESTATE_LIMIT];
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
	if (count > PAGESTATE_LIMIT)
		count = PAGESTATE_LIMIT;
	pagestate_scanned(&r->states, at, count, states);
	while (run < count && states[run] == PAGESTATE_PRESENT)
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
		const unsigned char *copy = pagepool_find(&r->pool, page);
		size_t got = !copy && direct ? read_direct(r, at, out, len) : 0;

		if (got) {
			n = got;
		} else {
			if (!copy)
				copy = take_page(r, page, why);
			if (!copy)
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

// For a few words.  A page that the scan called absent may have come since: pagemap is asked.
static bool remote_read_anew(void *self, uint64_t at, void *to, size_t len, struct fail *why)
{
	struct remote *r = self;
	const struct iovec from = { (void *)(uintptr_t)at, len };
	const struct remote_mapping *m = mapping_at(r, at);
	unsigned char state = PAGESTATE_NONE;

	if (m && m->readable && !is_device(m) &&
	    units_page_down(at) == units_page_down(at + len - 1))
		pagestate_ask(&r->states, units_page_down(at), 1, &state);
	if (state == PAGESTATE_PRESENT && read_remote(r, &from, 1, to) == (ssize_t)len)
		return true;
	pagepool_forget(&r->pool);
	return remote_read(r, at, to, len, why);
}

// ---- many objects

typedef bool memory_reader(void *self, uint64_t at, void *to, size_t len, struct fail *why);

struct gathering {
	struct iovec from[GATHER], to[GATHER];
	size_t count;
	memory_reader *otherwise; // for one that did not come
};

// Copies what was put together; what did not come is read one by one.
static bool send_gathering(struct remote *r, struct gathering *g, struct fail *why)
{
	ssize_t n = 0;
	size_t i = 0;

	if (g->count && !r->no_readv) {
		r->cost.calls++;
		n = process_vm_readv(r->pid, g->to, g->count, g->from, g->count, 0);
		r->cost.bytes += n > 0 ? (uint64_t)n : 0;
	}
	while (i < g->count && n >= (ssize_t)g->from[i].iov_len)
		n -= (ssize_t)g->from[i++].iov_len;
	for (; i < g->count; i++)
		if (!g->otherwise(r, (uintptr_t)g->from[i].iov_base, g->to[i].iov_base,
				  g->to[i].iov_len, why))
			return false;
	g->count = 0;
	return true;
}

// What pagemap says of the pages around objects that the scan knows nothing of: it may not have come
// there yet.
struct asked {
	struct window {
		uint64_t start; // 0: nothing
		unsigned char states[ASKED];
	} windows[WINDOWS];
};

static enum pagestate ask_around(struct remote *r, struct asked *asked, uint64_t page)
{
	uint64_t start = page & ~(uint64_t)(ASKED * PAGE - 1);
	struct window *w = &asked->windows[start / (ASKED * PAGE) % WINDOWS];

	if (w->start != start) {
		pagestate_ask(&r->states, start, ASKED, w->states);
		w->start = start;
	}
	return w->states[(page - start) / PAGE];
}

static bool is_present(struct remote *r, struct asked *asked, uint64_t at, size_t len)
{
	unsigned char state;

	for (uint64_t page = units_page_down(at); page < at + len; page += PAGE) {
		pagestate_scanned(&r->states, page, 1, &state);
		if (state == PAGESTATE_NONE)
			state = ask_around(r, asked, page);
		if (state != PAGESTATE_PRESENT)
			return false;
	}
	return true;
}

// Whether an object can be copied straight from the target, without a page of it being kept.
static bool is_plain(struct remote *r, struct asked *asked, uint64_t at, size_t len, bool anew)
{
	const struct remote_mapping *m = mapping_at(r, at);

	return m && m->readable && !is_device(m) && m->end - at >= len &&
	       (anew || !pagepool_find(&r->pool, units_page_down(at))) &&
	       is_present(r, asked, at, len);
}

static bool remote_gather(void *self, const struct memory_objects *o, void *to, struct fail *why)
{
	struct remote *r = self;
	struct gathering g = { .otherwise = o->anew ? remote_read_anew : remote_read };
	struct asked asked;

	for (size_t i = 0; i < WINDOWS; i++)
		asked.windows[i].start = 0;
	for (size_t i = 0; i < o->count; i++) {
		unsigned char *out = (unsigned char *)to + i * o->len;

		if (!is_plain(r, &asked, o->at[i], o->len, o->anew)) {
			if (!g.otherwise(r, o->at[i], out, o->len, why))
				return false;
			continue;
		}
		g.from[g.count] = (struct iovec){ (void *)(uintptr_t)o->at[i], o->len };
		g.to[g.count++] = (struct iovec){ out, o->len };
		if (g.count == GATHER && !send_gathering(r, &g, why))
			return false;
	}
	return send_gathering(r, &g, why);
}

// ---- pages ahead

struct batch {
	struct iovec from[BATCH];
	size_t count, pages;
};

static void send_batch(struct remote *r, struct batch *b)
{
	ssize_t n = b->count ? read_remote(r, b->from, b->count, pagepool_next(&r->pool)) : 0;
	size_t got = n > 0 ? (size_t)n / PAGE : 0;

	for (size_t i = 0; i < b->count && got; i++)
		for (size_t k = 0; k < b->from[i].iov_len / PAGE && got; k++, got--)
			pagepool_keep(&r->pool, (uintptr_t)b->from[i].iov_base + k * PAGE);
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
	unsigned char states[PAGESTATE_LIMIT];

	// Without pagemap a prefetch would fault pages in that nobody will look at.
	if (!pagestate_open(&r->states) || !pagepool_make(&r->pool))
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

			if (count > PAGESTATE_LIMIT)
				count = PAGESTATE_LIMIT;
			pagestate_scanned(&r->states, at, count, states);
			if (!r->states.scan)
				pagestate_ask(&r->states, at, count, states);
			for (size_t k = 0; k < count; k++) {
				// A full pool ends the hint: what it holds may be in use.
				if (b.pages >= pagepool_left(&r->pool))
					goto out;
				if (states[k] == PAGESTATE_PRESENT &&
				    !pagepool_find(&r->pool, at + k * PAGE))
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
	.gather = remote_gather,
	.forget = remote_forget,
	.read_anew = remote_read_anew,
};
