// SPDX-License-Identifier: Apache-2.0
// The catalogue for readers: one cause in full, or the list of all.
//
// Prints causes.def and nothing of any target.

#ifndef PRESENT_CATALOGUE_H
#define PRESENT_CATALOGUE_H

#include <stdbool.h>
#include <stdio.h>

struct cause;

// One cause, with all that the catalogue has on it.  `has_command` as in struct report.
void report_explain_text(const struct cause *c, bool (*has_command)(const char *name), FILE *to);
void report_explain_json(const struct cause *c, FILE *to);
// Ids and titles as text; everything of every cause as JSON.
void report_causes_text(FILE *to);
void report_causes_json(FILE *to);

#endif
