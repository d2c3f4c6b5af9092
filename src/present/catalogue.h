// SPDX-License-Identifier: Apache-2.0
// The catalogue for readers: one cause in full, or the list of all.

#ifndef PRESENT_CATALOGUE_H
#define PRESENT_CATALOGUE_H

#include <stdio.h>

struct cause;

void report_explain_text(const struct cause *c, FILE *to);
void report_explain_json(const struct cause *c, FILE *to);
void report_causes_text(FILE *to);
void report_causes_json(FILE *to);

#endif
