// SPDX-License-Identifier: Apache-2.0
// Parser for Thread.print: the threads' head lines, not their stacks.  Opens nothing.
// Format notes: docs/formats/thread_print.md.

#ifndef PARSE_THREAD_PRINT_H
#define PARSE_THREAD_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

struct thread_print_row {
	const char *name;  // whole, quotes inside it included
	uint64_t nid;      // kernel thread id, of the target's innermost PID namespace
	uint64_t stack_at; // page of the thread's last Java frame; 0: it has none now
	bool java;         // has a Java thread number: a java.lang.Thread
};

struct thread_print {
	struct thread_print_row *at; // in the order printed
	size_t count;
};

// FAIL_ABSENT when no thread is in the text.  Head lines that do not parse (a name with a newline
// in it) are left out.
bool thread_print_parse(struct span text, struct arena *mem, struct thread_print *out,
			struct fail *why);

#endif
