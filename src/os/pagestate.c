// SPDX-License-Identifier: Apache-2.0
#include "os/pagestate.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/units.h"
#include "os/pagemap.h"
#include "os/pages.h"

enum { PAGE = PAGE_SIZE_BYTES };

bool pagestate_open(struct pagestate_source *s)
{
	char path[64];

	if (s->denied)
		return false;
	if (s->fd >= 0)
		return true;
	snprintf(path, sizeof(path), "/proc/%d/pagemap", s->pid);
	s->fd = open(path, O_RDONLY | O_CLOEXEC);
	s->denied = s->fd < 0;
	return !s->denied;
}

void pagestate_close(struct pagestate_source *s)
{
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

static enum pagestate of_flags(uint32_t flags)
{
	if (flags & PAGE_PRESENT)
		return PAGESTATE_PRESENT;
	if (flags & (PAGE_SWAPPED | PAGE_GUARD))
		return PAGESTATE_AWAY;
	return flags & PAGE_ZERO ? PAGESTATE_ZERO : PAGESTATE_NONE;
}

void pagestate_scanned(const struct pagestate_source *s, uint64_t at, size_t count,
		       unsigned char *to)
{
	uint64_t end = at + (uint64_t)count * PAGE;

	memset(to, PAGESTATE_NONE, count);
	if (!s->scan)
		return;
	for (size_t i = pages_above(s->scan, at); i < s->scan->count; i++) {
		const struct page_run *run = &s->scan->at[i];
		uint64_t from = run->start > at ? run->start : at;
		uint64_t until = run->end < end ? run->end : end;

		if (run->start >= end)
			break;
		memset(to + (from - at) / PAGE, of_flags(run->flags), (until - from) / PAGE);
	}
}

static ssize_t read_words(struct pagestate_source *s, uint64_t at, size_t count, uint64_t *words)
{
	if (!pagestate_open(s))
		return -1;
	return pread(s->fd, words, count * sizeof(*words), (off_t)(at / PAGE * sizeof(*words)));
}

void pagestate_ask(struct pagestate_source *s, uint64_t at, size_t count, unsigned char *to)
{
	uint64_t words[PAGESTATE_LIMIT];
	ssize_t n = read_words(s, at, count, words);

	for (size_t i = 0; i < count; i++) {
		if (s->denied)
			to[i] = PAGESTATE_UNKNOWN;
		else if (n == 0) // how pagemap of a process that ended answers
			to[i] = PAGESTATE_GONE;
		else if (n > 0 && i < (size_t)n / sizeof(words[0]))
			to[i] = (unsigned char)of_flags(pagemap_flags(words[i]));
		else
			to[i] = PAGESTATE_NONE;
	}
}

bool pagestate_is_private(struct pagestate_source *s, uint64_t at)
{
	uint64_t word;
	uint32_t flags;

	if (read_words(s, at, 1, &word) != sizeof(word))
		return false;
	flags = pagemap_flags(word);
	// A device's pages have no owner that could be exclusive.
	return flags & PAGE_PRESENT && !(flags & PAGE_FILE) && word >> PAGEMAP_BIT_EXCLUSIVE & 1;
}
