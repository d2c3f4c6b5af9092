// SPDX-License-Identifier: Apache-2.0
// Heap dumps made by hand, record by record, as HotSpot writes them.

#ifndef TESTS_HEAP_MAKER_H
#define TESTS_HEAP_MAKER_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct maker {
	uint8_t *at;
	size_t len, room;
	unsigned ids;
	size_t open; // offset of the open record's length; 0: none
};

static inline void put(struct maker *m, uint64_t value, unsigned bytes)
{
	if (m->len + bytes > m->room) {
		m->room = m->room * 2 + 4096;
		m->at = realloc(m->at, m->room);
	}
	for (unsigned i = 0; i < bytes; i++)
		m->at[m->len++] = (uint8_t)(value >> 8 * (bytes - 1 - i));
}
static inline void put_id(struct maker *m, uint64_t id)
{
	put(m, id, m->ids);
}
static inline void put_bytes(struct maker *m, const void *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		put(m, ((const uint8_t *)bytes)[i], 1);
}

static inline void close_record(struct maker *m)
{
	uint32_t len = (uint32_t)(m->len - m->open - 4);

	for (unsigned i = 0; m->open && i < 4; i++)
		m->at[m->open + i] = (uint8_t)(len >> 8 * (3 - i));
	m->open = 0;
}
static inline void open_record(struct maker *m, uint8_t tag)
{
	close_record(m);
	put(m, tag, 1);
	put(m, 0, 4);
	m->open = m->len;
	put(m, 0, 4);
}
static inline void start_dump(struct maker *m, unsigned ids, const char *version)
{
	*m = (struct maker){ .ids = ids };
	put_bytes(m, version, strlen(version) + 1);
	put(m, ids, 4);
	put(m, 1234567, 8);
}
static inline void put_text(struct maker *m, uint64_t id, const char *text)
{
	open_record(m, 0x01);
	put_id(m, id);
	put_bytes(m, text, strlen(text));
}
// Text and LOAD_CLASS of a class; `serial` is for frames.
static inline void name_class(struct maker *m, uint32_t serial, uint64_t id, uint64_t text_id,
			      const char *name)
{
	put_text(m, text_id, name);
	open_record(m, 0x02);
	put(m, serial, 4);
	put_id(m, id);
	put(m, 0, 4);
	put_id(m, text_id);
}

struct made_field {
	uint64_t name;
	uint8_t type;
	uint64_t value; // of static ones
};
static inline void put_class(struct maker *m, uint64_t id, uint64_t super, uint64_t loader,
			     const struct made_field *statics, unsigned static_count,
			     const struct made_field *fields, unsigned field_count)
{
	static const uint8_t BYTES[] = { 0, 0, 0, 0, 1, 2, 4, 8, 1, 2, 4, 8 };

	put(m, 0x20, 1);
	put_id(m, id);
	put(m, 0, 4);
	put_id(m, super);
	put_id(m, loader);
	for (int i = 0; i < 4; i++)
		put_id(m, 0);
	put(m, 0, 4);
	put(m, 0, 2);
	put(m, static_count, 2);
	for (unsigned i = 0; i < static_count; i++) {
		put_id(m, statics[i].name);
		put(m, statics[i].type, 1);
		put(m, statics[i].value, statics[i].type == 2 ? m->ids : BYTES[statics[i].type]);
	}
	put(m, field_count, 2);
	for (unsigned i = 0; i < field_count; i++) {
		put_id(m, fields[i].name);
		put(m, fields[i].type, 1);
	}
}
static inline void put_instance(struct maker *m, uint64_t id, uint64_t class_id,
				const uint64_t *refs, unsigned count)
{
	put(m, 0x21, 1);
	put_id(m, id);
	put(m, 0, 4);
	put_id(m, class_id);
	put(m, count * m->ids, 4);
	for (unsigned i = 0; i < count; i++)
		put_id(m, refs[i]);
}
static inline void put_objects(struct maker *m, uint64_t id, uint64_t class_id,
			       const uint64_t *refs, unsigned count)
{
	put(m, 0x22, 1);
	put_id(m, id);
	put(m, 0, 4);
	put(m, count, 4);
	put_id(m, class_id);
	for (unsigned i = 0; i < count; i++)
		put_id(m, refs[i]);
}
static inline void put_numbers(struct maker *m, uint64_t id, uint8_t type, unsigned bytes_each,
			       unsigned count, uint8_t fill)
{
	put(m, 0x23, 1);
	put_id(m, id);
	put(m, 0, 4);
	put(m, count, 4);
	put(m, type, 1);
	for (unsigned i = 0; i < count * bytes_each; i++)
		put(m, fill, 1);
}
static inline void put_root(struct maker *m, uint8_t tag, uint64_t id, uint32_t thread,
			    uint32_t frame)
{
	put(m, tag, 1);
	put_id(m, id);
	if (tag == 0x01)
		put_id(m, 7);
	if (tag == 0x02 || tag == 0x03 || tag == 0x08)
		put(m, thread, 4);
	if (tag == 0x02 || tag == 0x03 || tag == 0x08)
		put(m, frame, 4);
}
static inline void end_dump(struct maker *m)
{
	open_record(m, 0x2c);
	close_record(m);
}

// A small heap of JDK 17's layout (heads of 12 bytes, references of 4) that has a bit of all:
//   class Object 0x1000, String 0x1100, Class 0x1200, Thread 0x1300, Node 0x1400 (static ROOT -> 0x2000,
//   loader 0x3000), Object[] 0x1500, ClassLoader 0x1600, WeakReference 0x1700 below Reference 0x1780
//   0x2000 Node -> 0x2018 Object[3] -> 0x2038, 0x2050 (Nodes) and 0x2068 byte[100]; 0x2038 -> 0x2050
//   0x3000 the ClassLoader; 0x4000 Thread with local 0x4100 (Node); 0x5000 weak -> 0x5018 Node
//   0x6000 a Node that nothing holds
static inline void make_small(struct maker *m, unsigned ids, const char *version)
{
	const struct made_field next[] = { { 50, 2, 0 }, { 51, 2, 0 } };
	const struct made_field root[] = { { 52, 2, 0x2000 }, { 55, 10, 42 } };
	const struct made_field referent[] = { { 53, 2, 0 } };

	start_dump(m, ids, version);
	put_text(m, 50, "next");
	put_text(m, 51, "kept");
	put_text(m, 52, "ROOT");
	put_text(m, 53, "referent");
	put_text(m, 54, "run");
	put_text(m, 55, "NUMBER");
	put_text(m, 56, "Node.java");
	put_text(m, 57, "()V");
	name_class(m, 1, 0x1000, 10, "java/lang/Object");
	name_class(m, 2, 0x1100, 11, "java/lang/String");
	name_class(m, 3, 0x1200, 12, "java/lang/Class");
	name_class(m, 4, 0x1300, 13, "java/lang/Thread");
	name_class(m, 5, 0x1400, 14, "shop/Node");
	name_class(m, 6, 0x1500, 15, "[Ljava/lang/Object;");
	name_class(m, 7, 0x1600, 16, "java/lang/ClassLoader");
	name_class(m, 8, 0x1700, 17, "java/lang/ref/WeakReference");
	name_class(m, 9, 0x1780, 18, "java/lang/ref/Reference");
	open_record(m, 0x04); // frame 900: shop.Node.run(Node.java:33)
	put_id(m, 900);
	put_id(m, 54);
	put_id(m, 57);
	put_id(m, 56);
	put(m, 5, 4);
	put(m, 33, 4);
	open_record(m, 0x05); // trace 2 of thread 1
	put(m, 2, 4);
	put(m, 1, 4);
	put(m, 1, 4);
	put_id(m, 900);
	open_record(m, 0x1c);
	put_class(m, 0x1000, 0, 0, NULL, 0, NULL, 0);
	put_class(m, 0x1100, 0x1000, 0, NULL, 0, NULL, 0);
	put_class(m, 0x1200, 0x1000, 0, NULL, 0, NULL, 0);
	put_class(m, 0x1300, 0x1000, 0, NULL, 0, NULL, 0);
	put_class(m, 0x1400, 0x1000, 0x3000, root, 2, next, 2);
	put_class(m, 0x1500, 0x1000, 0, NULL, 0, NULL, 0);
	put_class(m, 0x1600, 0x1000, 0, NULL, 0, NULL, 0);
	put_class(m, 0x1780, 0x1000, 0, NULL, 0, referent, 1);
	put_class(m, 0x1700, 0x1780, 0, NULL, 0, NULL, 0);
	put_instance(m, 0x2000, 0x1400, (uint64_t[]){ 0x2018, 0 }, 2);
	put_objects(m, 0x2018, 0x1500, (uint64_t[]){ 0x2038, 0x2050, 0x2068 }, 3);
	put_instance(m, 0x2038, 0x1400, (uint64_t[]){ 0x2050, 0 }, 2);
	put_instance(m, 0x2050, 0x1400, (uint64_t[]){ 0, 0 }, 2);
	put_numbers(m, 0x2068, 8, 1, 100, 7);
	put_instance(m, 0x3000, 0x1600, NULL, 0);
	open_record(m, 0x1c);
	put_instance(m, 0x4000, 0x1300, NULL, 0);
	put_instance(m, 0x4100, 0x1400, (uint64_t[]){ 0, 0 }, 2);
	put_instance(m, 0x5000, 0x1700, (uint64_t[]){ 0x5018 }, 1);
	put_instance(m, 0x5018, 0x1400, (uint64_t[]){ 0, 0 }, 2);
	put_instance(m, 0x6000, 0x1400, (uint64_t[]){ 0x6000, 0xdead00 }, 2);
	for (uint64_t c = 0x1000; c <= 0x1300; c += 0x100)
		put_root(m, 0x05, c, 0, 0);
	put_root(m, 0x05, 0x1500, 0, 0);
	put_root(m, 0x05, 0x1600, 0, 0);
	put_root(m, 0x05, 0x1700, 0, 0);
	put_root(m, 0x05, 0x1780, 0, 0);
	put_root(m, 0x01, 0x3000, 0, 0);
	put_root(m, 0x01, 0x1400, 0, 0);
	put_root(m, 0x01, 0x5000, 0, 0);
	put_root(m, 0x08, 0x4000, 1, 2);
	put_root(m, 0x03, 0x4100, 1, 0);
	end_dump(m);
}

#endif
