// SPDX-License-Identifier: Apache-2.0
#include "parse/maps.h"

#include <string.h>

#include "base/arena.h"
#include "base/fail.h"

static bool take_flag(struct span *rest, char set, char clear, bool *out)
{
	if (span_take_char(rest, set))
		*out = true;
	else if (span_take_char(rest, clear))
		*out = false;
	else
		return false;
	return true;
}

static bool take_permissions(struct span *rest, struct mapping *m)
{
	return take_flag(rest, 'r', '-', &m->readable) && take_flag(rest, 'w', '-', &m->writable) &&
	       take_flag(rest, 'x', '-', &m->executable) && take_flag(rest, 's', 'p', &m->shared);
}

static bool take_device(struct span *rest, struct mapping *m)
{
	uint64_t major_number, minor_number;

	if (!span_take_hex(rest, &major_number) || !span_take_char(rest, ':') ||
	    !span_take_hex(rest, &minor_number) || major_number > UINT32_MAX ||
	    minor_number > UINT32_MAX)
		return false;
	m->dev_major = (uint32_t)major_number;
	m->dev_minor = (uint32_t)minor_number;
	return true;
}

// The path is what is left behind the padding, blanks inside it included.
static void take_path(struct span rest, struct arena *mem, struct mapping *m)
{
	static const char DELETED[] = " (deleted)";
	size_t tail = sizeof(DELETED) - 1;

	span_skip_blanks(&rest);
	if (rest.len > tail && !memcmp(rest.at + rest.len - tail, DELETED, tail)) {
		m->deleted = true;
		rest.len -= tail;
	}
	// A NUL inside would make two different paths look the same to whoever opens them.
	if (rest.len && memchr(rest.at, '\0', rest.len))
		rest.len = 0;
	m->path = rest.len ? arena_copy(mem, rest.at, rest.len) : "";
}

static bool parse_line(struct span line, struct arena *mem, uint64_t floor, struct mapping *out)
{
	struct mapping m = { 0 };

	if (!span_take_hex(&line, &m.start) || !span_take_char(&line, '-') ||
	    !span_take_hex(&line, &m.end) || !span_take_char(&line, ' ') ||
	    !take_permissions(&line, &m) || !span_take_char(&line, ' ') ||
	    !span_take_hex(&line, &m.offset) || !span_take_char(&line, ' ') ||
	    !take_device(&line, &m) || !span_take_dec(&line, &m.inode))
		return false;
	if (m.start >= m.end || m.start < floor || m.start % 4096 || m.end % 4096)
		return false;
	take_path(line, mem, &m);
	*out = m;
	return true;
}

bool maps_parse(struct span text, struct arena *mem, struct maps *out, struct fail *why)
{
	VEC(struct mapping) got = { 0 };
	struct span line;
	uint64_t floor = 0;

	for (size_t number = 1; span_take_line(&text, &line); number++) {
		struct mapping m;

		if (!parse_line(line, mem, floor, &m))
			return fail(why, FAIL_CORRUPT, "maps line %zu is not a mapping", number);
		floor = m.end;
		vec_push(mem, &got, m);
	}
	*out = (struct maps){ got.at, got.count };
	return true;
}

const struct mapping *maps_find(const struct maps *maps, uint64_t at)
{
	size_t low = 0, high = maps->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (maps->at[middle].end > at)
			high = middle;
		else
			low = middle + 1;
	}
	return low < maps->count && maps->at[low].start <= at ? &maps->at[low] : NULL;
}

bool mapping_is_anonymous(const struct mapping *m)
{
	return !m->path[0];
}

bool maps_is_loaded(const struct maps *maps, size_t index)
{
	const struct mapping *first = &maps->at[index];

	for (size_t i = index; i < maps->count; i++) {
		const struct mapping *m = &maps->at[i];

		if (mapping_is_anonymous(m))
			continue;
		if (m->inode != first->inode || m->dev_major != first->dev_major ||
		    m->dev_minor != first->dev_minor || (i > index && !m->offset))
			return false;
		if (m->executable)
			return true;
	}
	return false;
}

const char *mapping_file_name(const struct mapping *m)
{
	const char *slash = strrchr(m->path, '/');

	return slash ? slash + 1 : m->path;
}
