// SPDX-License-Identifier: Apache-2.0
// A line of jstat as jstat prints it, and as JSON with sizes in bytes.

#ifndef PRESENT_JSTAT_H
#define PRESENT_JSTAT_H

#include <jansson.h>
#include <stdio.h>

#include "facts/jstat.h"

void jstat_print_head(const struct jstat_line *l, FILE *to);
void jstat_print_line(const struct jstat_line *l, FILE *to); // sizes in KB
json_t *jstat_json(const struct jstat_line *l);              // an object; unknown is null

#endif
