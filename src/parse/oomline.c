// SPDX-License-Identifier: Apache-2.0
#include "parse/oomline.h"

#include <limits.h>

#include "base/units.h"

static uint64_t find_kb(struct span rest, const char *name)
{
	uint64_t n;
	size_t at;

	if (!span_find(rest, name, &at))
		return UINT64_MAX;
	rest = (struct span){ rest.at + at, rest.len - at };
	if (!span_take_text(&rest, name) || !span_take_dec(&rest, &n) ||
	    !span_take_text(&rest, "kB") || n > UINT64_MAX / 1024 - 1)
		return UINT64_MAX;
	return KIB(n);
}

bool oomline_parse(struct span line, struct oomline *out)
{
	struct oomline got = { 0 };
	uint64_t pid;

	if (span_take_text(&line, "Memory cgroup out of memory: "))
		got.cgroup = true;
	else if (!span_take_text(&line, "Out of memory: "))
		return false;
	// "Kill process" up to 4.19 announces, "Killed process" tells.
	if (!span_take_text(&line, "Killed process ") || !span_take_dec(&line, &pid) || !pid ||
	    pid > INT_MAX)
		return false;
	got.pid = (int)pid;
	got.anon_rss = find_kb(line, "anon-rss:");
	got.file_rss = find_kb(line, "file-rss:");
	got.shmem_rss = find_kb(line, "shmem-rss:");
	*out = got;
	return true;
}
