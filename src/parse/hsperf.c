// SPDX-License-Identifier: Apache-2.0
#include "parse/hsperf.h"

#include <string.h>

#include "base/fail.h"

enum { PROLOGUE = 32, ENTRY = 20, ENTRY_LIMIT = 100000 };
enum { LITTLE_ENDIAN_BYTES = 1, MAJOR_VERSION = 2 };

struct entry {
	uint32_t length;
	char type; // 'J': one 64-bit number, 'B': bytes
	struct span name;
	struct span value;
};

static uint32_t word_at(struct span bytes, size_t at)
{
	uint32_t w;

	memcpy(&w, bytes.at + at, sizeof(w));
	return w;
}

// The entry at `at`, checked: name and value lie inside it, the name ends with a NUL.
static bool read_entry(struct span bytes, size_t at, struct entry *out)
{
	uint32_t name_at, elements, value_at;
	uint64_t value_len;
	const char *nul;

	if (at > bytes.len || bytes.len - at < ENTRY)
		return false;
	out->length = word_at(bytes, at);
	name_at = word_at(bytes, at + 4);
	elements = word_at(bytes, at + 8); // 0: a scalar
	out->type = bytes.at[at + 12];
	value_at = word_at(bytes, at + 16);
	if (out->length < ENTRY || out->length > bytes.len - at || name_at < ENTRY ||
	    name_at >= out->length || value_at < ENTRY || value_at >= out->length)
		return false;
	nul = memchr(bytes.at + at + name_at, '\0', out->length - name_at);
	if (!nul)
		return false;
	value_len = out->type == 'B' ? elements : 8;
	if (value_len > out->length - value_at)
		return false;
	out->name =
		(struct span){ bytes.at + at + name_at, (size_t)(nul - (bytes.at + at + name_at)) };
	out->value = (struct span){ bytes.at + at + value_at, (size_t)value_len };
	return true;
}

bool hsperf_parse(struct span bytes, struct hsperf *out, struct fail *why)
{
	static const unsigned char MAGIC[] = { 0xca, 0xfe, 0xc0, 0xc0 };
	uint32_t first, count;
	size_t at;

	if (bytes.len < PROLOGUE || bytes.len > HSPERF_SIZE_LIMIT ||
	    memcmp(bytes.at, MAGIC, sizeof(MAGIC)) != 0)
		return fail(why, FAIL_CORRUPT, "hsperfdata: not a jvmstat buffer");
	if (bytes.at[4] != LITTLE_ENDIAN_BYTES || bytes.at[5] != MAJOR_VERSION)
		return fail(why, FAIL_ABSENT, "hsperfdata: byte order %d, version %d is not known",
			    bytes.at[4], bytes.at[5]);
	if (!bytes.at[7])
		return fail(why, FAIL_ABSENT, "hsperfdata: the VM is still starting");
	first = word_at(bytes, 24);
	count = word_at(bytes, 28);
	if (first < PROLOGUE || count > ENTRY_LIMIT)
		return fail(why, FAIL_CORRUPT, "hsperfdata: %u entries from offset %u", count,
			    first);
	at = first;
	for (uint32_t i = 0; i < count; i++) {
		struct entry e;

		if (!read_entry(bytes, at, &e))
			return fail(why, FAIL_CORRUPT, "hsperfdata: entry %u leaves the buffer", i);
		at += e.length;
	}
	*out = (struct hsperf){ bytes, first, count };
	return true;
}

static bool find(const struct hsperf *h, const char *name, char type, struct entry *out)
{
	size_t at = h->first;

	for (uint32_t i = 0; i < h->count; i++) {
		if (!read_entry(h->bytes, at, out))
			return false;
		if (out->type == type && span_is(out->name, name))
			return true;
		at += out->length;
	}
	return false;
}

bool hsperf_number(const struct hsperf *h, const char *name, uint64_t *value)
{
	struct entry e;

	if (!find(h, name, 'J', &e))
		return false;
	memcpy(value, e.value.at, sizeof(*value));
	return true;
}

bool hsperf_text(const struct hsperf *h, const char *name, struct span *text)
{
	struct entry e;
	const char *nul;

	if (!find(h, name, 'B', &e))
		return false;
	nul = e.value.len ? memchr(e.value.at, '\0', e.value.len) : NULL;
	*text = e.value;
	if (nul)
		text->len = (size_t)(nul - e.value.at);
	return true;
}
