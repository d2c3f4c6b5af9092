// SPDX-License-Identifier: Apache-2.0
// A heap dump as a whole: its classes, roots, threads and strings, and a count of its objects.
//
// dump_open() goes through the file once.  That gives the histogram; heap/graph.h goes on to who holds
// whom.  A file may be cut or hold several dumps: what is there is taken, the last dump is meant, and
// `loss` says what is missing.  Everything lives until dump_close(); texts are in `mem`.

#ifndef HEAP_DUMP_H
#define HEAP_DUMP_H

#include "base/arena.h"
#include "heap/big.h"
#include "heap/idmap.h"
#include "heap/image.h"
#include "heap/layout.h"
#include "jvm/addresses.h"
#include "parse/hprof.h"

enum { KLASS_SAMPLES = 128, KLASS_DEPTH_LIMIT = 128 };

enum klass_reference {
	REFERENCE_NONE,
	REFERENCE_WEAK,
	REFERENCE_SOFT,
	REFERENCE_PHANTOM,
	REFERENCE_FINAL
};

struct klass_sample {
	uint64_t id;
	uint32_t count; // elements; of a piece of stack its words
};

// How many arrays have n elements, by n modulo 256: gives their sizes under any layout.
struct klass_arrays {
	uint64_t elements;
	uint64_t by_rest[256];
};

struct klass {
	uint64_t id;             // 0: a class that the dump does not have (primitive arrays)
	uint32_t index;          // in d->classes
	const char *name;        // as GC.class_histogram prints it: "[B", "java.lang.String"
	struct hprof_class body; // empty where `is_known` is not set
	bool is_known;           // has a CLASS part
	bool is_array, is_boot, is_root, is_thread;
	uint8_t element; // type of an array's elements
	enum klass_reference reference;
	uint32_t referent_at; // offset of Reference.referent in an instance's data
	struct klass *super;  // NULL: none, or not in the dump
	unsigned depth;       // of supers
	uint32_t field_bytes; // of an instance's data in the dump, supers included
	uint32_t *refs;       // offsets of references in an instance's data
	uint32_t ref_count;
	uint64_t *edges; // ids that the class itself holds: super, loader, statics
	uint32_t edge_count;
	uint64_t instances;     // -all: also what nothing holds
	uint64_t bytes;         // of them, true sizes
	uint64_t size;          // of one instance; 0: of arrays
	uint64_t mirror_bytes;  // of its java.lang.Class
	bool is_stack;          // jdk.internal.vm.StackChunk: a piece of stack lies in the object
	uint32_t words_at;      // of it: offset of the field with the stack's words
	uint64_t stack_words;   // of all instances
	uint64_t stack_bits[2]; // words of the bitmaps: a bit for each 8 bytes, for each 4 bytes
	struct klass_arrays *arrays;
	struct klass_sample *samples; // the first of them
};

struct dump_root {
	uint64_t id;
	uint32_t thread, frame; // serial number; UINT32_MAX: no frame
	uint8_t tag;            // enum hprof_part_tag
};

struct dump_frame {
	uint64_t id;
	const uint8_t *record;
	const char *method, *class_name, *source;
	int32_t line; // not above 0: unknown
};

struct dump_thread {
	uint64_t id; // its object
	uint32_t serial;
	const struct dump_frame **frames; // innermost first
	uint32_t frame_count;
	uint64_t *locals; // ids, for the edges that the thread has to them
	uint32_t local_count;
	uint32_t *local_frames; // of each the index of its frame; UINT32_MAX: none
};

struct dump_text {
	const uint8_t *at;
	uint32_t len;
};

// A known place between two parts of the heap.
struct dump_piece {
	const uint8_t *at, *end;
};

struct dump {
	struct arena *mem;
	struct bigs *bigs;
	struct image image;
	struct hprof_header header;
	unsigned ids; // bytes of an id
	VEC(struct dump_text) texts;
	struct addresses text_at;
	VEC(struct klass *) classes; // in the order of the file
	struct addresses class_at;
	struct klass *primitive[HPROF_TYPES];   // arrays of them
	struct klass *mirror, *string, *object; // java.lang.Class, String, Object; NULL: not there
	VEC(struct dump_root) roots;
	VEC(struct dump_thread) threads;
	struct addresses thread_at;    // by the id of the object
	VEC(struct dump_piece) pieces; // of the heap
	uint64_t heap_bytes;           // of all pieces
	unsigned dumps;                // in the file; the last is what is here
	struct idmap idmap;
	uint64_t objects; // distinct ids, classes included
	uint64_t parts;   // object parts; more than `objects`: some came twice
	struct layout layout;
	bool roots_made;  // not all were in the file: what the VM always holds stands for them
	const char *loss; // NULL: the file is whole
};

// How far it is, 0 to 1; false ends the work with FAIL_GONE.
bool dump_open(const char *path, struct bigs *bigs, progress_fn *progress, void *arg,
	       struct arena *mem, struct dump *out, struct fail *why);
// The same of bytes that the caller has, and which outlive the dump.
bool dump_parse(struct span bytes, struct bigs *bigs, progress_fn *progress, void *arg,
		struct arena *mem, struct dump *out, struct fail *why);
void dump_close(struct dump *d);

struct klass *dump_class(const struct dump *d, uint64_t id);            // NULL: none
struct klass *dump_class_named(const struct dump *d, const char *name); // the first; NULL: none
const char *dump_text(struct dump *d, uint64_t id);                     // "" where it is missing
bool klass_is_below(const struct klass *k, const char *name);           // itself included
// Size of the object that the part is, by the layout.
uint64_t dump_size(const struct dump *d, const struct klass *k, const struct hprof_part *p);
// Words of the stack in an instance of a class that `is_stack`.
uint32_t dump_stack_words(const struct klass *k, const struct hprof_part *p);

// Calls for each object's part, in the file's order; `place` is its offset in the dump.
typedef void dump_part_fn(void *arg, uint64_t place, const struct hprof_part *p);
void dump_each_part(struct dump *d, dump_part_fn *fn, void *arg);

// Where a field is in an instance's data, asked by name from the class up; false: there is none.
bool klass_field(struct dump *d, const struct klass *k, const char *name, uint32_t *offset,
		 uint8_t *type);
// A static field's value; false: there is none.
bool klass_static(struct dump *d, const struct klass *k, const char *name,
		  struct hprof_static *out);

#endif
