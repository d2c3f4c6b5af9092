// SPDX-License-Identifier: Apache-2.0
// `flags`: flags in force, options without effect, malloc's settings, the memory budget.

#ifndef PRESENT_FLAGS_H
#define PRESENT_FLAGS_H

#include <stdio.h>

struct budget;
struct flag_judgement;
struct malloc_judgement;
struct report;

struct flags_report {
	const struct report *of; // of a VM that is to run: its snapshot has no flags and no process
	const struct flag_judgement *flags;
	const struct malloc_judgement *malloc; // NULL: of a VM that is to run
	const struct budget *budget;
	const unsigned *jdks; // of a VM that is to run: the releases that were judged
	size_t jdk_count;     // 0: a running one
};

void flags_print_text(const struct flags_report *f, FILE *to);
void flags_print_json(const struct flags_report *f, FILE *to);

#endif
