// SPDX-License-Identifier: Apache-2.0
// Native Memory Tracking as text: `map --by category` and `map --by site`.

#ifndef PRESENT_NMT_TEXT_H
#define PRESENT_NMT_TEXT_H

#include <stddef.h>
#include <stdio.h>

struct report;

void nmt_text_categories(const struct report *r, size_t limit, FILE *to);
void nmt_text_sites(const struct report *r, size_t limit, FILE *to);

#endif
