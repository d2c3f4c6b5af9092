// SPDX-License-Identifier: Apache-2.0
// What a JVM and its allocator were told: options in the order in which the VM takes them, each with
// the place that it came from, and malloc's settings.

#ifndef FACTS_OPTIONS_H
#define FACTS_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

enum given_form {
	GIVEN_ON,    // -XX:+Flag
	GIVEN_OFF,   // -XX:-Flag
	GIVEN_VALUE, // -XX:Flag=value, -Xmx64m
	GIVEN_OTHER, // an -X option that sets no flag
};

struct option_row {
	const char *text;  // as it was given, secrets masked
	const char *where; // "command line", "JAVA_TOOL_OPTIONS", "@FILE", "-XX:Flags=FILE" ...
	const char *flag;  // that it sets: "MaxHeapSize", of -Xmx too; NULL for GIVEN_OTHER
	const char *also;  // a second one; NULL
	enum given_form form;
	const char *value; // as given; NULL for ON and OFF
	bool has_number;   // it is one, in the flag's unit
	uint64_t number;
	bool has_real;
	double real;
	const char *unread; // why the VM never saw it; NULL: it did
};

struct setting_row {       // of malloc
	const char *name;  // "MALLOC_ARENA_MAX", "glibc.malloc.arena_max", "LD_PRELOAD"
	const char *value; // one library of LD_PRELOAD
	const char *where; // "environment", "GLIBC_TUNABLES"
	bool has_number;   // as C reads it
	bool whole;        // and nothing is behind the number
	uint64_t number;
	bool malformed; // a part of GLIBC_TUNABLES that is no name=value, or has two '='
	bool mapped;    // LD_PRELOAD: the target has it
};

// glibc's mp_: what it took.
struct malloc_limits {
	bool known;
	uint64_t arena_max; // 0: not set
	uint64_t trim_threshold, top_pad, mmap_threshold;
};

#endif
