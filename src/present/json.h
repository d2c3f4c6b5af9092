// SPDX-License-Identifier: Apache-2.0
// Values as the JSON contract writes them: unknown is null, addresses are hex strings.
//
// Names come from the target and may hold any bytes; what is no UTF-8 becomes U+FFFD, so that
// every object can be printed.  Objects keep the order in which keys were set.

#ifndef PRESENT_JSON_H
#define PRESENT_JSON_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

json_t *json_of_text(const char *text);                        // NULL: null
json_t *json_of_bytes(uint64_t bytes);                         // UNKNOWN_BYTES: null
json_t *json_of_unsigned(uint64_t value);                      // exact, also above INT64_MAX
json_t *json_of_address(uint64_t at);                          // "0x7f00"
json_t *json_of_seconds(double seconds);                       // not finite: null
json_t *json_of_time(int64_t unix_s);                          // RFC 3339 in UTC
json_t *json_of_number(double value);                          // whole numbers as integers
void json_set(json_t *object, const char *key, json_t *value); // takes `value`
void json_add(json_t *array, json_t *value);                   // takes `value`
// One object a line; releases it.
void json_print(json_t *object, FILE *to);

#endif
