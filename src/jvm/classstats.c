// SPDX-License-Identifier: Apache-2.0
#include "jvm/classstats.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "base/units.h"
#include "jvm/classes.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

enum {
	WORD = 8,
	TABLE_LIMIT = 1 << 20,   // words of a vtable, itable or oop map
	ARRAY_LIMIT = 1 << 24,   // bytes of an array in Metaspace
	METHOD_LIMIT = 1 << 16,  // methods of a class: the class file counts them in u2
	CODE_LIMIT = 1 << 16,    // words of a ConstMethod
	PROFILE_LIMIT = 1 << 24, // bytes of a MethodData
	PROFILE_HINT = 20,       // an offset into its data
	ACC_INTERFACE = 0x200,
	ACC_NATIVE = 0x100,
	TAG_CLASS = 7, // JVM_CONSTANT_Class and, once loaded, its unresolved kinds
	TAG_UNRESOLVED_CLASS = 100,
	TAG_CLASS_INDEX = 101,
	TAG_UNRESOLVED_CLASS_IN_ERROR = 103,
};

// The class that is read.
struct reading {
	const struct classstats *s;
	struct classstats_sizes *out;
	enum classstats_part part; // that is read now
	struct fail *why;
	uint64_t ro, rw;               // without the parts that may be unknown
	const struct mapping *archive; // JDK 8, 11: the mapping of the address before
};

static uint64_t rounded(uint64_t bytes)
{
	return (bytes + WORD - 1) / WORD * WORD;
}

static uint64_t aligned(const struct reading *r, uint64_t bytes)
{
	uint64_t to = r->s->metadata_alignment;

	return (bytes + to - 1) / to * to;
}

static uint64_t word(const uint8_t *record, uint64_t offset)
{
	uint64_t w;

	memcpy(&w, record + offset, sizeof(w));
	return w;
}

static uint64_t field(const struct reading *r, const uint8_t *record, enum field_id id)
{
	return hotspot_has_offset(r->s->vm, id) ? word(record, r->s->vm->field[id]->offset) : 0;
}

static uint32_t field32(const struct reading *r, const uint8_t *record, enum field_id id)
{
	return (uint32_t)field(r, record, id);
}

static bool bad(struct reading *r, const char *what, uint64_t at)
{
	return fail(r->why, FAIL_CORRUPT, "layout unknown: %s at 0x%" PRIx64, what, at);
}

// JDK 8 and 11 have no bounds of their archives, but map a file there.
static bool is_archived(struct reading *r, uint64_t at)
{
	if (r->s->archive_end)
		return at >= r->s->archive_start && at < r->s->archive_end;
	if (!r->archive || at < r->archive->start || at >= r->archive->end)
		r->archive = maps_find(r->s->vm->maps, at);
	return r->archive && r->archive->inode;
}

static void add(struct reading *r, uint64_t at, uint64_t bytes)
{
	if (!is_archived(r, at))
		r->out->metaspace += bytes;
}

// ---- reading: a class's parts lie in few pages, many small ones in each

// The copy of a page; NULL where not all of it can be read.
static const uint8_t *page_of(struct reading *r, uint64_t page)
{
	struct classstats_page *p = &r->s->pages[page / PAGE_SIZE_BYTES % CLASSSTATS_PAGES];

	if (p->at == page)
		return p->bytes;
	p->at = 0;
	if (!memory_read(r->s->vm->memory, page, p->bytes, sizeof(p->bytes), NULL))
		return NULL;
	p->at = page;
	return p->bytes;
}

static bool take(struct reading *r, uint64_t at, void *to, size_t len)
{
	uint64_t page = units_page_down(at);
	const uint8_t *copy = at - page + len <= PAGE_SIZE_BYTES && page ? page_of(r, page) : NULL;

	if (!copy)
		return memory_read(r->s->vm->memory, at, to, len, r->why);
	memcpy(to, copy + (at - page), len);
	return true;
}

static bool take64(struct reading *r, uint64_t at, uint64_t *to)
{
	return take(r, at, to, sizeof(*to));
}

static bool take32(struct reading *r, uint64_t at, uint32_t *to)
{
	return take(r, at, to, sizeof(*to));
}

static bool take16(struct reading *r, uint64_t at, uint16_t *to)
{
	return take(r, at, to, sizeof(*to));
}

static bool take8(struct reading *r, uint64_t at, uint8_t *to)
{
	return take(r, at, to, sizeof(*to));
}

void classstats_forget(const struct classstats *s)
{
	for (size_t i = 0; i < CLASSSTATS_PAGES; i++)
		s->pages[i].at = 0;
	memory_forget(s->vm->memory);
}

static bool read_head(struct reading *r, uint64_t at, void *to, size_t len, const char *what)
{
	return hotspot_is_pointer(at)
		       ? take(r, at, to, len) || fail_while(r->why, "reading %s", what)
		       : bad(r, what, at);
}

// A record with a word of zeros behind it: its last members are read as words, too.
static bool read_record(struct reading *r, uint64_t at, uint8_t *to, uint64_t len, const char *what)
{
	memset(to + len, 0, WORD);
	return read_head(r, at, to, len, what);
}

// ---- arrays of Metaspace: the length, padded to where elements begin, and at least one element

// What an array takes; 0 where it is null or one of the VM's shared empty ones.  It may be another
// class's, too.
static bool shared_bytes(struct reading *r, uint64_t at, uint64_t width, uint64_t *bytes)
{
	uint64_t head = width < WORD ? WORD : WORD + width;
	uint32_t length;

	*bytes = 0;
	if (!at)
		return true;
	if (!read_head(r, at, &length, sizeof(length), "an array"))
		return false;
	if (length > ARRAY_LIMIT / width)
		return bad(r, "an array", at);
	if (!length)
		return true;
	*bytes = rounded(head + (length - 1) * width);
	return true;
}

static bool array_bytes(struct reading *r, uint64_t at, uint64_t width, uint64_t *bytes)
{
	if (!shared_bytes(r, at, width, bytes))
		return false;
	if (*bytes)
		add(r, at, *bytes);
	return true;
}

static bool array_of(struct reading *r, const uint8_t *record, enum field_id id, uint64_t width,
		     uint64_t *bytes)
{
	return array_bytes(r, field(r, record, id), width, bytes);
}

// ---- annotations

// Annotations are a class file's own bytes: their number, of two bytes, comes first.
static bool annotation_bytes(struct reading *r, uint64_t at, uint64_t *bytes)
{
	uint8_t head[6];

	if (!array_bytes(r, at, 1, bytes))
		return false;
	if (!*bytes)
		return true;
	if (!read_head(r, at, head, sizeof(head), "annotations"))
		return false;
	// An annotation has four bytes at least; the length is the VM's, the number big-endian.
	if (((uint64_t)head[4] << 8 | head[5]) * 4 + 2 > *bytes)
		return bad(r, "annotations", at);
	return true;
}

// An array of annotations, one for each field, null where it has none.
static bool annotations_bytes(struct reading *r, uint64_t at, uint64_t *bytes)
{
	uint64_t sum, one;
	uint32_t length;

	if (!array_bytes(r, at, WORD, &sum))
		return false;
	if (sum && !read_head(r, at, &length, sizeof(length), "annotations of fields"))
		return false;
	for (uint64_t i = 0; sum && i < length; i++) {
		uint64_t element;

		if (!take64(r, at + WORD + i * WORD, &element) ||
		    !annotation_bytes(r, element, &one))
			return false;
		sum += one;
	}
	*bytes = sum;
	return true;
}

static bool read_annotations(struct reading *r, const uint8_t *klass)
{
	struct classstats_sizes *o = r->out;
	uint64_t at = field(r, klass, FIELD_IK_ANNOTATIONS), w[4];

	if (!at)
		return true;
	for (int i = 0; i < 4; i++)
		if (!hotspot_is_pointer(at) || !take64(r, at + r->s->annotations[i], &w[i]))
			return bad(r, "annotations", at);
	if (!annotation_bytes(r, w[0], &o->class_annotations) ||
	    !annotations_bytes(r, w[1], &o->fields_annotations) ||
	    !annotation_bytes(r, w[2], &o->class_type_annotations) ||
	    !annotations_bytes(r, w[3], &o->fields_type_annotations))
		return false;
	add(r, at, r->s->sizeof_annotations);
	o->annotations = r->s->sizeof_annotations + o->class_annotations + o->fields_annotations +
			 o->class_type_annotations + o->fields_type_annotations;
	return true;
}

// ---- methods

// Pointers to a method's annotations stand at the end of its ConstMethod, the last one first.
static bool read_method_annotations(struct reading *r, uint64_t end, uint64_t flags)
{
	uint64_t *const of[] = { &r->out->methods_annotations, &r->out->parameter_annotations,
				 &r->out->methods_type_annotations, &r->out->default_annotations };
	uint64_t slot = end;

	for (int i = 0; i < 4; i++) {
		uint64_t at, bytes;

		if (!(flags & r->s->annotation_flags[i]))
			continue;
		slot -= WORD;
		// A default value and parameters' annotations begin otherwise than with a number.
		if (!take64(r, slot, &at) ||
		    !(i % 2 ? array_bytes(r, at, 1, &bytes) : annotation_bytes(r, at, &bytes)))
			return false;
		*of[i] += bytes;
	}
	return true;
}

static bool read_const_method(struct reading *r, uint64_t at, uint64_t pool)
{
	struct classstats_sizes *o = r->out;
	uint8_t record[CLASSSTATS_RECORD];
	uint64_t words, stackmap;

	if (!read_record(r, at, record, r->s->sizeof_const, "a method"))
		return false;
	words = field32(r, record, FIELD_CONST_WORDS);
	if (words * WORD < r->s->sizeof_const || words > CODE_LIMIT ||
	    (pool && field(r, record, FIELD_CONST_CONSTANTS) != pool))
		return bad(r, "a method", at);
	o->const_method += words * WORD;
	o->bytecodes += (uint16_t)field(r, record, FIELD_CONST_CODE_SIZE);
	add(r, at, words * WORD);
	if (!array_of(r, record, FIELD_CONST_STACKMAP, 1, &stackmap))
		return false;
	o->stackmap += stackmap;
	if (r->s->unknown[CLASSSTATS_METHOD_ANNOTATIONS])
		return true;
	r->part = CLASSSTATS_METHOD_ANNOTATIONS;
	if (!read_method_annotations(r, at + words * WORD, field32(r, record, FIELD_CONST_FLAGS)))
		return false;
	r->part = CLASSSTATS_WHOLE;
	return true;
}

static bool read_profile(struct reading *r, uint64_t at, uint64_t method)
{
	uint64_t own;
	uint32_t size, hint = 0;

	if (!hotspot_is_pointer(at) ||
	    !take64(r, hotspot_at(r->s->vm, FIELD_PROFILE_METHOD, at), &own) ||
	    !take32(r, at + r->s->profile_size, &size) ||
	    (!hotspot_has_offset(r->s->vm, FIELD_PROFILE_SIZE) &&
	     !take32(r, at + PROFILE_HINT, &hint)))
		return bad(r, "a method's profile", at);
	if (own != method || size < 16 || size > PROFILE_LIMIT || hint > size)
		return bad(r, "a method's profile", at);
	r->out->method_data += aligned(r, rounded(size));
	add(r, at, aligned(r, rounded(size)));
	return true;
}

static uint64_t method_bytes(const struct reading *r, const uint8_t *record)
{
	uint64_t bytes = r->s->sizeof_method;

	if (hotspot_has_offset(r->s->vm, FIELD_METHOD_WORDS)) // JDK 8 says it
		return (uint64_t)(uint16_t)field(r, record, FIELD_METHOD_WORDS) * WORD;
	if (field(r, record, FIELD_METHOD_ACCESS) & ACC_NATIVE)
		bytes += 2 * (uint64_t)WORD; // its function, and the handler of its signature
	return bytes;
}

static bool read_method(struct reading *r, uint64_t at, uint64_t pool)
{
	struct classstats_sizes *o = r->out;
	uint8_t record[CLASSSTATS_RECORD];
	uint64_t bytes, profile, counters;

	if (!read_record(r, at, record, r->s->sizeof_method, "a method"))
		return false;
	bytes = method_bytes(r, record);
	if (bytes < r->s->sizeof_method || bytes > r->s->sizeof_method + 4 * (uint64_t)WORD)
		return bad(r, "a method", at);
	o->method += bytes;
	add(r, at, bytes);
	counters = field(r, record, FIELD_METHOD_COUNTERS);
	if (counters) {
		o->others += r->s->sizeof_counters;
		add(r, counters, r->s->sizeof_counters);
	}
	if (!read_const_method(r, field(r, record, FIELD_METHOD_CONST), pool))
		return false;
	profile = field(r, record, FIELD_METHOD_DATA);
	if (!profile || r->s->unknown[CLASSSTATS_METHOD_DATA])
		return true;
	r->part = CLASSSTATS_METHOD_DATA;
	if (!read_profile(r, profile, at))
		return false;
	r->part = CLASSSTATS_WHOLE;
	return true;
}

static bool read_methods(struct reading *r, const uint8_t *klass, uint64_t pool)
{
	uint64_t array = field(r, klass, FIELD_IK_METHODS);
	uint64_t methods[256];
	uint32_t length = 0;

	if (!array_of(r, klass, FIELD_IK_METHODS, WORD, &r->out->methods_array))
		return false;
	if (array && !take32(r, array, &length))
		return false;
	if (length > METHOD_LIMIT)
		return bad(r, "an array of methods", array);
	for (uint32_t i = 0; i < length; i += 256) {
		uint32_t n = length - i < 256 ? length - i : 256;

		if (!take(r, array + WORD + (uint64_t)i * WORD, methods, n * sizeof(*methods)))
			return false;
		for (uint32_t k = 0; k < n; k++) {
			if (!methods[k])
				continue;
			r->out->method_count++;
			if (!read_method(r, methods[k], pool))
				return false;
		}
	}
	return true;
}

// ---- the constant pool

// Entries that were resolved, of a type with a row of its own: at the array's first element.
static bool entries_bytes(struct reading *r, const uint8_t *cache, enum field_id id,
			  const char *type, uint64_t *bytes)
{
	uint64_t size = vmstructs_size(r->s->vm->tables, type);

	*bytes = 0;
	return !size || array_of(r, cache, id, size, bytes);
}

static bool read_cache(struct reading *r, uint64_t at)
{
	static const struct {
		enum field_id id;
		const char *type;
	} ENTRIES[] = {
		{ FIELD_CACHE_INDYS, "ResolvedIndyEntry" },
		{ FIELD_CACHE_FIELDS, "ResolvedFieldEntry" },
		{ FIELD_CACHE_METHODS, "ResolvedMethodEntry" },
	};
	struct classstats_sizes *o = r->out;
	uint8_t record[CLASSSTATS_RECORD];
	uint64_t bytes = r->s->sizeof_cache;
	uint32_t length;

	if (!at)
		return true;
	if (!read_record(r, at, record, r->s->sizeof_cache, "a constant pool's cache"))
		return false;
	length = field32(r, record, FIELD_CACHE_LENGTH);
	if (length > METHOD_LIMIT * 4)
		return bad(r, "a constant pool's cache", at);
	bytes = aligned(r, bytes + length * r->s->sizeof_entry);
	add(r, at, bytes);
	o->cache = bytes;
	for (size_t i = 0; i < sizeof(ENTRIES) / sizeof(*ENTRIES); i++) {
		if (!entries_bytes(r, record, ENTRIES[i].id, ENTRIES[i].type, &bytes))
			return false;
		o->cache += bytes;
	}
	return !hotspot_has_offset(r->s->vm, FIELD_CACHE_REFERENCE_MAP) ||
	       array_of(r, record, FIELD_CACHE_REFERENCE_MAP, 2, &o->reference_map);
}

// Bootstrap methods and their arguments: an array of u2, or (JDK 25) one of offsets beside it.
static bool read_operands(struct reading *r, const uint8_t *pool)
{
	const struct vmstructs_field *f = r->s->vm->field[FIELD_CP_BOOTSTRAPS];
	uint64_t offsets;

	if (!hotspot_has_offset(r->s->vm, FIELD_CP_BOOTSTRAPS))
		return array_of(r, pool, FIELD_CP_OPERANDS, 2, &r->out->operands);
	if (!array_bytes(r, word(pool, f->offset), 4, &offsets) ||
	    !array_bytes(r, word(pool, f->offset + WORD), 2, &r->out->operands))
		return false;
	r->out->operands += offsets;
	return true;
}

static bool read_pool(struct reading *r, uint64_t at, uint64_t klass_at)
{
	struct classstats_sizes *o = r->out;
	uint8_t record[CLASSSTATS_RECORD];
	uint64_t length, resolved;

	if (!read_record(r, at, record, r->s->sizeof_pool, "a constant pool"))
		return false;
	length = field32(r, record, FIELD_CP_LENGTH);
	if (length > METHOD_LIMIT || field(r, record, FIELD_CP_HOLDER) != klass_at)
		return bad(r, "a constant pool", at);
	o->pool = aligned(r, r->s->sizeof_pool + length * WORD);
	add(r, at, o->pool);
	if (!array_of(r, record, FIELD_CP_TAGS, 1, &o->tags) ||
	    !array_of(r, record, FIELD_CP_RESOLVED_KLASSES, WORD, &resolved))
		return false;
	o->others += resolved;
	if (r->s->unknown[CLASSSTATS_POOL])
		return true;
	r->part = CLASSSTATS_POOL;
	if (!read_operands(r, record) ||
	    (hotspot_has_offset(r->s->vm, FIELD_CP_REFERENCE_MAP) &&
	     !array_of(r, record, FIELD_CP_REFERENCE_MAP, 2, &o->reference_map)) ||
	    !read_cache(r, field(r, record, FIELD_CP_CACHE)))
		return false;
	r->part = CLASSSTATS_WHOLE;
	return true;
}

// ---- the class

static bool is_class_tag(uint8_t tag)
{
	return tag == TAG_CLASS || tag == TAG_UNRESOLVED_CLASS || tag == TAG_CLASS_INDEX ||
	       tag == TAG_UNRESOLVED_CLASS_IN_ERROR;
}

// Nest members are indices of classes in the constant pool: each must lead to one.
static bool read_nest_members(struct reading *r, const uint8_t *klass, uint64_t pool)
{
	uint64_t at = word(klass, r->s->nest_members), tags;
	uint32_t length, pool_length;
	uint16_t index;
	uint8_t tag;

	if (!array_bytes(r, at, 2, &r->out->nest_members))
		return false;
	if (!r->out->nest_members || hotspot_has_offset(r->s->vm, FIELD_IK_NEST_MEMBERS))
		return true;
	if (!take64(r, hotspot_at(r->s->vm, FIELD_CP_TAGS, pool), &tags) ||
	    !take32(r, tags, &pool_length) || !take32(r, at, &length))
		return false;
	for (uint32_t i = 0; i < length; i++)
		if (!take16(r, at + 4 + 2 * (uint64_t)i, &index) || index >= pool_length ||
		    !take8(r, tags + 4 + index, &tag) || !is_class_tag(tag))
			return bad(r, "nest members", at);
	return true;
}

// The lists of super types: one array may be several of them, and a class that adds no interface has
// its super class's.
static bool read_super_types(struct reading *r, const uint8_t *klass)
{
	const uint64_t secondary = field(r, klass, FIELD_KLASS_SECONDARY_SUPERS);
	const uint64_t local = field(r, klass, FIELD_IK_LOCAL_INTERFACES);
	const uint64_t all = field(r, klass, FIELD_IK_TRANSITIVE_INTERFACES);
	const uint64_t super = field(r, klass, FIELD_KLASS_SUPER);
	struct classstats_sizes *o = r->out;
	uint64_t of_super = 0, secondary_of_super = 0;

	if (!shared_bytes(r, secondary, WORD, &o->secondary_supers) ||
	    !shared_bytes(r, local, WORD, &o->local_interfaces) ||
	    !shared_bytes(r, all, WORD, &o->transitive_interfaces))
		return false;
	if (hotspot_is_pointer(super)) {
		take64(r, hotspot_at(r->s->vm, FIELD_IK_TRANSITIVE_INTERFACES, super), &of_super);
		take64(r, hotspot_at(r->s->vm, FIELD_KLASS_SECONDARY_SUPERS, super),
		       &secondary_of_super);
	}
	if (local != of_super && o->local_interfaces)
		add(r, local, o->local_interfaces);
	if (all != local && all != of_super && o->transitive_interfaces)
		add(r, all, o->transitive_interfaces);
	if (secondary != all && secondary != local && secondary != of_super &&
	    secondary != secondary_of_super && o->secondary_supers)
		add(r, secondary, o->secondary_supers);
	return true;
}

static bool read_arrays(struct reading *r, const uint8_t *klass)
{
	struct classstats_sizes *o = r->out;
	uint64_t methods, indices;
	bool old = hotspot_has_offset(r->s->vm, FIELD_IK_FIELDS);

	if (!read_super_types(r, klass) ||
	    !array_of(r, klass, FIELD_IK_METHOD_ORDERING, 4, &o->method_ordering) ||
	    !array_of(r, klass, old ? FIELD_IK_FIELDS : FIELD_IK_FIELD_STREAM, old ? 2 : 1,
		      &o->fields) ||
	    !array_of(r, klass, FIELD_IK_INNER_CLASSES, 2, &o->inner_classes) ||
	    !array_of(r, klass, FIELD_IK_DEFAULT_METHODS, WORD, &methods) ||
	    !array_of(r, klass, FIELD_IK_DEFAULT_INDICES, 4, &indices))
		return false;
	o->others += methods + indices;
	return true;
}

// JDK 9 to 16 keep the class file's length and checksum behind the Klass of archived classes, where they
// were built with AOT; else the next object begins there, with the address of its virtual table.
static bool has_fingerprint(struct reading *r, uint64_t klass_end)
{
	enum { LENGTH_LEAST = 64, LENGTH_MOST = 1 << 26 };
	uint64_t w;

	return r->s->may_have_fingerprint && is_archived(r, klass_end) &&
	       take64(r, klass_end, &w) && w >> 32 >= LENGTH_LEAST && w >> 32 <= LENGTH_MOST &&
	       !maps_find(r->s->vm->maps, w);
}

static bool read_tables(struct reading *r, const uint8_t *klass, uint64_t at, bool hidden)
{
	struct classstats_sizes *o = r->out;
	uint64_t vtable = field32(r, klass, FIELD_KLASS_VTABLE_LENGTH);
	uint64_t itable = field32(r, klass, FIELD_IK_ITABLE_LENGTH);
	uint64_t map = field32(r, klass, FIELD_IK_OOP_MAP_SIZE);
	uint64_t words = 0;

	if (vtable > TABLE_LIMIT || itable > TABLE_LIMIT || map > TABLE_LIMIT)
		return bad(r, "a class's tables", at);
	// An interface has the one class that implements it behind its tables, an anonymous class its
	// host.
	words += (field(r, klass, FIELD_KLASS_ACCESS) & ACC_INTERFACE) != 0;
	words += hidden && r->s->has_host_word;
	o->vtable = vtable * WORD;
	o->itable = itable * WORD;
	o->oop_map = map * WORD;
	o->klass = r->s->sizeof_klass + (vtable + itable + map + words) * WORD;
	if (has_fingerprint(r, at + o->klass))
		o->klass += WORD;
	o->klass = aligned(r, o->klass);
	return true;
}

static bool read_instance_class(struct reading *r, const struct hotspot_class *c,
				const uint8_t *klass, bool hidden)
{
	struct classstats_sizes *o = r->out;
	uint64_t pool = field(r, klass, FIELD_IK_CONSTANTS);
	uint64_t statics = field32(r, klass, FIELD_IK_STATIC_FIELD_SIZE);

	if (!read_tables(r, klass, c->at, hidden))
		return false;
	o->inst_size = field32(r, klass, FIELD_KLASS_LAYOUT) / WORD * WORD;
	if (statics > TABLE_LIMIT)
		return bad(r, "a class's statics", c->at);
	o->mirror += statics * WORD;
	o->super_at = field(r, klass, FIELD_KLASS_SUPER);
	if (!read_arrays(r, klass) || !read_pool(r, pool, c->at) || !read_methods(r, klass, pool))
		return false;
	if (!r->s->unknown[CLASSSTATS_ANNOTATIONS]) {
		r->part = CLASSSTATS_ANNOTATIONS;
		if (!read_annotations(r, klass))
			return false;
	}
	if (!r->s->unknown[CLASSSTATS_NEST_MEMBERS] && r->s->nest_members) {
		r->part = CLASSSTATS_NEST_MEMBERS;
		if (!read_nest_members(r, klass, pool))
			return false;
	}
	r->part = CLASSSTATS_WHOLE;
	return true;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
	return a == CLASSSTATS_UNKNOWN || b == CLASSSTATS_UNKNOWN ? CLASSSTATS_UNKNOWN : a + b;
}

static uint64_t sum_of(const uint64_t *values, size_t count)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < count; i++)
		sum = plus(sum, values[i]);
	return sum;
}
#define SUM(...) sum_of((const uint64_t[]){ __VA_ARGS__ }, sizeof((uint64_t[]){ __VA_ARGS__ }) / 8)

static void forget_unknown(const struct classstats *s, struct classstats_sizes *o)
{
	if (s->unknown[CLASSSTATS_MIRROR])
		o->mirror = CLASSSTATS_UNKNOWN;
	if (s->unknown[CLASSSTATS_NEST_MEMBERS])
		o->nest_members = CLASSSTATS_UNKNOWN;
	if (s->unknown[CLASSSTATS_POOL])
		o->operands = o->reference_map = o->cache = CLASSSTATS_UNKNOWN;
	if (s->unknown[CLASSSTATS_METHOD_DATA])
		o->method_data = CLASSSTATS_UNKNOWN;
	if (s->unknown[CLASSSTATS_ANNOTATIONS])
		o->class_annotations = o->class_type_annotations = o->fields_annotations =
			o->fields_type_annotations = o->annotations = CLASSSTATS_UNKNOWN;
	if (s->unknown[CLASSSTATS_METHOD_ANNOTATIONS])
		o->methods_annotations = o->parameter_annotations = o->methods_type_annotations =
			o->default_annotations = CLASSSTATS_UNKNOWN;
}

// As the VM summed them: annotations of methods are in none but these.
static void sum_up(struct classstats_sizes *o)
{
	uint64_t of_methods = SUM(o->methods_annotations, o->parameter_annotations,
				  o->methods_type_annotations, o->default_annotations);

	o->pool_all = SUM(o->pool, o->tags, o->cache, o->operands, o->reference_map);
	o->method_all = SUM(o->method, o->const_method, o->stackmap, o->method_data, of_methods);
	o->ro_all = SUM(o->secondary_supers, o->methods_array, o->method_ordering,
			o->local_interfaces, o->transitive_interfaces, o->fields, o->inner_classes,
			o->nest_members, o->annotations, o->tags, o->operands, o->reference_map,
			o->const_method, o->stackmap, of_methods);
	o->rw_all = SUM(o->mirror, o->klass, o->pool, o->cache, o->method, o->method_data);
	o->total = plus(o->ro_all, o->rw_all);
}

// Its memory is another class's by now where it does not.
static bool is_same_class(struct reading *r, const uint8_t *klass, const struct hotspot_class *c,
			  uint64_t loader_at)
{
	return (field(r, klass, FIELD_KLASS_NAME) == c->symbol &&
		field(r, klass, FIELD_KLASS_CLD) == loader_at) ||
	       bad(r, "a class", c->at);
}

bool classstats_read(const struct classstats *s, const struct hotspot_class *c, uint64_t loader_at,
		     bool hidden, struct classstats_sizes *out, enum classstats_part *part,
		     struct fail *why)
{
	struct classstats_sizes o = { .mirror = s->mirror_size };
	struct reading r = { .s = s, .out = &o, .part = CLASSSTATS_WHOLE, .why = why };
	uint8_t klass[CLASSSTATS_RECORD];
	bool ok;

	ok = read_record(&r, c->at, klass, s->sizeof_klass, "a class") &&
	     is_same_class(&r, klass, c, loader_at);
	if (ok && c->kind == CLASS_INSTANCE) {
		ok = read_instance_class(&r, c, klass, hidden);
	} else if (ok) { // the list of an array class's super types is one of the VM's own
		uint64_t vtable = field32(&r, klass, FIELD_ARRAY_VTABLE_LENGTH);

		ok = (vtable <= TABLE_LIMIT || bad(&r, "an array class", c->at)) &&
		     shared_bytes(&r, field(&r, klass, FIELD_KLASS_SECONDARY_SUPERS), WORD,
				  &o.secondary_supers);
		// Array classes are as large as others.
		o.klass = aligned(&r, s->sizeof_klass + vtable * WORD);
	}
	*part = r.part;
	if (!ok)
		return false;
	add(&r, c->at, o.klass);
	o.mirror = (o.mirror + s->object_alignment - 1) / s->object_alignment * s->object_alignment;
	forget_unknown(s, &o);
	sum_up(&o);
	*out = o;
	return true;
}
