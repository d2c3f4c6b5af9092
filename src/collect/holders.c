// SPDX-License-Identifier: Apache-2.0
// What keeps one class loader alive, as far as it can be told without searching the heap: threads, other
// loaders, data of hidden classes, JNI global references, and the VM itself.
//
// A loader is unloaded when three things are unreachable: every instance of its classes, the loader
// object, and the Class objects.  All that is found here is a root of one of the three.
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"
#include "base/mask.h"
#include "collect/collector.h"
#include "collect/families.h"
#include "jvm/addresses.h"
#include "jvm/classes.h"
#include "jvm/heapclock.h"
#include "jvm/hotspot.h"
#include "jvm/javafields.h"
#include "jvm/jnihandles.h"
#include "jvm/threads.h"

static const char MOVED[] = "a collection moved objects while they were read: look again";

struct search {
	struct look *look;
	const struct hotspot_classes *classes;
	const struct hotspot_loader *loader;
	struct lifeline *out;
	struct addresses klasses, mirrors; // of the loader's classes
};

// --- which loader ---

static const char *type_of(struct look *look, const struct hotspot_loader *l)
{
	return l->of_boot ? "<boot>" : l->type ? families_dotted(look->mem, l->type) : NULL;
}

static bool is_meant(struct look *look, const struct hotspot_loader *l, const char *text)
{
	const char *type;
	char *end;
	uint64_t at = strtoull(text, &end, 16);

	if (end != text && !*end && at == l->at)
		return true;
	type = type_of(look, l);
	return !l->hidden && type && (!strcmp(type, text) || (l->name && !strcmp(l->name, text)));
}

static bool choose(struct search *s)
{
	const char *text = s->look->target->of_loader, *some = "";
	size_t found = 0;

	for (size_t i = 0; i < s->classes->loaders.count; i++) {
		const struct hotspot_loader *l = &s->classes->loaders.at[i];

		if (l->unreadable || !is_meant(s->look, l, text))
			continue;
		s->loader = l;
		if (found++ < 3)
			some = arena_format(s->look->mem, "%s 0x%llx", some,
					    (unsigned long long)l->at);
	}
	if (!found)
		s->out->why_not = arena_format(s->look->mem,
					       "no loader has the address, type or name %s", text);
	else if (found > 1)
		s->out->why_not = arena_format(s->look->mem,
					       "%zu loaders are %s: name one by its address (%s%s)",
					       found, text, some + 1, found > 3 ? " ..." : "");
	if (found != 1)
		return false;
	s->out->loader = s->loader->at;
	s->out->type = type_of(s->look, s->loader);
	return true;
}

// --- holders ---

static void hold(struct search *s, enum holder_of of, const char *kind, const char *name)
{
	for (size_t i = 0; i < s->out->holders.count; i++) {
		struct holder_row *h = &s->out->holders.at[i];

		if (h->of == of && !strcmp(h->kind, kind) &&
		    (h->name && name ? !strcmp(h->name, name) : h->name == name)) {
			h->count++;
			return;
		}
	}
	vec_push(s->look->mem, &s->out->holders, (struct holder_row){ of, kind, name, 1 });
}

static void note_classes(struct search *s)
{
	const struct hotspot *vm = s->look->vm;

	addresses_init(&s->klasses, s->look->mem);
	addresses_init(&s->mirrors, s->look->mem);
	for (size_t i = 0; i < s->loader->count; i++) {
		size_t index = s->loader->first + i;
		const struct hotspot_class *k = &s->classes->classes.at[index];
		uint64_t mirror = javafields_mirror(vm, k->at);

		addresses_put(&s->klasses, k->at, (uint32_t)index, NULL);
		if (mirror)
			addresses_put(&s->mirrors, mirror, (uint32_t)index, NULL);
	}
}

static const char *class_name(struct search *s, uint32_t index)
{
	return families_dotted(s->look->mem, s->classes->classes.at[index].name);
}

// By the classes of the JDK's own loaders, which the VM refers to.
static bool is_built_in(const struct hotspot_loader *l)
{
	static const char *const TYPES[] = {
		"jdk/internal/loader/ClassLoaders$AppClassLoader",
		"jdk/internal/loader/ClassLoaders$PlatformClassLoader",
		"jdk/internal/loader/ClassLoaders$BootClassLoader",
		"sun/misc/Launcher$AppClassLoader",
		"sun/misc/Launcher$ExtClassLoader",
	};

	for (size_t i = 0; l->type && i < sizeof(TYPES) / sizeof(*TYPES); i++)
		if (!strcmp(l->type, TYPES[i]))
			return true;
	return l->of_boot;
}

static void find_loaders(struct search *s)
{
	const struct hotspot_loader *mine = s->loader;
	uint32_t index = (uint32_t)(mine - s->classes->loaders.at);

	if (is_built_in(mine) && !mine->hidden)
		hold(s, HOLDER_OF_LOADER, "the VM, which never unloads a built-in loader", NULL);
	for (size_t i = 0; i < s->classes->loaders.count; i++) {
		const struct hotspot_loader *l = &s->classes->loaders.at[i];

		if (l == mine || l->unloading)
			continue;
		if (!l->hidden && l->parent == index)
			hold(s, HOLDER_OF_LOADER, "child loader", type_of(s->look, l));
		if (l->hidden && mine->object_at && l->object_at == mine->object_at)
			hold(s, HOLDER_OF_LOADER, "hidden class",
			     l->count ? class_name(s, (uint32_t)l->first) : NULL);
	}
}

static void find_threads(struct search *s)
{
	struct hotspot_threads threads;
	struct fail why;

	if (!threads_read(s->look->vm, s->classes, s->look->mem, &threads, &why)) {
		s->out->threads_missing = arena_text(s->look->mem, why.text);
		return;
	}
	for (size_t i = 0; i < threads.java.count; i++) {
		const struct hotspot_thread *t = &threads.java.at[i];
		const char *name = t->name ? mask_copy(s->look->mem, t->name) : NULL;
		uint32_t index;

		if (t->klass_at && addresses_find(&s->klasses, t->klass_at, &index))
			hold(s, HOLDER_OF_INSTANCE, "thread", name);
		if (s->loader->object_at && t->context_loader_at == s->loader->object_at)
			hold(s, HOLDER_OF_LOADER, "context loader of thread", name);
	}
}

static void find_handles(struct search *s)
{
	jnihandles_oops oops;
	struct fail why;

	if (!jnihandles_read(s->look->vm, s->look->mem, &oops, &why)) {
		s->out->jni_missing = arena_text(s->look->mem, why.text);
		return;
	}
	for (size_t i = 0; i < oops.count; i++) {
		uint64_t klass = hotspot_klass_of(s->look->vm, oops.at[i]);
		uint32_t index;

		if (klass && addresses_find(&s->klasses, klass, &index))
			hold(s, HOLDER_OF_INSTANCE, "JNI global reference to a",
			     class_name(s, index));
		if (oops.at[i] == s->loader->object_at)
			hold(s, HOLDER_OF_LOADER, "JNI global reference", NULL);
		if (addresses_find(&s->mirrors, oops.at[i], &index))
			hold(s, HOLDER_OF_CLASS, "JNI global reference to the class",
			     class_name(s, index));
	}
}

// What objects said is of one heap only when none moved since the loaders were read.
static void drop_moved(struct search *s)
{
	struct heapclock clock = s->classes->clock;
	size_t kept = 0;

	if (heapclock_holds_on(s->look->vm, &clock))
		return;
	for (size_t i = 0; i < s->out->holders.count; i++) {
		const struct holder_row *h = &s->out->holders.at[i];

		// The classes of threads, and loaders, do not move.
		if (!strncmp(h->kind, "JNI", 3) || !strncmp(h->kind, "context", 7))
			continue;
		s->out->holders.at[kept++] = *h;
	}
	s->out->holders.count = kept;
	s->out->threads_missing = s->out->jni_missing = MOVED;
}

static bool run(struct look *look, struct fail *why)
{
	struct search s = { .look = look, .classes = look->classes, .out = &look->out->lifeline };

	if (!look->target->classes_alone || !look->target->of_loader)
		return true;
	s.out->asked = true;
	if (!look->classes) {
		s.out->why_not = "the class loaders can't be read";
		return true;
	}
	if (!choose(&s))
		return true;
	note_classes(&s);
	find_threads(&s);
	find_loaders(&s);
	find_handles(&s);
	drop_moved(&s);
	return true;
}

const struct collector collector_holders = {
	.name = "holders",
	.sentence = "what keeps one class loader alive, without a search of the heap",
	.needs = TIER_B,
	.needs_vm = true,
	.of_classes = CLASSES_HOLDERS,
	.run = run,
};
