// SPDX-License-Identifier: Apache-2.0
#include "parse/smaps.h"

#include "base/arena.h"
#include "base/fail.h"

static const struct {
	const char *key;
	size_t field;
} KEYS[] = {
	{ "Rss", offsetof(struct smaps_entry, rss) },
	{ "Pss", offsetof(struct smaps_entry, pss) },
	{ "Anonymous", offsetof(struct smaps_entry, anon) },
	{ "Swap", offsetof(struct smaps_entry, swap) },
	{ "LazyFree", offsetof(struct smaps_entry, lazy_free) },
	{ "AnonHugePages", offsetof(struct smaps_entry, anon_huge) },
	{ "Locked", offsetof(struct smaps_entry, locked) },
	{ "Private_Clean", offsetof(struct smaps_entry, private_clean) },
	{ "Private_Dirty", offsetof(struct smaps_entry, private_dirty) },
	{ "Shared_Clean", offsetof(struct smaps_entry, shared_clean) },
	{ "Shared_Dirty", offsetof(struct smaps_entry, shared_dirty) },
	{ "Private_Hugetlb", offsetof(struct smaps_entry, private_hugetlb) },
	{ "Shared_Hugetlb", offsetof(struct smaps_entry, shared_hugetlb) },
};

// "7f00-7f21 rw-p 00000000 00:00 0   [heap]"; what stands behind the addresses is maps.h's.
static bool parse_mapping(struct span line, uint64_t floor, struct smaps_entry *e)
{
	if (!span_take_hex(&line, &e->start) || !span_take_char(&line, '-') ||
	    !span_take_hex(&line, &e->end) || !span_take_char(&line, ' '))
		return false;
	return e->start < e->end && e->start >= floor;
}

// "Rss:   132 kB".  A key starts with a capital letter, a mapping with a hex digit in lower case.
static bool parse_key(struct span line, struct smaps_entry *e)
{
	struct span key;
	uint64_t kb;

	if (!e || !line.len || *line.at < 'A' || *line.at > 'Z' ||
	    !span_take_until(&line, ':', &key))
		return false;
	for (size_t i = 0; i < sizeof(KEYS) / sizeof(KEYS[0]); i++) {
		if (!span_is(key, KEYS[i].key))
			continue;
		if (!span_take_dec(&line, &kb) || kb > UINT64_MAX / 1024)
			return false;
		*(uint64_t *)((char *)e + KEYS[i].field) = kb * 1024;
		return true;
	}
	return true;
}

bool smaps_parse(struct span text, struct arena *mem, struct smaps *out, struct fail *why)
{
	VEC(struct smaps_entry) got = { 0 };
	struct span line;
	uint64_t floor = 0;

	for (size_t number = 1; span_take_line(&text, &line); number++) {
		struct smaps_entry e = { 0 };

		if (parse_key(line, got.count ? &got.at[got.count - 1] : NULL))
			continue;
		if (!parse_mapping(line, floor, &e))
			return fail(why, FAIL_CORRUPT,
				    "smaps line %zu is neither a mapping nor a key", number);
		floor = e.end;
		vec_push(mem, &got, e);
	}
	*out = (struct smaps){ got.at, got.count };
	return true;
}
