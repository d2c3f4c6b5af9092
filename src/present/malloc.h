// SPDX-License-Identifier: Apache-2.0
// `malloc`: what malloc holds, keeps and could return.

#ifndef PRESENT_MALLOC_H
#define PRESENT_MALLOC_H

#include <stdbool.h>
#include <stdio.h>

struct malloc_effects;
struct malloc_judgement;
struct report;

struct malloc_report {
	const struct report *of;
	const struct malloc_judgement *settings;
	const struct malloc_effects *effects;
	bool arenas, sizes; // rows that text shows; JSON always has them
};

void malloc_print_text(const struct malloc_report *m, FILE *to); // present/malloc_text.c
void malloc_print_json(const struct malloc_report *m, FILE *to); // present/malloc_json.c

#endif
