// SPDX-License-Identifier: Apache-2.0
// Where the parts of a class are in this VM: what it exports is asked for by name, the rest is probed and
// tried on the boot loader's classes.  Reads no class itself: that is classstats.c.
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"
#include "base/memory.h"
#include "jvm/classes.h"
#include "jvm/classstats.h"
#include "jvm/hotspot.h"
#include "jvm/vmstructs.h"

enum {
	WORD = 8,
	PROFILE_SIZE = 16, // behind vtable and method
	SAMPLE = 400,      // classes that a probe is tried on
};

// Without these there is no table at all.
static const enum field_id NEEDED[] = {
	FIELD_KLASS_LAYOUT,
	FIELD_KLASS_VTABLE_LENGTH,
	FIELD_KLASS_SECONDARY_SUPERS,
	FIELD_KLASS_ACCESS,
	FIELD_IK_METHODS,
	FIELD_IK_METHOD_ORDERING,
	FIELD_IK_LOCAL_INTERFACES,
	FIELD_IK_TRANSITIVE_INTERFACES,
	FIELD_IK_INNER_CLASSES,
	FIELD_IK_STATIC_FIELD_SIZE,
	FIELD_IK_OOP_MAP_SIZE,
	FIELD_IK_ITABLE_LENGTH,
	FIELD_IK_CONSTANTS,
	FIELD_CP_LENGTH,
	FIELD_CP_TAGS,
	FIELD_CP_HOLDER,
	FIELD_METHOD_CONST,
	FIELD_METHOD_ACCESS,
	FIELD_METHOD_DATA,
	FIELD_CONST_WORDS,
	FIELD_CONST_CODE_SIZE,
	FIELD_CONST_STACKMAP,
	FIELD_CONST_CONSTANTS,
};

static bool find_sizes(struct classstats *s, struct fail *why)
{
	const struct {
		const char *type;
		uint64_t *size;
	} types[] = {
		{ "InstanceKlass", &s->sizeof_klass },     { "Method", &s->sizeof_method },
		{ "ConstMethod", &s->sizeof_const },       { "ConstantPool", &s->sizeof_pool },
		{ "ConstantPoolCache", &s->sizeof_cache },
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(*types); i++) {
		*types[i].size = vmstructs_size(s->vm->tables, types[i].type);
		if (!*types[i].size || *types[i].size > CLASSSTATS_RECORD - WORD ||
		    *types[i].size % WORD)
			return fail(why, FAIL_ABSENT, "this VM does not say how large its %s is",
				    types[i].type);
	}
	return true;
}

// No member may lie outside of the record that is read for it.
static bool is_inside(const struct hotspot *vm, enum field_id id)
{
	return !hotspot_has_offset(vm, id) ||
	       vm->field[id]->offset < vmstructs_size(vm->tables, vm->field[id]->type);
}

static bool find_members(struct classstats *s, struct fail *why)
{
	for (size_t i = 0; i < sizeof(NEEDED) / sizeof(*NEEDED); i++)
		if (!hotspot_has_offset(s->vm, NEEDED[i]))
			return fail(why, FAIL_ABSENT,
				    "this VM does not export a member of its classes "
				    "that their sizes need");
	for (int id = FIELD_KLASS_LAYOUT; id <= FIELD_PROFILE_METHOD; id++)
		if (!is_inside(s->vm, (enum field_id)id))
			return fail(why, FAIL_CORRUPT,
				    "layout unknown: a member outside of its class");
	return true;
}

static void find_nest_members(struct classstats *s)
{
	uint64_t at = s->vm->field[FIELD_IK_INNER_CLASSES]->offset + WORD;

	if (hotspot_has_offset(s->vm, FIELD_IK_NEST_MEMBERS))
		s->nest_members = s->vm->field[FIELD_IK_NEST_MEMBERS]->offset;
	else if (!hotspot_has_offset(s->vm, FIELD_IK_DEBUG_EXTENSION) ||
		 s->vm->field[FIELD_IK_DEBUG_EXTENSION]->offset != at)
		s->nest_members = at; // else JDK 8, which has none
}

static void find_annotations(struct classstats *s)
{
	static const enum field_id IDS[] = { FIELD_ANNOTATIONS_CLASS, FIELD_ANNOTATIONS_FIELDS,
					     FIELD_ANNOTATIONS_CLASS_TYPE,
					     FIELD_ANNOTATIONS_FIELDS_TYPE };
	static const char *const FLAGS[] = { "method", "parameter", "type", "default" };

	if (!hotspot_has_offset(s->vm, FIELD_IK_ANNOTATIONS))
		s->unknown[CLASSSTATS_ANNOTATIONS] =
			"this VM does not export InstanceKlass::_annotations";
	s->sizeof_annotations = vmstructs_size(s->vm->tables, "Annotations");
	if (!s->sizeof_annotations)
		s->sizeof_annotations = 4 * (uint64_t)WORD;
	for (int i = 0; i < 4; i++) {
		char name[80];
		int64_t flag = 0;

		s->annotations[i] = hotspot_has_offset(s->vm, IDS[i]) ? s->vm->field[IDS[i]]->offset
								      : (uint64_t)i * WORD;
		snprintf(name, sizeof(name), "ConstMethod::_has_%s_annotations", FLAGS[i]);
		if (!vmstructs_constant(s->vm->tables, name, &flag)) {
			snprintf(name, sizeof(name), "ConstMethodFlags::_misc_has_%s_annotations",
				 FLAGS[i]);
			vmstructs_constant(s->vm->tables, name, &flag);
		}
		s->annotation_flags[i] = (uint64_t)flag;
		if (!flag || !hotspot_has_offset(s->vm, FIELD_CONST_FLAGS))
			s->unknown[CLASSSTATS_METHOD_ANNOTATIONS] =
				"this VM does not say which methods have annotations";
	}
}

static void find_pool(struct classstats *s)
{
	const struct hotspot *vm = s->vm;

	s->sizeof_entry = vmstructs_size(vm->tables, "ConstantPoolCacheEntry");
	if (!(hotspot_has_offset(vm, FIELD_CP_OPERANDS) ||
	      hotspot_has_offset(vm, FIELD_CP_BOOTSTRAPS)) ||
	    !(hotspot_has_offset(vm, FIELD_CP_REFERENCE_MAP) ||
	      hotspot_has_offset(vm, FIELD_CACHE_REFERENCE_MAP)) ||
	    !(hotspot_has_offset(vm, FIELD_CACHE_LENGTH)
		      ? s->sizeof_entry
		      : hotspot_has_offset(vm, FIELD_CACHE_METHODS)))
		s->unknown[CLASSSTATS_POOL] =
			"this VM does not export all parts of its constant pools";
}

static void find_profiles(struct classstats *s)
{
	s->profile_size = hotspot_has_offset(s->vm, FIELD_PROFILE_SIZE)
				  ? s->vm->field[FIELD_PROFILE_SIZE]->offset
				  : PROFILE_SIZE;
	if (!hotspot_has_offset(s->vm, FIELD_PROFILE_METHOD))
		s->unknown[CLASSSTATS_METHOD_DATA] = "this VM does not export MethodData::_method";
}

static void find_mirrors(struct classstats *s, const struct hotspot_classes *classes)
{
	uint64_t klass = classes_find(classes, "java/lang/Class");
	uint64_t at = hotspot_at(s->vm, FIELD_KLASS_LAYOUT, klass), align;
	uint32_t layout;

	s->object_alignment = WORD;
	if (hotspot_flag(s->vm, "ObjectAlignmentInBytes", &align) && align >= WORD && align <= 256)
		s->object_alignment = align;
	s->metadata_alignment =
		hotspot_has_offset(s->vm, FIELD_METHOD_WORDS) ? s->object_alignment : WORD;
	if (!klass || !memory_read_u32(s->vm->memory, at, &layout, NULL) || layout >> 16)
		s->unknown[CLASSSTATS_MIRROR] = "java.lang.Class was not found";
	else
		s->mirror_size = layout / WORD * WORD;
}

// A part that the boot loader's classes, which never go, can't be read with is not what it is taken
// for.
static void try_probes(struct classstats *s, const struct hotspot_classes *classes)
{
	const struct hotspot_loader *boot = &classes->loaders.at[classes->loaders.count - 1];
	struct classstats_sizes sizes;
	enum classstats_part part;

	for (size_t i = 0; i < boot->count && i < SAMPLE; i++) {
		const struct hotspot_class *c = &classes->classes.at[boot->first + i];

		if (classstats_read(s, c, boot->at, false, &sizes, &part, NULL))
			continue;
		classstats_forget(s);
		if (!classstats_read(s, c, boot->at, false, &sizes, &part, NULL) &&
		    part < CLASSSTATS_PARTS)
			s->unknown[part] = "layout unknown";
	}
}

bool classstats_open(const struct hotspot *vm, const struct hotspot_classes *classes,
		     struct arena *mem, struct classstats *out, struct fail *why)
{
	struct classstats s = {
		.vm = vm, .pages = arena_array(mem, struct classstats_page, CLASSSTATS_PAGES)
	};
	const struct vmstructs_field *hidden = vm->field[FIELD_CLD_HIDDEN];
	int64_t any;

	if (!find_sizes(&s, why) || !find_members(&s, why))
		return false;
	s.has_host_word = !hidden || strcmp(hidden->field, "_has_class_mirror_holder") != 0;
	s.may_have_fingerprint = vmstructs_constant(
		vm->tables, "InstanceKlass::_misc_has_passed_fingerprint_check", &any);
	s.sizeof_counters = vmstructs_size(vm->tables, "MethodCounters");
	find_nest_members(&s);
	find_annotations(&s);
	find_pool(&s);
	find_profiles(&s);
	find_mirrors(&s, classes);
	if (!hotspot_read_u64(vm, FIELD_CDS_BASE, 0, &s.archive_start, NULL) ||
	    !hotspot_read_u64(vm, FIELD_CDS_TOP, 0, &s.archive_end, NULL))
		s.archive_end = 0;
	try_probes(&s, classes);
	*out = s;
	return true;
}
