// SPDX-License-Identifier: Apache-2.0
// /proc/PID/pagemap, for kernels without PAGEMAP_SCAN: seven times the cost, the same answer but for
// the zero page, which shows only where frame numbers do.
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fail.h"
#include "base/units.h"
#include "os/clock.h"
#include "os/pagemap.h"
#include "os/pagewalk.h"

enum { PAGE = PAGE_SIZE_BYTES };

// Our own untouched page shows the zero page's frame where frames are shown (CAP_SYS_ADMIN).
static uint64_t find_zero_frame(void)
{
	volatile unsigned char *page =
		mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	uint64_t word = 0;

	if ((void *)page != MAP_FAILED && fd >= 0) {
		(void)page[0];
		if (pread(fd, &word, sizeof(word),
			  (off_t)((uintptr_t)page / PAGE * sizeof(word))) != (ssize_t)sizeof(word))
			word = 0;
	}
	if (fd >= 0)
		close(fd);
	if ((void *)page != MAP_FAILED)
		munmap((void *)page, PAGE);
	return word & (((uint64_t)1 << 55) - 1);
}

static uint32_t word_flags(uint64_t word, uint64_t zero_frame)
{
	uint32_t flags = pagemap_flags(word);
	uint64_t frame = word & (((uint64_t)1 << 55) - 1);

	if (!(flags & PAGE_PRESENT) || flags & PAGE_FILE)
		return pagewalk_settled(flags);
	// Without frame numbers a page that is neither exclusive nor a file's is taken for the
	// zero page; pages shared with a child after fork() look the same.
	if (zero_frame ? frame == zero_frame : !(word >> PAGEMAP_BIT_EXCLUSIVE & 1))
		flags |= PAGE_ZERO;
	return pagewalk_settled(flags);
}

static bool read_ranges(struct page_walk *w, uint64_t *words, struct fail *why)
{
	uint64_t zero_frame = find_zero_frame();

	for (size_t i = 0; i < w->count; i++) {
		for (uint64_t at = w->ranges[i].start; at < w->ranges[i].end;) {
			uint64_t left = (w->ranges[i].end - at) / PAGE;
			size_t pages =
				left < PAGEWALK_SLICE_PAGES ? (size_t)left : PAGEWALK_SLICE_PAGES;
			uint64_t since = pagewalk_hold_begins(w);
			ssize_t n = pread(w->fd, words, pages * sizeof(*words),
					  (off_t)(at / PAGE * sizeof(*words)));

			if (n < 0)
				return pagewalk_fail(w, errno, why);
			if (n < (ssize_t)sizeof(*words))
				return fail(why, FAIL_GONE, "process %d has no memory any more",
					    w->pid);
			pages = (size_t)n / sizeof(*words);
			// The kernel drops the lock every 2 MB of the 16 that a call covers.
			pagewalk_hold_ended(w, since + (clock_now_ns() - since) * 7 / 8);
			for (size_t k = 0; k < pages; k++, at += PAGE)
				pagewalk_add(w,
					     (struct page_run){ at, at + PAGE,
								word_flags(words[k], zero_frame) });
		}
	}
	return true;
}

bool pageread_read(struct page_walk *w, struct fail *why)
{
	uint64_t *words = malloc(PAGEWALK_SLICE_PAGES * sizeof(*words));
	bool done = words ? read_ranges(w, words, why)
			  : fail(why, FAIL_OS, "no memory for the page scan");

	free(words);
	return done;
}
