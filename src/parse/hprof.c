// SPDX-License-Identifier: Apache-2.0
#include "parse/hprof.h"

#include "base/fail.h"

bool hprof_parse_header(struct span file, struct hprof_header *out, struct fail *why)
{
	static const char PHD[] = "portable heap dump";
	size_t n = 0;
	struct hprof_header h = { .len = 0 };

	if (file.len > 2 + sizeof(PHD) && !memcmp(file.at + 2, PHD, sizeof(PHD) - 1))
		return fail(why, FAIL_ABSENT,
			    "this is a PHD heap dump of OpenJ9, which jledger does not read; "
			    "an HPROF dump of HotSpot is needed");
	if (!span_starts(file, "JAVA PROFILE 1.0"))
		return fail(why, FAIL_CORRUPT, "this is no HPROF heap dump");
	while (n < file.len && n < sizeof(h.version) - 1 && file.at[n])
		n++;
	if (n == file.len || file.at[n])
		return fail(why, FAIL_CORRUPT, "the head of the heap dump does not end");
	memcpy(h.version, file.at, n);
	if (!strcmp(h.version, "JAVA PROFILE 1.0.3"))
		return fail(why, FAIL_ABSENT,
			    "this is a heap dump of Android (1.0.3), whose dialect jledger does "
			    "not read; hprof-conv of the Android SDK makes a plain one of it");
	if (file.len - n < 13)
		return fail(why, FAIL_CORRUPT, "the heap dump ends within its head");
	h.id_bytes = hprof_u32((const uint8_t *)file.at + n + 1);
	h.at_ms = hprof_u64((const uint8_t *)file.at + n + 5);
	h.len = n + 13;
	if (h.id_bytes != 4 && h.id_bytes != 8)
		return fail(why, FAIL_CORRUPT, "the heap dump says that ids have %u bytes",
			    h.id_bytes);
	*out = h;
	return true;
}

static bool is_heap(uint8_t tag)
{
	return tag == HPROF_HEAP_DUMP || tag == HPROF_HEAP_SEGMENT;
}

// A segment of length 0 is followed by another record; one whose length was never written by parts.
static bool was_never_closed(const uint8_t *body, const uint8_t *end)
{
	return body < end && !is_heap(*body) && *body != HPROF_HEAP_END;
}

bool hprof_take_record(const uint8_t **at, const uint8_t *end, struct hprof_record *out)
{
	const uint8_t *p = *at;

	if (end - p < 9)
		return false;
	out->tag = p[0];
	out->len = hprof_u32(p + 5);
	out->body = p + 9;
	out->have = (uint64_t)(end - p) - 9;
	if (out->have > out->len &&
	    !(is_heap(out->tag) && !out->len && was_never_closed(out->body, end)))
		out->have = out->len;
	*at = out->body + out->have;
	return true;
}

bool hprof_take_class(const uint8_t **at, const uint8_t *end, unsigned id_bytes,
		      struct hprof_class *out)
{
	const uint8_t *p = *at;
	unsigned head = 8 + 6 * id_bytes;
	unsigned entries;

	if ((uint64_t)(end - p) < head + 2)
		return false;
	out->super = hprof_id(p + 4, id_bytes);
	out->loader = hprof_id(p + 4 + id_bytes, id_bytes);
	out->instance_bytes = hprof_u32(p + 4 + 6 * id_bytes);
	p += head;
	entries = hprof_u16(p);
	p += 2;
	for (unsigned i = 0; i < entries; i++) { // constant pool: index, type, value
		unsigned bytes = end - p < 3 ? 0 : hprof_type_bytes(p[2], id_bytes);

		if (!bytes || end - p < 3 + bytes)
			return false;
		p += 3 + bytes;
	}
	if (end - p < 2)
		return false;
	out->static_count = hprof_u16(p);
	p += 2;
	out->statics = p;
	for (unsigned i = 0; i < out->static_count; i++) {
		unsigned bytes =
			end - p < id_bytes + 1 ? 0 : hprof_type_bytes(p[id_bytes], id_bytes);

		if (!bytes || end - p < id_bytes + 1 + bytes)
			return false;
		p += id_bytes + 1 + bytes;
	}
	if (end - p < 2)
		return false;
	out->field_count = hprof_u16(p);
	p += 2;
	out->fields = p;
	if ((uint64_t)(end - p) < (uint64_t)out->field_count * (id_bytes + 1))
		return false;
	for (unsigned i = 0; i < out->field_count; i++, p += id_bytes + 1)
		if (!hprof_type_bytes(p[id_bytes], id_bytes))
			return false;
	*at = p;
	return true;
}

void hprof_take_static(const uint8_t **at, unsigned id_bytes, struct hprof_static *out)
{
	const uint8_t *p = *at;

	out->name = hprof_id(p, id_bytes);
	out->type = p[id_bytes];
	out->value = p + id_bytes + 1;
	*at = out->value + hprof_type_bytes(out->type, id_bytes);
}

enum hprof_took hprof_take_root(const uint8_t **at, const uint8_t *end, unsigned id_bytes,
				struct hprof_part *out)
{
	const uint8_t *p = *at + 1;
	unsigned bytes = id_bytes;

	switch (out->tag) {
	case HPROF_ROOT_JNI_GLOBAL:
		bytes += id_bytes;
		break;
	case HPROF_ROOT_JNI_LOCAL:
	case HPROF_ROOT_JAVA_FRAME:
	case HPROF_ROOT_THREAD:
		bytes += 8;
		break;
	case HPROF_ROOT_NATIVE_STACK:
	case HPROF_ROOT_THREAD_BLOCK:
		bytes += 4;
		break;
	case HPROF_ROOT_STICKY_CLASS:
	case HPROF_ROOT_MONITOR:
	case HPROF_ROOT_UNKNOWN:
	case HPROF_CLASS:
		break;
	default:
		return HPROF_TOOK_UNKNOWN;
	}
	if ((uint64_t)(end - p) < bytes)
		return HPROF_TOOK_CUT;
	out->id = hprof_id(p, id_bytes);
	out->thread = out->frame = 0;
	out->data = p + id_bytes;
	if (out->tag == HPROF_CLASS) {
		struct hprof_class c;
		const uint8_t *inside = out->data;

		if (!hprof_take_class(&inside, end, id_bytes, &c))
			return HPROF_TOOK_CUT;
		out->len = (uint64_t)(inside - out->data);
		*at = inside;
		return HPROF_TOOK_PART;
	}
	if (bytes >= id_bytes + 4 && out->tag != HPROF_ROOT_JNI_GLOBAL)
		out->thread = hprof_u32(out->data);
	out->frame = bytes == id_bytes + 8 && out->tag != HPROF_ROOT_JNI_GLOBAL
			     ? hprof_u32(out->data + 4)
			     : UINT32_MAX;
	out->len = bytes - id_bytes;
	*at = p + bytes;
	return HPROF_TOOK_PART;
}
