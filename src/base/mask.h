// SPDX-License-Identifier: Apache-2.0
// Masks secrets in text: values of keys named like secrets, URL passwords, tokens, private keys.
//
// Every masked byte becomes '*', one for one, so that lengths and offsets stay what they were.
// Masking is idempotent: text that was masked once is left alone, which is why a live look, which
// masks what it shows, and a capture, which holds masked text, give the same bytes.  It is no
// guarantee: a bare password without a key beside it can't be told from a word.

#ifndef BASE_MASK_H
#define BASE_MASK_H

#include <stdbool.h>
#include <stddef.h>

#include "base/span.h"

struct arena;

enum mask_form {
	MASK_TEXT,        // lines, C strings, binary files with text in them: control bytes part it
	MASK_ARGUMENTS,   // /proc/PID/cmdline: each argument ends with a NUL
	MASK_ENVIRONMENT, // /proc/PID/environ: values of all names but a few are masked
};

// Told of each value before it is masked; both spans end with the call.  `key` is the name that
// gave it away ("db.password"), or the kind of the find ("url", "jwt", "private key" ...).
typedef void mask_found(void *arg, struct span key, struct span value);

// Masks in place; returns how many values were masked.  `found` may be NULL.
size_t mask_bytes(char *bytes, size_t len, enum mask_form form, mask_found *found, void *arg);
// Masks every occurrence of a secret that is known from elsewhere; returns how many.
size_t mask_literal(char *bytes, size_t len, struct span secret);
// A copy of the text as it may be shown.
char *mask_copy(struct arena *mem, const char *text);
// Does the name look like that of a secret ("spring.datasource.password", "API_KEY")?
bool mask_is_secret_name(struct span name);

#endif
