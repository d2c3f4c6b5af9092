// SPDX-License-Identifier: Apache-2.0
// What one class takes, part by part: what GC.class_stats counted up to JDK 15, for every JDK.
//
// Members and sizes come from vmStructs.  What a VM does not export (the annotations' record, nest
// members, the size of a profile) is probed where its neighbours have it, and each reading of it must
// pass a check of its own; a part that does not is unknown for the whole VM, and so is every sum
// with it.  docs/formats/classstats.md.

#ifndef JVM_CLASSSTATS_H
#define JVM_CLASSSTATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;
struct hotspot;
struct hotspot_class;
struct hotspot_classes;

#define CLASSSTATS_UNKNOWN UINT64_MAX

// Bytes, but for the counts; CLASSSTATS_UNKNOWN where the VM does not tell.  `total` is ro_all +
// rw_all, which have all but the instances.
struct classstats_sizes {
	uint64_t inst_size, mirror;
	uint64_t klass, secondary_supers, vtable, itable, oop_map; // the last three: of `klass`
	uint64_t methods_array, method_ordering, local_interfaces, transitive_interfaces, fields,
		inner_classes, nest_members;
	uint64_t class_annotations, class_type_annotations, fields_annotations,
		fields_type_annotations, methods_annotations, parameter_annotations,
		methods_type_annotations, default_annotations;
	uint64_t annotations; // without those of methods
	uint64_t pool, tags, cache, operands, reference_map, pool_all;
	uint64_t method_count, method, const_method, method_data, stackmap;
	uint64_t bytecodes; // of `const_method`
	uint64_t method_all, ro_all, rw_all, total;
	uint64_t others;    // in Metaspace and in none of these: counters, resolved classes ...
	uint64_t metaspace; // of all, what lies outside of CDS archives and the Java heap
	uint64_t super_at;  // Klass* of the super class; 0: none
};

// Parts that not every VM tells.
enum classstats_part {
	CLASSSTATS_MIRROR,
	CLASSSTATS_NEST_MEMBERS,
	CLASSSTATS_ANNOTATIONS,        // of classes and fields
	CLASSSTATS_METHOD_ANNOTATIONS, // of methods
	CLASSSTATS_POOL,               // operands of invokedynamic, reference map, cache
	CLASSSTATS_METHOD_DATA,        // profiles
	CLASSSTATS_PARTS,
	CLASSSTATS_WHOLE = CLASSSTATS_PARTS, // no part alone
};

enum {
	CLASSSTATS_PAGES = 64,
	CLASSSTATS_RECORD = 1024
};                       // an InstanceKlass without its tables fits
struct classstats_page { // a copy of a page of the target; at 0: of none
	uint64_t at;
	uint8_t bytes[4096];
};

struct classstats {
	const struct hotspot *vm;
	struct classstats_page *pages;         // CLASSSTATS_PAGES of them
	const char *unknown[CLASSSTATS_PARTS]; // why; NULL: the part is known
	uint64_t nest_members;                 // offset in InstanceKlass; 0: this VM has none
	uint64_t annotations[4];               // offsets of the four pointers in Annotations
	uint64_t profile_size;                 // offset in MethodData
	uint64_t sizeof_klass, sizeof_method, sizeof_const, sizeof_pool, sizeof_cache, sizeof_entry,
		sizeof_counters, sizeof_annotations;
	uint64_t mirror_size;                          // of java.lang.Class, without statics
	uint64_t object_alignment, metadata_alignment; // JDK 8 aligns both alike
	bool has_host_word;        // anonymous classes have one word more (JDK 8 to 14)
	bool may_have_fingerprint; // archived classes one more (9 to 16)
	uint64_t annotation_flags[4];
	uint64_t archive_start, archive_end; // 0, 0: by mappings
};

// Finds the layout and tries each probe on the boot loader's classes.  ABSENT: a member without which
// no class can be counted is not exported (the text names it).
bool classstats_open(const struct hotspot *vm, const struct hotspot_classes *classes,
		     struct arena *mem, struct classstats *out, struct fail *why);
// All that was copied of the target, so that it is read anew.
void classstats_forget(const struct classstats *s);
// `loader_at` is the ClassLoaderData* that the class is to point back to, `hidden`: of a loader that is a hidden or anonymous class's own.  CORRUPT, ABSENT: the class makes no
// sense, or has gone; `part` tells which part did not.
bool classstats_read(const struct classstats *s, const struct hotspot_class *c, uint64_t loader_at,
		     bool hidden, struct classstats_sizes *out, enum classstats_part *part,
		     struct fail *why);

#endif
