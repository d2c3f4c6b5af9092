// SPDX-License-Identifier: Apache-2.0
// Where a Java class keeps its fields, and the values of fields, from the class's own metadata.
//
// Offsets are never built in: they are looked up by the field's name in InstanceKlass::_fields (JDK
// 8-20) or in the UNSIGNED5 stream of InstanceKlass::_fieldinfo_stream (21+); docs/formats/
// classes.md.  The heap moves while we read: callers check the class of each object that they
// follow.

#ifndef JVM_JAVAFIELDS_H
#define JVM_JAVAFIELDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;
struct hotspot;

struct javafield {
	uint32_t offset; // from the object; of a static: from the class's mirror
	bool is_static;
};

// The field that class `klass` itself declares.  ABSENT: it declares none of that name; CORRUPT:
// layout unknown.
bool javafields_find(const struct hotspot *vm, uint64_t klass, const char *name,
		     struct javafield *out, struct fail *why);
// The java.lang.Class object of a class: where its statics are.  0 when not readable.
uint64_t javafields_mirror(const struct hotspot *vm, uint64_t klass);
// The object in a field; 0: null, or not readable.
uint64_t javafields_oop(const struct hotspot *vm, uint64_t object, struct javafield field);
bool javafields_u32(const struct hotspot *vm, uint64_t object, struct javafield field, uint32_t *to,
		    struct fail *why);
bool javafields_u64(const struct hotspot *vm, uint64_t object, struct javafield field, uint64_t *to,
		    struct fail *why);

struct java_array {
	uint64_t first; // address of element 0
	uint32_t length;
};
// An array object's length and first element, by the array class's layout helper.
bool javafields_array(const struct hotspot *vm, uint64_t array, struct java_array *out,
		      struct fail *why);
size_t javafields_oop_size(const struct hotspot *vm); // bytes of a reference in the heap: 4 or 8

// java.lang.String as this VM lays it out; filled once, then shared by all reads of a look.
struct java_strings {
	uint64_t klass;
	struct javafield value, coder;
	bool has_coder; // false: char[] (JDK 8)
};
// `klass` is that of java.lang.String.
bool javafields_strings(const struct hotspot *vm, uint64_t klass, struct java_strings *out,
			struct fail *why);
// The text of a String object in UTF-8, in `mem`; lone surrogates become U+FFFD.  CORRUPT when the
// object is no String, or longer than 64 K characters.
bool javafields_text(const struct hotspot *vm, const struct java_strings *strings, uint64_t string,
		     struct arena *mem, const char **out, struct fail *why);

#endif
