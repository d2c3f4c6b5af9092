// SPDX-License-Identifier: Apache-2.0
// The tables of a history that hold rows of looks, described once: names on disk, and where in a struct
// of ours each lies.  Creating, adding columns, writing and reading all go by this description.

#ifndef STORE_HISTORY_TABLES_H
#define STORE_HISTORY_TABLES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct fail;
struct history;

enum column_kind {
	COLUMN_TEXT,
	COLUMN_U64, // UINT64_MAX is NULL on disk
	COLUMN_U32,
	COLUMN_INT,
	COLUMN_BOOL,
	COLUMN_REAL,
	COLUMN_WORD, // an enum, by its names
};

struct column {
	const char *name;
	enum column_kind kind;
	size_t at;
	const char *const *words; // of COLUMN_WORD, up to a NULL
};

struct history_table {
	const char *name;
	const char *owner; // "look" or "jvm": whose rows they are
	const struct column *columns;
	size_t count;
	size_t row_size;
};

// A VEC of any type.
struct any_rows {
	char *at;
	size_t count, room;
};

extern const struct history_table HISTORY_TABLES[];
enum history_table_id {
	TABLE_STATE,     // of a look: one row
	TABLE_CONTAINER, // likewise
	TABLE_FACT,
	TABLE_ACCOUNT,
	TABLE_UNACCOUNTED,
	TABLE_FAMILY,
	TABLE_LOADER, // by type
	TABLE_THREAD, // by stem
	TABLE_ARENA,
	TABLE_SPACE,
	TABLE_CODE_HEAP,
	TABLE_CHECK,
	TABLE_MISS,
	TABLE_DOUBT,
	TABLE_FLAG, // of a JVM
	TABLE_OPTION,
	TABLE_SETTING,
	TABLE_COUNT
};

// What a look's tables hold where it is no row of a snapshot as it is.
struct stored_state {
	const char *tier, *tier_denied, *tier_gain;
	uint64_t machine_memory;
	bool malloc_known;
	uint64_t arena_max, trim_threshold, top_pad, mmap_threshold;
	bool options_whole;
	const char *options_why_not;
	bool by_page;
	uint64_t scanned, swap, unaccounted, certain, drift;
	double cpu_s, wall_s;
};

struct stored_fact {
	const char *name;
	uint64_t value; // UNKNOWN_BYTES with a text, or when it is not known
	const char *text, *why_not, *collector, *source;
	int tier, certainty;
};

struct stored_account {
	const char *account;
	bool unknown;
	uint64_t resident, swap, committed, reserved, used, pss, certain;
	int certainty;
	const char *source;
};

struct stored_loader {           // loaders of one class, those of hidden classes apart
	const char *type, *name; // the name when there is one loader
	bool hidden, unloading;
	uint32_t loaders;
	uint64_t classes, used, committed, wasted, class_used, class_committed;
	uint64_t metaspace, class_space; // resident
};

struct stored_thread {    // threads of one stem
	const char *name; // the stem; the whole name when there is one thread
	int kind;
	uint32_t threads;
	uint64_t reserved, committed, resident, temp_bytes;
};

bool history_put_rows(struct history *h, enum history_table_id table, int64_t owner,
		      const struct any_rows *rows, struct fail *why);
// CORRUPT when there are more rows than can be believed.
bool history_get_rows(struct history *h, enum history_table_id table, int64_t owner,
		      struct arena *mem, struct any_rows *out, struct fail *why);
// Whether there are rows of that owner.
bool history_has_rows(struct history *h, enum history_table_id table, int64_t owner);

#endif
