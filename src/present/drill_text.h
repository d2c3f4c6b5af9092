// SPDX-License-Identifier: Apache-2.0
// The drill-downs of `map` as text: --by mapping, thread, loader arena, category or site.
//
// Rows are cut to what a screen takes; unaccounted memory never is.

#ifndef PRESENT_DRILL_TEXT_H
#define PRESENT_DRILL_TEXT_H

#include <stddef.h>
#include <stdio.h>

struct report;

// The rows of r->by, which is not BY_ACCOUNT, the largest first: `limit` of them, and every mapping
// that has unaccounted bytes; then how many more there are.
void drill_text_print(const struct report *r, size_t limit, FILE *to);

#endif
