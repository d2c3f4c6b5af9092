// SPDX-License-Identifier: Apache-2.0
// Native Memory Tracking as `map --json` shows it: "nmt".

#ifndef PRESENT_NMT_JSON_H
#define PRESENT_NMT_JSON_H

#include <jansson.h>

struct report;

json_t *nmt_json(const struct report *r);
// "sites" of --by site; null where they are not known.
json_t *nmt_json_sites(const struct report *r);

#endif
