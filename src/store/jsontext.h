// SPDX-License-Identifier: Apache-2.0
// Texts and numbers of captures as JSON and back: texts need not be UTF-8, numbers need 64 bits.
//
// What comes back is what went in, byte for byte.

#ifndef STORE_JSONTEXT_H
#define STORE_JSONTEXT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"

struct arena;
struct fail;

// A string; { "hex": "..." } where the bytes are not UTF-8.  Never NULL.
json_t *jsontext_of(const char *text);
// The text of either form, in `mem`; NULL when it is neither.
const char *jsontext_get(const json_t *j, struct arena *mem);
json_t *jsontext_of_hex(uint64_t n); // "0x7f00"
bool jsontext_get_hex(const json_t *j, uint64_t *n);
bool jsontext_get_int(const json_t *j, int *n); // false when it does not fit

// Prints and releases `j`; the text lives in `mem`.
struct span jsontext_print(json_t *j, struct arena *mem);
// NULL and CORRUPT, naming `what` and the line, when it is no JSON.
json_t *jsontext_parse(struct span text, const char *what, struct fail *why);

#endif
