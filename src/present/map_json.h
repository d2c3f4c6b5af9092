// SPDX-License-Identifier: Apache-2.0
// The JSON of a ledger, as an object that `doctor --json` holds too.
//
// Keys and their meaning: docs/schema/map.json.

#ifndef PRESENT_MAP_JSON_H
#define PRESENT_MAP_JSON_H

#include <jansson.h>

struct report;

// schema, tool, host, at, window_s and target: what every object of one JVM begins with.
// The whole object that `map --json` prints.
json_t *map_json(const struct report *r);
json_t *map_json_head(const struct report *r);
// Puts the ledger's members into `object`.
void map_json_ledger(const struct report *r, json_t *object);
// Every fact that is known or was tried, with its provenance or its reason; then the misses.
void map_json_facts(const struct report *r, json_t *object);

#endif
