// SPDX-License-Identifier: Apache-2.0
// `classes FILE` of a log of class loading: families, sources, rates, names that came again.

#ifndef PRESENT_CLASSLOG_H
#define PRESENT_CLASSLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct classlog_facts;

struct classlog_shown {
	bool duplicates; // the names that were loaded more than once, instead of the families
	size_t top;      // rows; 0: as many as fit a screen
	bool all_rows;   // --top 0
	bool colour;
};

void classlog_print_text(const struct classlog_facts *c, const struct classlog_shown *how,
			 FILE *to);
void classlog_print_json(const struct classlog_facts *c, const char *tool_version, FILE *to);

#endif
