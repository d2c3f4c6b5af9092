// SPDX-License-Identifier: Apache-2.0
// Class loaders and their classes, read from ClassLoaderDataGraph without a safepoint.
//
// The VM unlinks and frees loaders while we read, and a reader that stands on one can be led to an
// end that is not the end.  So the list of loaders is taken first and believed only when its last
// element is the boot loader; then each loader's classes, each of which must point back.  What does
// not validate after some tries is "unloading" and gets no name if it has left the list by then,
// else all is "layout unknown"; docs/formats/classes.md.

#ifndef JVM_CLASSES_H
#define JVM_CLASSES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "jvm/heapclock.h"

struct fail;
struct hotspot;

enum class_kind { CLASS_INSTANCE, CLASS_OBJECT_ARRAY, CLASS_TYPE_ARRAY };

struct hotspot_class {
	uint64_t at;      // Klass*
	uint64_t symbol;  // Symbol* of its name: equal names of one VM are one Symbol
	const char *name; // as the VM spells it: "java/lang/String", "[I"; one string per Symbol
	uint64_t constants_at; // ConstantPool* of an instance class; 0: not known
	enum class_kind kind;
	bool extra; // JDK 28: the second Klass of an object array class, which jcmd doesn't count
};

struct hotspot_loader {
	uint64_t at;        // ClassLoaderData*
	uint64_t object_at; // oop of the loader; 0: boot, or not readable
	uint64_t klass_at;  // Klass* of the loader object, 0 likewise
	const char *type;   // its class, as the VM spells it; NULL: boot, or not known
	const char *name;   // ClassLoader.getName(), NULL: none, or not known
	uint32_t parent; // index of the parent loader; LOADER_NONE: the boot loader, or not known
	bool boot;       // the boot loader's own data
	bool of_boot;    // has no loader object: the boot loader's own, or of its hidden classes
	bool hidden;     // own-mirror data of a hidden or anonymous class
	bool unloading;  // its class list did not validate, or the loader object is dead
	bool unreadable; // of these: its class list did not validate
	size_t first, count; // its classes; count is 0 when unreadable
	uint32_t extra;      // of them with `extra` set
};

#define LOADER_NONE UINT32_MAX

struct hotspot_classes {
	VEC(struct hotspot_loader) loaders; // in the VM's order, the boot loader last
	VEC(struct hotspot_class) classes;  // by loader
	uint64_t boot_at;                   // ClassLoaderData* of the boot loader
	uint64_t class_loader_klass;        // of java/lang/ClassLoader; 0: not found
	unsigned list_restarts, retries;    // what the VM's activity cost us
	struct heapclock
		clock;     // a time no later than anything that later readers find read already
	size_t unreadable; // loaders whose class list did not validate
};

// All pointers live in `mem`.  CORRUPT: the list never validated, or "layout unknown"; ABSENT: this
// VM does not export what is needed; and what reading memory may fail with.
bool classes_read(const struct hotspot *vm, struct arena *mem, struct hotspot_classes *out,
		  struct fail *why);
// Whether any of these ClassLoaderData stands in the VM's list now, read anew: one that does and
// can't be read is damaged, another has been unloaded meanwhile.  True when the list itself can't
// be read.
bool classes_any_listed(const struct hotspot *vm, const uint64_t *at, size_t count);
// Whether the VM's list of loaders, read anew, is still the one that `c` has.
bool classes_are_current(const struct hotspot *vm, const struct hotspot_classes *c);
// Klass* of a class of the boot loader by its VM name, 0: not loaded.
uint64_t classes_find(const struct hotspot_classes *c, const char *name);

#endif
