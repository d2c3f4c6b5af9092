// SPDX-License-Identifier: Apache-2.0
// What was seen of one process at one moment: scalars, tables, claims, and who said so.
//
// Plain data, the waist of the hourglass.  Nothing here reads, judges or prints.  All of a snapshot
// lives in its arena.  An unknown scalar says why it is unknown.

#ifndef FACTS_SNAPSHOT_H
#define FACTS_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/fail.h"
#include "facts/claim.h"
#include "facts/classstats.h"
#include "facts/jstat.h"
#include "facts/live.h"
#include "facts/malloc.h"
#include "facts/metaspace.h"
#include "facts/options.h"
#include "facts/peek.h"

enum fact_id {
#define FACT(id, name, unit, meaning) F_##id,
#include "facts/catalog.def"
#undef FACT
	FACT_COUNT
};

enum fact_unit { UNIT_BYTES, UNIT_COUNT, UNIT_NS, UNIT_MS, UNIT_FLAG, UNIT_TEXT };

// What the kernel lets us read of the target; docs/ARCHITECTURE.md.
enum tier { TIER_A, TIER_B, TIER_C, TIER_D };

// Who learned it and how.  `collector` and `source` are static strings.
struct provenance {
	const char *collector; // "metaspace"
	const char *source;    // "vmstructs", "hsperf", "proc", "attach", "cgroup" ...
	enum tier tier;
	enum certainty certainty;
};

struct fact {
	bool known;
	uint64_t value;   // all units but TEXT
	const char *text; // TEXT
	struct provenance from;
	const char *why_not; // when unknown and somebody tried; else NULL
};

struct mapping_row {
	uint64_t start, end;
	bool readable, writable, executable, shared, deleted;
	const char *path;
	bool sized; // the sizes below are known, from one read of smaps
	uint64_t resident, swap, pss;
};

// Pages that are resident or swapped, as runs; sorted, without overlap.
struct run_row {
	uint64_t start, end;
	bool swapped; // else resident
	bool file;    // a file's or shared
	bool huge;
};

enum thread_kind { THREAD_JAVA, THREAD_GC, THREAD_JIT, THREAD_VM, THREAD_NATIVE };

struct thread_row {
	int tid; // the host's
	const char
		*name; // Java's whole name, the kernel's for others; NULL while it starts or ends
	enum thread_kind kind;
	bool has_stack; // stack_start and stack_end are known
	uint64_t stack_start,
		stack_end;        // as HotSpot set it, guard zones included, glibc's guard page not
	uint64_t stack_committed; // the JVM's meaning: what NMT would say (0: unknown)
	uint64_t context_loader_at; // oop of the context class loader, 0 unknown or none
	uint64_t temp_bytes;        // of direct buffers that NIO keeps for it; 0 where not known
	bool has_allocated;
	uint64_t allocated; // bytes that it allocated on the Java heap since it began
};

struct loader_row {
	uint64_t at;          // ClassLoaderData*
	uint64_t object_at;   // oop of the loader when it was read; 0: boot, or not known
	const char *type;     // class of the loader object, dotted; "<boot>"; NULL: not known
	const char *name;     // ClassLoader.getName() where set
	uint64_t parent_at;   // ClassLoaderData* of the parent loader, 0 none or unknown
	bool hidden;          // own-mirror CLD of a hidden or anonymous class
	bool unloading;       // its class list did not validate, or the loader object is dead
	uint32_t class_count; // arrays included
	uint64_t used, committed, wasted;     // non-class and class Metaspace together
	uint64_t class_used, class_committed; // class space alone
};

// Classes whose names differ only in what generators number.
struct family_row {
	const char
		*name; // dotted, runs of digits and hex folded to #: "shop.ASMSerializer_#_Order"
	const char *example;     // one real name
	const char *loader_type; // of most of its loaders
	uint32_t class_count, loader_count;
	uint32_t distinct_names; // 1: the same name again and again
	uint32_t hidden_count;
	uint32_t max_per_loader; // most classes of it in one loader
	uint64_t bytes; // Metaspace of its classes, by the loaders' used bytes where alone in them,
			// else by the sizes in the classes' own metadata
	const char *generator; // who makes such classes, by their marks; NULL: not known
	const char *source;    // where they were defined from; NULL: not known
};

// A name that more than one class has; collect/duplicates.h.
struct duplicate_row {
	const char *name;        // dotted
	const char *loader_type; // where all its loaders are of one
	uint64_t loader;         // ClassLoaderData* of the one that has it most often
	uint32_t definitions, loader_count;
	uint32_t most_in_one; // definitions in that loader
};

// What keeps one loader alive, as far as it can be told without searching the heap.
enum holder_of { HOLDER_OF_INSTANCE, HOLDER_OF_LOADER, HOLDER_OF_CLASS };

struct holder_row {
	enum holder_of of;
	const char *kind; // "thread", "context loader", "JNI global", "child loader" ...
	const char *name; // which, where it has a name
	uint64_t count;   // of the same kind and name
};

struct lifeline {
	bool asked;
	uint64_t loader;     // ClassLoaderData*; 0: none was found, or more than one
	const char *type;    // of it
	const char *why_not; // none was found, and why
	VEC(struct holder_row) holders;
	const char *threads_missing, *jni_missing; // why these could not be read; NULL: they were
};

struct space_row {           // a space of the Java heap, or all regions of one kind (G1)
	const char *name;    // "eden", "old", "humongous" ...
	uint64_t start, end; // 0, 0 where it has no one range
	uint64_t committed, used;
	uint32_t regions;
};

struct code_heap_row {
	const char *name;
	uint64_t start, end; // reserved
	uint64_t committed, used;
};

struct buffer_row {
	uint64_t at, bytes;
};

struct arena_row {   // glibc
	uint64_t at; // malloc_state
	bool main;
	uint32_t heaps;
	uint32_t attached_threads;
	uint64_t system; // bytes taken from the kernel
};

enum flag_type { FLAG_BOOL, FLAG_INT, FLAG_UINT, FLAG_DOUBLE, FLAG_STRING };

struct flag_row {
	const char *name;
	const char *type_name; // "bool", "size_t", "ccstr"
	enum flag_type type;
	uint64_t number;    // BOOL, UINT; INT as two's complement
	double real;        // DOUBLE
	const char *text;   // STRING; NULL when unset
	const char *origin; // "default", "command line", "ergonomic" ...
};

// A number without addresses that somebody else gives for an account.
struct check_row {
	const char *account, *source; // "metaspace", "hsperf"
	const char *what;             // "committed", "used"
	uint64_t theirs;
	bool counted; // `ours` is given here: a number that the account's row does not have
	uint64_t ours;
};

#define UNKNOWN_BYTES UINT64_MAX

// One of the VM's own categories as VM.native_memory reports it: stacks of threads are with Thread,
// what tracking costs is with Native Memory Tracking.  UNKNOWN_BYTES: not known.
struct nmt_row {
	const char *category;         // the VM's name: "Java Heap"
	uint64_t reserved, committed; // malloc, arenas, mappings and overhead together
	uint64_t malloc, malloc_count, malloc_peak;
	uint64_t arena, arena_count;
	uint64_t mmap_reserved, mmap_committed; // of Thread: its stacks
	uint64_t overhead;                      // headers of malloc'd blocks
	// Where they lie: pages of its mappings; live blocks by their headers, with these, and the
	// resident bytes that they cover.
	uint64_t mmap_resident;
	uint64_t block_count, block_bytes, block_resident;
};

struct nmt_region_row { // a range of the VM's own list
	uint64_t start, end, committed;
	const char *category;
};

enum { NMT_SITE_FRAMES = 4 };

struct nmt_site_row { // who asked for memory, at level detail
	bool mapped;  // ranges of address space; else malloc'd blocks
	const char *category;
	uint64_t bytes, committed, count;   // of mappings `bytes` are reserved
	const char *frame[NMT_SITE_FRAMES]; // "os::malloc+0x1f", innermost first
	size_t frames;
};

// Native Memory Tracking.  Where it is off there are no rows and nothing is missing.
struct nmt_facts {
	const char *level;            // "off", "summary" or "detail"; NULL: not known
	bool known;                   // the rows are
	const char *source;           // "memory" or "attach"
	const char *why_not;          // what of it is not known, in words; NULL: nothing
	uint64_t reserved, committed; // of all categories
	VEC(struct nmt_row) rows;
	VEC(struct nmt_region_row) regions; // sorted, without overlap
	bool sites_known;
	VEC(struct nmt_site_row) sites; // the largest first
};

// cgroup v1 or v2, cut as the kernel cuts it.  UINT64_MAX: not known.
struct container_facts {
	bool known;
	bool v2;
	const char *path;
	const char *dir; // whose limit counts, where it can be read; NULL: not known
	uint64_t limit, usage, working_set, swap;
	uint64_t anon, file, shmem;
	uint64_t file_mapped, active_file, inactive_file;
	uint64_t slab, page_tables, kernel_stacks, sockets, percpu, kernel;
	uint64_t oom_kills, limit_hits;
	uint64_t pids_current, pids_max;
	double some_avg10, full_avg10; // memory PSI in percent; negative: not known
	// Other processes of the container.
	uint32_t processes;
	uint64_t others_rss_anon, others_rss_file, others_rss_shmem;
	int other_pid;          // the one with the largest RssAnon + RssShmem; 0: none or not known
	const char *other_name; // as the kernel calls it
	uint64_t other_rss;
};

// What a collector could not bring.
struct miss_row {
	const char *collector;
	enum fail_kind kind;
	const char *text;
};

// An account that whoever knows it could not read: its claims are not to be believed, and its bytes
// are unaccounted rather than somebody else's.
struct doubt_row {
	const char *account, *collector;
	bool torn; // it moved while it was read: unknown now, but what lies around it is not
};

struct snapshot {
	struct arena *mem;
	int pid;
	const char *host;
	enum tier tier;
	const char *tier_denied; // what may not be read and why; NULL when all may be
	const char *tier_gain;   // which one capability or right would add what; NULL when nothing
	double at_s;             // seconds since boot at the start of the look
	int64_t wall_s;          // the same moment, seconds since 1970
	const char *capture;     // file name when this comes from a capture, else NULL
	struct fact fact[FACT_COUNT];
	VEC(struct mapping_row) mappings;
	VEC(struct run_row) runs;
	VEC(struct claim) claims;
	VEC(struct thread_row) threads;
	VEC(struct loader_row) loaders;
	VEC(struct family_row) families;
	VEC(struct duplicate_row) duplicates; // where asked for
	bool families_known, duplicates_known;
	struct lifeline lifeline; // where asked for
	VEC(struct space_row) spaces;
	struct jstat_line jstat; // where asked for
	VEC(struct code_heap_row) code_heaps;
	VEC(struct buffer_row) buffers;
	bool buffers_known; // false: the list did not validate, only the counters count
	VEC(struct arena_row) arenas;
	VEC(struct flag_row) flags;
	VEC(struct option_row) options; // of a -XX:Flags file first, then the VM's order
	bool options_whole;             // they are the VM's own list, or all places could be read
	const char *options_why_not;    // what is not known of them; NULL when they are whole
	VEC(struct setting_row) settings;
	struct malloc_limits malloc_limits;
	struct peek_facts peek;     // what some of its memory contains, where that was asked for
	struct malloc_facts malloc; // its chunks, where they were asked for
	uint64_t machine_memory;    // MemTotal; 0: not known
	VEC(struct check_row) checks;
	VEC(struct miss_row) misses;
	VEC(struct doubt_row) doubts;
	struct container_facts container;
	struct nmt_facts nmt;
	struct metaspace_facts metaspace;     // of `classes --metaspace`
	struct class_stats_facts class_stats; // of `classes --stats`
	struct live_facts live;               // of `heap PID histo`
	struct {                              // of the look itself
		double cpu_s, wall_s;
		uint64_t peak_rss;
	} cost;
};

extern const struct fact_info {
	const char *name, *meaning;
	enum fact_unit unit;
} FACT_INFO[FACT_COUNT];

// An empty snapshot whose rows and texts live in `mem`.
void snapshot_init(struct snapshot *s, struct arena *mem);
// A value replaces whatever was there; a text is copied.
void snapshot_set(struct snapshot *s, enum fact_id id, uint64_t value, struct provenance from);
void snapshot_set_text(struct snapshot *s, enum fact_id id, const char *text,
		       struct provenance from); // copied
// Says why a fact is not there; keeps a value that somebody else brought.
void snapshot_set_missing(struct snapshot *s, enum fact_id id, struct provenance from,
			  const char *why_not);
// The value, or `otherwise` when it is not known.
uint64_t snapshot_get(const struct snapshot *s, enum fact_id id, uint64_t otherwise);
bool snapshot_find(const char *name, enum fact_id *id);
const struct flag_row *snapshot_find_flag(const struct snapshot *s, const char *name);
void snapshot_claim(struct snapshot *s, struct claim c); // ignores empty ranges
void snapshot_doubt(struct snapshot *s, const char *account, const char *collector, bool torn);
// "rw-p", as /proc/PID/maps has it.
const char *mapping_permissions(const struct mapping_row *m, char to[5]);
const char *tier_name(enum tier t);               // "A"
const char *thread_kind_name(enum thread_kind k); // "java"

#endif
