// SPDX-License-Identifier: Apache-2.0
// Is a page of a live process there to be copied?  By the scan, which is cheap and may be old, or by
// /proc/PID/pagemap, which is a call.

#ifndef OS_PAGESTATE_H
#define OS_PAGESTATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct pages;

enum pagestate {
	PAGESTATE_NONE, // nothing there: the file's page, or zeros
	PAGESTATE_PRESENT,
	PAGESTATE_ZERO,
	PAGESTATE_AWAY,    // swapped, or a guard
	PAGESTATE_UNKNOWN, // pagemap is denied
	PAGESTATE_GONE,    // the process has no memory any more
};

enum { PAGESTATE_LIMIT = 512 }; // pages that are asked for at once

struct pagestate_source {
	int pid;
	int fd; // of pagemap; -1: not opened yet, or denied
	bool denied;
	const struct pages *scan; // NULL: none
};

// Opens pagemap unless that was done or refused before.
bool pagestate_open(struct pagestate_source *s);
void pagestate_close(struct pagestate_source *s);
// States (enum pagestate, a byte each) of `count` pages from `at` on, by the scan alone.
void pagestate_scanned(const struct pagestate_source *s, uint64_t at, size_t count,
		       unsigned char *to);
// The same by pagemap alone; `count` at most PAGESTATE_LIMIT.
void pagestate_ask(struct pagestate_source *s, uint64_t at, size_t count, unsigned char *to);
// Whether pagemap calls the page at `at` private anonymous memory that is present: no file's page
// and no device's, whatever a list of mappings says of the address.
bool pagestate_is_private(struct pagestate_source *s, uint64_t at);

#endif
