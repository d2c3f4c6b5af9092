// SPDX-License-Identifier: Apache-2.0
// The drill-downs of `map --json`: mappings with their pieces, threads, loaders, arenas.
//
// The same rows as the text (rows.h), and what only nests in JSON.

#ifndef PRESENT_DRILL_JSON_H
#define PRESENT_DRILL_JSON_H

#include <jansson.h>

struct report;

// Puts the rows of r->by into `object` under their name ("threads"); nothing for BY_ACCOUNT.  All
// rows are there, whatever --top says.
void drill_json_add(const struct report *r, json_t *object);

#endif
