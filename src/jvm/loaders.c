// SPDX-License-Identifier: Apache-2.0
#include "jvm/loaders.h"

#include <string.h>

#include "base/arena.h"
#include "base/memory.h"
#include "jvm/addresses.h"
#include "jvm/classes.h"
#include "jvm/heapclock.h"
#include "jvm/hotspot.h"
#include "jvm/javafields.h"
#include "jvm/vmstructs.h"

enum {
	PROBE_WORDS = 4,   // behind ClassLoaderData::_next
	PROBE_VOTES = 200, // loaders that are asked
	NAME_ROOM = 1024,
};

struct identify {
	const struct hotspot *vm;
	struct arena *mem;
	struct hotspot_classes *classes;
	uint64_t *members;     // ClassLoaderData::_class_loader of each
	uint64_t klass_offset; // of ClassLoaderData::_class_loader_klass; 0: not found
	struct java_strings strings;
	struct javafield name, parent;
	bool has_name, has_parent;
	struct addresses names; // Klass* -> index into texts + 1
	VEC(const char *) texts;
};

// The super class below java.lang.Object.
static bool is_loader_class(const struct identify *id, uint64_t klass)
{
	uint64_t at = hotspot_at(id->vm, FIELD_KLASS_PRIMARY_SUPERS, klass), super;

	return hotspot_is_pointer(klass) && id->classes->class_loader_klass && at &&
	       memory_read_u64(id->vm->memory, at + 8, &super, NULL) &&
	       super == id->classes->class_loader_klass;
}

static uint64_t object_of(const struct hotspot *vm, uint64_t member)
{
	if (!member)
		return 0;
	if (strstr(vm->field[FIELD_CLD_LOADER]->field_type, "Handle"))
		return hotspot_is_pointer(member) ? hotspot_handle(vm, member) : 0;
	return hotspot_is_pointer(member) ? member : 0;
}

// The word behind ClassLoaderData::_next that equals the class of the loader's object for most.
static uint64_t probe_klass_offset(const struct identify *id)
{
	uint64_t next = id->vm->field[FIELD_CLD_NEXT]->offset;
	unsigned votes[PROBE_WORDS] = { 0 }, asked = 0, best = 0;

	for (size_t i = 0; i < id->classes->loaders.count && asked < PROBE_VOTES; i++) {
		const struct hotspot_loader *l = &id->classes->loaders.at[i];
		uint64_t klass, words[PROBE_WORDS];

		if (l->boot || l->unreadable)
			continue;
		klass = hotspot_klass_of(id->vm, object_of(id->vm, id->members[i]));
		if (!is_loader_class(id, klass) ||
		    !memory_read(id->vm->memory, l->at + next + 8, words, sizeof(words), NULL))
			continue;
		asked++;
		for (int k = 0; k < PROBE_WORDS; k++)
			votes[k] += words[k] == klass;
	}
	for (unsigned k = 1; k < PROBE_WORDS; k++)
		if (votes[k] > votes[best])
			best = k;
	return votes[best] * 2 > asked ? next + 8 + 8 * (uint64_t)best : 0;
}

static const char *klass_name(struct identify *id, uint64_t klass)
{
	uint32_t index = 0;
	char text[NAME_ROOM];
	uint64_t symbol;

	if (addresses_find(&id->names, klass, &index))
		return id->texts.at[index];
	if (!hotspot_read_pointer(id->vm, FIELD_KLASS_NAME, klass, &symbol, NULL) ||
	    !hotspot_symbol_text(id->vm, symbol, text, sizeof(text)))
		return NULL;
	addresses_put(&id->names, klass, (uint32_t)id->texts.count, NULL);
	vec_push(id->mem, &id->texts, arena_text(id->mem, text));
	return id->texts.at[id->texts.count - 1];
}

// Collectors that move objects while Java runs: there an object whose class can't be read may be
// alive.
static bool moves_concurrently(const struct hotspot *vm)
{
	return vm->gc == GC_Z || vm->gc == GC_SHENANDOAH;
}

// False when the handle's object and the class that the VM has on file disagree.
static bool identify_one(struct identify *id, struct hotspot_loader *l, uint64_t member)
{
	uint64_t object = object_of(id->vm, member);
	uint64_t of_object = hotspot_klass_of(id->vm, object), klass = 0;

	if (id->klass_offset)
		memory_read_u64(id->vm->memory, l->at + id->klass_offset, &klass, NULL);
	if (!is_loader_class(id, klass))
		klass = is_loader_class(id, of_object) ? of_object : 0;
	l->object_at = klass && klass == of_object ? object : 0;
	l->klass_at = klass;
	l->type = klass ? klass_name(id, klass) : NULL;
	return l->object_at;
}

static void identify_fields(struct identify *id, struct hotspot_loader *l,
			    const struct addresses *by_object)
{
	uint64_t parent = 0, name = 0;
	uint32_t index = 0;

	if (!l->object_at)
		return;
	if (id->has_parent)
		parent = javafields_oop(id->vm, l->object_at, id->parent);
	if (parent && addresses_find(by_object, parent, &index))
		l->parent = index;
	if (id->has_name)
		name = javafields_oop(id->vm, l->object_at, id->name);
	if (name)
		javafields_text(id->vm, &id->strings, name, id->mem, &l->name, NULL);
	// ClassLoader's constructors refuse an empty name: memory of a String that was moved away.
	if (l->name && !*l->name)
		l->name = NULL;
}

// One pass over all loaders.
static void identify_all(struct identify *id)
{
	struct arena frame = { 0 };
	struct addresses by_object;

	addresses_init(&by_object, &frame);
	for (size_t i = 0; i < id->classes->loaders.count; i++) {
		struct hotspot_loader *l = &id->classes->loaders.at[i];

		l->object_at = 0;
		l->name = NULL;
		l->parent = LOADER_NONE;
		if (l->of_boot || l->unreadable)
			continue;
		// An object of another class than the one on file is dead; its memory is in use
		// again.
		l->unloading = !identify_one(id, l, id->members[i]) && !moves_concurrently(id->vm);
		// Data of hidden classes shares the loader; the loader's own data is the one meant.
		if (l->object_at && !l->hidden)
			addresses_put(&by_object, l->object_at, (uint32_t)i, NULL);
	}
	for (size_t i = 0; i < id->classes->loaders.count; i++)
		identify_fields(id, &id->classes->loaders.at[i], &by_object);
	arena_drop(&frame);
}

// What came from objects that may have moved meanwhile; the class on file does not move.
void loaders_forget(struct hotspot_classes *classes, bool types)
{
	for (size_t i = 0; i < classes->loaders.count; i++) {
		struct hotspot_loader *l = &classes->loaders.at[i];

		l->object_at = 0;
		l->name = NULL;
		l->parent = LOADER_NONE;
		l->unloading = l->unreadable;
		if (types) {
			l->klass_at = 0;
			l->type = NULL;
		}
	}
}

bool loaders_identify(const struct hotspot *vm, struct arena *mem, struct hotspot_classes *classes)
{
	struct arena frame = { 0 };
	struct identify id = { .vm = vm, .mem = mem, .classes = classes };
	uint64_t string = classes_find(classes, "java/lang/String");
	uint64_t loader = classes->class_loader_klass;
	bool held;

	addresses_init(&id.names, mem);
	if (loader) {
		id.has_parent = javafields_find(vm, loader, "parent", &id.parent, NULL);
		id.has_name = string && javafields_strings(vm, string, &id.strings, NULL) &&
			      javafields_find(vm, loader, "name", &id.name, NULL);
	}
	id.members = arena_array(&frame, uint64_t, classes->loaders.count);
	for (size_t i = 0; i < classes->loaders.count; i++)
		id.members[i] = classes->loaders.at[i].object_at;
	id.klass_offset = probe_klass_offset(&id);
	identify_all(&id);
	held = heapclock_holds_on(vm, &classes->clock);
	if (!held)
		loaders_forget(classes, !id.klass_offset);
	arena_drop(&frame);
	return held;
}
