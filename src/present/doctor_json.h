// SPDX-License-Identifier: Apache-2.0
// What doctor found, as parts of a larger object.

#ifndef PRESENT_DOCTOR_JSON_H
#define PRESENT_DOCTOR_JSON_H

#include "present/json.h"

struct report;

// Adds "findings", "ruled_out" and "unknown".
void doctor_json_findings(const struct report *r, json_t *o);

#endif
