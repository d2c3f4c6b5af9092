// SPDX-License-Identifier: Apache-2.0
// Heap dumps in HPROF form: records, and the parts of the heap inside two kinds of them.
//
// Pure: bytes in, structs out that point into these bytes.  Nothing is trusted: a length that leads
// past the end is cut there and said, an unknown tag inside the heap ends its record, because the
// format gives parts no length of their own.  What is inline here runs once for each object.
// Format: docs/formats/hprof.md.

#ifndef PARSE_HPROF_H
#define PARSE_HPROF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/span.h"

struct fail;

enum hprof_tag {
	HPROF_UTF8 = 0x01,
	HPROF_LOAD_CLASS = 0x02,
	HPROF_FRAME = 0x04,
	HPROF_TRACE = 0x05,
	HPROF_HEAP_DUMP = 0x0c,
	HPROF_HEAP_SEGMENT = 0x1c,
	HPROF_HEAP_END = 0x2c,
};

enum hprof_part_tag {
	HPROF_ROOT_UNKNOWN = 0xff,
	HPROF_ROOT_JNI_GLOBAL = 0x01,
	HPROF_ROOT_JNI_LOCAL = 0x02,
	HPROF_ROOT_JAVA_FRAME = 0x03,
	HPROF_ROOT_NATIVE_STACK = 0x04,
	HPROF_ROOT_STICKY_CLASS = 0x05,
	HPROF_ROOT_THREAD_BLOCK = 0x06,
	HPROF_ROOT_MONITOR = 0x07,
	HPROF_ROOT_THREAD = 0x08,
	HPROF_CLASS = 0x20,
	HPROF_INSTANCE = 0x21,
	HPROF_OBJECTS = 0x22,
	HPROF_PRIMITIVES = 0x23,
};

// Basic types of fields and elements; an id is HPROF_OBJECT.
enum hprof_type {
	HPROF_OBJECT = 2,
	HPROF_BOOLEAN = 4,
	HPROF_CHAR,
	HPROF_FLOAT,
	HPROF_DOUBLE,
	HPROF_BYTE,
	HPROF_SHORT,
	HPROF_INT,
	HPROF_LONG,
	HPROF_TYPES,
};

struct hprof_header {
	char version[32];  // "JAVA PROFILE 1.0.2"
	unsigned id_bytes; // 4 or 8
	uint64_t at_ms;    // since the epoch
	size_t len;        // where the records begin
};

// The file's head.  FAIL_ABSENT for a known format that is none of ours (OpenJ9's PHD, Android's
// dialect), by name; FAIL_CORRUPT for anything else.
bool hprof_parse_header(struct span file, struct hprof_header *out, struct fail *why);

struct hprof_record {
	uint8_t tag;
	uint32_t len;        // as the file says
	const uint8_t *body; // of `have` bytes, which are fewer where the file is cut
	uint64_t have;
};

// The record at `*at`, and `*at` behind it; false at the end.  A heap segment whose length was never
// filled in (0, because the writer was killed) reaches to the end.
bool hprof_take_record(const uint8_t **at, const uint8_t *end, struct hprof_record *out);

struct hprof_part {
	uint8_t tag;
	uint8_t type;   // of PRIMITIVES' elements
	uint32_t count; // elements; of INSTANCE the bytes of its fields
	uint64_t id;
	uint64_t class_id;   // of INSTANCE and OBJECTS
	uint32_t thread;     // roots: serial number of the thread
	uint32_t frame;      // roots: index in its trace (UINT32_MAX: none); of THREAD its trace
	const uint8_t *data; // fields, elements, or of CLASS what stands behind the id
	uint64_t len;        // of `data`
};

enum hprof_took {
	HPROF_TOOK_PART,
	HPROF_TOOK_NONE,    // the end
	HPROF_TOOK_CUT,     // the part leads past the end
	HPROF_TOOK_UNKNOWN, // a tag or type that is none
};

struct hprof_class {
	uint64_t super, loader;
	uint32_t instance_bytes;
	uint32_t static_count, field_count;
	const uint8_t *statics; // walk with hprof_take_static()
	const uint8_t *fields;  // entries of an id (the name) and a type byte
};
struct hprof_static {
	uint64_t name; // id of a UTF8 record
	uint8_t type;
	const uint8_t *value;
};

static inline uint16_t hprof_u16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}
static inline uint32_t hprof_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}
static inline uint64_t hprof_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}
static inline uint64_t hprof_id(const uint8_t *p, unsigned id_bytes)
{
	return id_bytes == 8 ? hprof_u64(p) : hprof_u32(p);
}
// Bytes of a value in the dump; 0: no such type.
static inline unsigned hprof_type_bytes(unsigned type, unsigned id_bytes)
{
	static const uint8_t BYTES[HPROF_TYPES] = {
		[HPROF_BOOLEAN] = 1, [HPROF_CHAR] = 2,  [HPROF_FLOAT] = 4, [HPROF_DOUBLE] = 8,
		[HPROF_BYTE] = 1,    [HPROF_SHORT] = 2, [HPROF_INT] = 4,   [HPROF_LONG] = 8,
	};

	return type == HPROF_OBJECT ? id_bytes : type < HPROF_TYPES ? BYTES[type] : 0;
}

// A CLASS part's inside; false where it leads past `end` or holds a type that is none.  `*at` is where
// its data begins, and behind it afterwards.
bool hprof_take_class(const uint8_t **at, const uint8_t *end, unsigned id_bytes,
		      struct hprof_class *out);
// The next static field of a class that hprof_take_class() took.
void hprof_take_static(const uint8_t **at, unsigned id_bytes, struct hprof_static *out);
// The parts that are neither objects nor unknown: for hprof_take_part().
enum hprof_took hprof_take_root(const uint8_t **at, const uint8_t *end, unsigned id_bytes,
				struct hprof_part *out);

// The part at `*at`, and `*at` behind it; where none was taken `*at` stays.
static inline enum hprof_took hprof_take_part(const uint8_t **at, const uint8_t *end,
					      unsigned id_bytes, struct hprof_part *out)
{
	const uint8_t *p = *at;
	uint64_t left = (uint64_t)(end - p);
	unsigned head, each = 1;

	if (!left)
		return HPROF_TOOK_NONE;
	out->tag = *p;
	switch (*p) {
	case HPROF_INSTANCE:
	case HPROF_OBJECTS:
		head = 9 + 2 * id_bytes;
		if (left < head)
			return HPROF_TOOK_CUT;
		out->id = hprof_id(p + 1, id_bytes);
		if (*p == HPROF_INSTANCE) {
			out->class_id = hprof_id(p + 5 + id_bytes, id_bytes);
			out->count = hprof_u32(p + 5 + 2 * id_bytes);
		} else {
			out->count = hprof_u32(p + 5 + id_bytes);
			out->class_id = hprof_id(p + 9 + id_bytes, id_bytes);
			each = id_bytes;
		}
		break;
	case HPROF_PRIMITIVES:
		head = 10 + id_bytes;
		if (left < head)
			return HPROF_TOOK_CUT;
		out->id = hprof_id(p + 1, id_bytes);
		out->count = hprof_u32(p + 5 + id_bytes);
		out->type = p[9 + id_bytes];
		each = out->type < HPROF_BOOLEAN ? 0 : hprof_type_bytes(out->type, id_bytes);
		if (!each)
			return HPROF_TOOK_UNKNOWN;
		break;
	default:
		return hprof_take_root(at, end, id_bytes, out);
	}
	out->data = p + head;
	out->len = (uint64_t)out->count * each;
	if (left - head < out->len)
		return HPROF_TOOK_CUT;
	*at = p + head + out->len;
	return HPROF_TOOK_PART;
}

#endif
