// SPDX-License-Identifier: Apache-2.0
#include "jvm/cleaners.h"

#include "base/fail.h"
#include "base/memory.h"
#include "jvm/addresses.h"
#include "jvm/classes.h"
#include "jvm/hotspot.h"

enum {
	NODE_LIMIT = 1 << 20,
	REMOVED_LIMIT = 200, // links taken out while we stood on them, in one walk
};

static bool find_in_nodes(const struct hotspot *vm, const struct hotspot_classes *classes,
			  struct cleaners *c, struct fail *why)
{
	c->in_nodes = true;
	c->list_klass = classes_find(classes, "java/nio/BufferCleaner$CleanerList");
	c->node_klass = classes_find(classes, "java/nio/BufferCleaner$CleanerList$Node");
	c->klass = classes_find(classes, "java/nio/BufferCleaner$PhantomCleaner");
	if (!c->list_klass || !c->node_klass || !c->klass)
		return fail(why, FAIL_ABSENT, "no buffer has registered a cleaner yet");
	return javafields_find(vm, c->outer, "cleanerList", &c->list, why) &&
	       javafields_find(vm, c->list_klass, "head", &c->head, why) &&
	       javafields_find(vm, c->node_klass, "arr", &c->array, why) &&
	       javafields_find(vm, c->node_klass, "size", &c->size, why) &&
	       javafields_find(vm, c->node_klass, "next", &c->next, why) &&
	       javafields_find(vm, c->klass, "action", &c->action, why);
}

static bool find_linked(const struct hotspot *vm, const struct hotspot_classes *classes,
			struct cleaners *c, struct fail *why)
{
	c->klass = classes_find(classes, "jdk/internal/ref/Cleaner");
	if (!c->klass)
		c->klass = classes_find(classes, "sun/misc/Cleaner");
	if (!c->klass)
		return fail(why, FAIL_ABSENT, "the class that keeps cleaners is not loaded");
	c->outer = c->klass;
	return javafields_find(vm, c->klass, "first", &c->head, why) &&
	       javafields_find(vm, c->klass, "next", &c->next, why) &&
	       javafields_find(vm, c->klass, "thunk", &c->action, why);
}

bool cleaners_find(const struct hotspot *vm, const struct hotspot_classes *classes,
		   struct cleaners *out, struct fail *why)
{
	struct cleaners c = { .outer = classes_find(classes, "java/nio/BufferCleaner") };

	if (!(c.outer ? find_in_nodes(vm, classes, &c, why) : find_linked(vm, classes, &c, why)))
		return false;
	*out = c;
	return true;
}

struct walk {
	const struct hotspot *vm;
	const struct cleaners *c;
	struct arena *mem;
	struct addresses seen; // of links; nodes are few and counted
	struct cleaner_list *out;
	unsigned removed; // links met that had just been taken out
};

static bool is_link(const struct walk *w, uint64_t link)
{
	return hotspot_klass_of(w->vm, link) == w->c->klass;
}

static bool fail_changed(struct fail *why)
{
	return fail(why, FAIL_CORRUPT, "the list of cleaners changed");
}

// The object that has the field `head`; 0: not readable.
static uint64_t find_holder(const struct walk *w)
{
	uint64_t mirror = javafields_mirror(w->vm, w->c->outer);

	return w->c->in_nodes ? javafields_oop(w->vm, mirror, w->c->list) : mirror;
}

// A link that is taken out links to itself.  Those in front of it, from the last one met that is still
// in the list on, have been read too early: from there the way is found anew.
static bool step_back(struct walk *w, uint64_t *next, struct fail *why)
{
	if (++w->removed > REMOVED_LIMIT)
		return fail_changed(why);
	memory_forget(w->vm->memory);
	while (w->out->at.count) {
		uint64_t last = w->out->at.at[w->out->at.count - 1];

		*next = javafields_oop(w->vm, last, w->c->next);
		if (!is_link(w, last))
			return fail_changed(why);
		if (*next != last)
			return true;
		w->out->at.count--;
	}
	*next = javafields_oop(w->vm, find_holder(w), w->c->head);
	return true;
}

static bool walk_links(struct walk *w, uint64_t head, struct fail *why)
{
	uint64_t link = head;

	while (link) {
		uint64_t next = javafields_oop(w->vm, link, w->c->next);

		if (!is_link(w, link) || w->seen.count == CLEANERS_LIMIT)
			return fail_changed(why);
		if (next == link) {
			if (!step_back(w, &link, why))
				return false;
			continue;
		}
		if (!addresses_put(&w->seen, link, 0, NULL))
			return fail_changed(why);
		vec_push(w->mem, &w->out->at, link);
		link = next;
	}
	return true;
}

// Whether the node has become so small since its size was read.
static bool is_beyond(const struct walk *w, uint64_t node, uint32_t i)
{
	uint32_t size;

	memory_forget(w->vm->memory);
	return javafields_u32(w->vm, node, w->c->size, &size, NULL) && i >= size;
}

static bool walk_node(struct walk *w, uint64_t node, struct fail *why)
{
	uint64_t array = javafields_oop(w->vm, node, w->c->array);
	struct java_array links;
	uint32_t size;

	if (!array || !javafields_array(w->vm, array, &links, why) ||
	    !javafields_u32(w->vm, node, w->c->size, &size, why))
		return fail(why, FAIL_CORRUPT, "a node of the list of cleaners makes no sense");
	if (size > links.length || size > CLEANERS_LIMIT)
		return fail(why, FAIL_CORRUPT, "a node of %u cleaners of %u", size, links.length);
	for (uint32_t i = 0; i < size; i++) {
		uint64_t slot = links.first + (uint64_t)i * javafields_oop_size(w->vm);
		uint64_t link = hotspot_oop_at(w->vm, slot);

		if (!link && is_beyond(w, node, i))
			break;
		if (!is_link(w, link) || w->seen.count == CLEANERS_LIMIT)
			return fail_changed(why);
		if (addresses_put(&w->seen, link, 0, NULL))
			vec_push(w->mem, &w->out->at, link);
	}
	return true;
}

static bool walk_nodes(struct walk *w, uint64_t head, struct fail *why)
{
	unsigned count = 0;

	for (uint64_t at = head; at; at = javafields_oop(w->vm, at, w->c->next)) {
		if (hotspot_klass_of(w->vm, at) != w->c->node_klass || ++count > NODE_LIMIT)
			return fail_changed(why);
		if (!walk_node(w, at, why))
			return false;
	}
	return true;
}

static bool walk(struct walk *w, struct fail *why)
{
	uint64_t holder = find_holder(w), head;

	if (!holder)
		return fail(why, FAIL_CORRUPT, "what holds the list of cleaners can't be read");
	if (w->c->in_nodes && hotspot_klass_of(w->vm, holder) != w->c->list_klass)
		return fail(why, FAIL_CORRUPT, "BufferCleaner.cleanerList is no list");
	head = javafields_oop(w->vm, holder, w->c->head);
	return w->c->in_nodes ? walk_nodes(w, head, why) : walk_links(w, head, why);
}

bool cleaners_list(const struct hotspot *vm, const struct cleaners *c, struct arena *mem,
		   struct cleaner_list *out, struct fail *why)
{
	struct walk w = { .vm = vm, .c = c, .mem = mem, .out = out };

	*out = (struct cleaner_list){ 0 };
	addresses_init(&w.seen, mem);
	if (!walk(&w, why))
		return false;
	if (!c->in_nodes)
		return true;
	memory_forget(vm->memory);
	return walk(&w, why);
}
