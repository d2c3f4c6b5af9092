// SPDX-License-Identifier: Apache-2.0
// One class with all its parts in a VM made by hand, laid out much as JDK 17 does: for the unit test and
// the fuzz target of jvm/classstats.h.

#ifndef TESTS_JVM_CLASSSTATS_IMAGE_H
#define TESTS_JVM_CLASSSTATS_IMAGE_H

#include "fakevm_heaps.h"
#include "jvm/classes.h"
#include "jvm/classstats.h"

enum {
	CS_KLASS_SIZE = 256,
	CS_POOL_SIZE = 64,
	CS_METHOD_SIZE = 88,
	CS_CONST_SIZE = 48,
	CS_CACHE_SIZE = 32,
	CS_ACCESS = 64,
	CS_VTABLE = 68,
	CS_ITABLE = 72,
	CS_OOP_MAP = 76,
	CS_STATICS = 80,
	CS_METHODS = 88,
	CS_INNER = 128, // nest members behind it
	CS_ANNOTATIONS = 144,
	CS_CODE_WORDS = 24,
	CS_CODE_FLAGS = 28,
	CS_PROFILE_SIZE = 16,
};

struct classstats_image {
	struct fakevm *fake;
	struct hotspot vm;
	struct hotspot_classes classes;
	struct hotspot_class *klass;
	uint64_t loader, pool, tags, method, code, profile, nest, annotations;
};

static inline void cs_put32(struct fakevm *f, uint64_t at, uint32_t value)
{
	memcpy(fakevm_at(f, at), &value, sizeof(value));
}

// An array of `length` elements of `width` bytes.
static inline uint64_t cs_array(struct fakevm *f, uint32_t length, unsigned width)
{
	uint64_t at = fakevm_object(f, 16 + (uint64_t)length * width + 16);

	cs_put32(f, at, length);
	return at;
}

static inline void cs_declare(struct fakevm *f)
{
	static const struct {
		const char *type, *field, *field_type;
		uint64_t offset;
	} MEMBERS[] = {
		{ "ClassLoaderData", "_has_class_mirror_holder", "bool", 36 },
		{ "Klass", "_layout_helper", "jint", 8 },
		{ "Klass", "_name", "Symbol*", 16 },
		{ "Klass", "_class_loader_data", "ClassLoaderData*", 24 },
		{ "Klass", "_super", "Klass*", 32 },
		{ "Klass", "_secondary_supers", "Array<Klass*>*", 40 },
		{ "Klass", "_access_flags", "jint", CS_ACCESS },
		{ "Klass", "_vtable_len", "int", CS_VTABLE },
		{ "InstanceKlass", "_itable_len", "int", CS_ITABLE },
		{ "InstanceKlass", "_nonstatic_oop_map_size", "int", CS_OOP_MAP },
		{ "InstanceKlass", "_static_field_size", "int", CS_STATICS },
		{ "InstanceKlass", "_methods", "Array<Method*>*", CS_METHODS },
		{ "InstanceKlass", "_method_ordering", "Array<int>*", 96 },
		{ "InstanceKlass", "_local_interfaces", "Array<Klass*>*", 104 },
		{ "InstanceKlass", "_transitive_interfaces", "Array<Klass*>*", 112 },
		{ "InstanceKlass", "_fields", "Array<u2>*", 120 },
		{ "InstanceKlass", "_inner_classes", "Array<jushort>*", CS_INNER },
		{ "InstanceKlass", "_annotations", "Annotations*", CS_ANNOTATIONS },
		{ "InstanceKlass", "_constants", "ConstantPool*", 152 },
		{ "ConstantPool", "_tags", "Array<u1>*", 8 },
		{ "ConstantPool", "_cache", "ConstantPoolCache*", 16 },
		{ "ConstantPool", "_pool_holder", "InstanceKlass*", 24 },
		{ "ConstantPool", "_operands", "Array<u2>*", 32 },
		{ "ConstantPool", "_length", "int", 40 },
		{ "ConstantPoolCache", "_length", "int", 0 },
		{ "ConstantPoolCache", "_reference_map", "Array<u2>*", 8 },
		{ "Method", "_constMethod", "ConstMethod*", 8 },
		{ "Method", "_method_data", "MethodData*", 16 },
		{ "Method", "_access_flags", "jint", 32 },
		{ "ConstMethod", "_constants", "ConstantPool*", 8 },
		{ "ConstMethod", "_stackmap_data", "Array<u1>*", 16 },
		{ "ConstMethod", "_constMethod_size", "int", CS_CODE_WORDS },
		{ "ConstMethod", "_flags", "u4", CS_CODE_FLAGS },
		{ "ConstMethod", "_code_size", "u2", 32 },
		{ "MethodData", "_method", "Method*", 8 },
	};
	static const struct {
		const char *name;
		uint64_t size;
	} TYPES[] = {
		{ "Klass", CS_KLASS_SIZE },
		{ "ClassLoaderData", 128 },
		{ "InstanceKlass", CS_KLASS_SIZE },
		{ "ConstantPool", CS_POOL_SIZE },
		{ "ConstantPoolCache", CS_CACHE_SIZE },
		{ "ConstantPoolCacheEntry", 32 },
		{ "Method", CS_METHOD_SIZE },
		{ "ConstMethod", CS_CONST_SIZE },
		{ "MethodData", 64 },
	};
	static const char *const FLAGS[] = { "method", "parameter", "type", "default" };

	for (size_t i = 0; i < sizeof(MEMBERS) / sizeof(*MEMBERS); i++)
		fakevm_member(f, MEMBERS[i].type, MEMBERS[i].field, MEMBERS[i].field_type,
			      MEMBERS[i].offset);
	for (size_t i = 0; i < sizeof(TYPES) / sizeof(*TYPES); i++)
		fakevm_type(f, TYPES[i].name, TYPES[i].size);
	for (int i = 0; i < 4; i++)
		fakevm_constant(f,
				arena_format(&f->mem, "ConstMethod::_has_%s_annotations", FLAGS[i]),
				1 << (7 + i));
}

// A native method with a profile and annotations, 12 words of ConstMethod, and a stack map.
static inline void cs_add_method(struct classstats_image *c, uint64_t klass)
{
	struct fakevm *f = c->fake;
	uint64_t methods = cs_array(f, 1, 8), annotations = cs_array(f, 6, 1);

	c->method = fakevm_object(f, 128);
	c->code = fakevm_object(f, 12 * 8);
	c->profile = fakevm_object(f, 256);
	fakevm_set(f, klass + CS_METHODS, methods);
	fakevm_set(f, methods + 8, c->method);
	fakevm_set(f, c->method + 8, c->code);
	fakevm_set(f, c->method + 16, c->profile);
	cs_put32(f, c->method + 32, 0x100);
	fakevm_set(f, c->code + 8, c->pool);
	fakevm_set(f, c->code + 16, cs_array(f, 9, 1));
	cs_put32(f, c->code + CS_CODE_WORDS, 12);
	cs_put32(f, c->code + CS_CODE_FLAGS, 1 << 7);
	cs_put32(f, c->code + 32, 21);
	fakevm_set(f, c->code + 11 * 8, annotations);
	*fakevm_at(f, annotations + 5) = 1; // one annotation, as a class file counts
	fakevm_set(f, c->profile + 8, c->method);
	cs_put32(f, c->profile + CS_PROFILE_SIZE, 196);
}

static inline void cs_add_pool(struct classstats_image *c, uint64_t klass)
{
	struct fakevm *f = c->fake;
	uint64_t cache = fakevm_object(f, 128);

	c->pool = fakevm_object(f, CS_POOL_SIZE + 10 * 8);
	c->tags = cs_array(f, 10, 1);
	fakevm_set(f, klass + 152, c->pool);
	fakevm_set(f, c->pool + 8, c->tags);
	fakevm_set(f, c->pool + 16, cache);
	fakevm_set(f, c->pool + 24, klass);
	fakevm_set(f, c->pool + 32, cs_array(f, 5, 2));
	cs_put32(f, c->pool + 40, 10);
	cs_put32(f, cache, 3);
	*fakevm_at(f, c->tags + 4 + 7) = 100; // an unresolved class
}

// The class: a vtable of 5 words, an itable of 2, an oop map of 1, 3 words of statics.
static inline uint64_t cs_add_class(struct classstats_image *c)
{
	struct fakevm *f = c->fake;
	uint64_t klass = fakevm_object(f, CS_KLASS_SIZE + 128);
	uint64_t of_class, nest = cs_array(f, 1, 2), interfaces = cs_array(f, 2, 8);

	cs_put32(f, klass + 8, 24);
	fakevm_set(f, klass + 16, FAKEVM_OBJECTS + 64);
	fakevm_set(f, klass + 24, c->loader);
	fakevm_set(f, klass + 40, interfaces);
	fakevm_set(f, klass + 104, interfaces);
	fakevm_set(f, klass + 112, interfaces);
	cs_put32(f, klass + CS_VTABLE, 5);
	cs_put32(f, klass + CS_ITABLE, 2);
	cs_put32(f, klass + CS_OOP_MAP, 1);
	cs_put32(f, klass + CS_STATICS, 3);
	cs_add_pool(c, klass);
	cs_add_method(c, klass);
	fakevm_set(f, klass + 120, cs_array(f, 7, 2));
	fakevm_set(f, klass + CS_INNER + 8, nest);
	*fakevm_at(f, nest + 4) = 7;
	c->nest = nest;
	c->annotations = fakevm_object(f, 32);
	of_class = cs_array(f, 10, 1);
	*fakevm_at(f, of_class + 5) = 2;
	fakevm_set(f, klass + CS_ANNOTATIONS, c->annotations);
	fakevm_set(f, c->annotations, of_class);
	return klass;
}

// The VM is open; `classes` has the class alone, as java.lang.Class of the boot loader: what a mirror is
// measured by, then.
static inline bool cs_open(struct classstats_image *c, struct fail *why)
{
	static struct hotspot_class klass;
	static struct hotspot_loader boot;

	c->fake = fakevm_create();
	fakevm_add_serial(c->fake);
	cs_declare(c->fake);
	fakevm_object(c->fake, 4096); // what the class points to lies behind the first page
	c->loader = fakevm_object(c->fake, 128);
	klass = (struct hotspot_class){ .at = cs_add_class(c),
					.symbol = FAKEVM_OBJECTS + 64,
					.name = "java/lang/Class",
					.kind = CLASS_INSTANCE };
	boot = (struct hotspot_loader){ .at = c->loader, .boot = true, .count = 1 };
	c->klass = &klass;
	c->classes = (struct hotspot_classes){ 0 };
	c->classes.classes.at = &klass;
	c->classes.classes.count = 1;
	c->classes.loaders.at = &boot;
	c->classes.loaders.count = 1;
	return fakevm_open(c->fake, &c->vm, why);
}

#endif
