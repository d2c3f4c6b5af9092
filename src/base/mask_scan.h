// SPDX-License-Identifier: Apache-2.0
// What the rules of masking share: for base/mask*.c only.
//
// A rule looks at one place of the text, masks what it knows and says where the pass goes on.  It
// writes through mask_hide() alone, which keeps masking idempotent and counted.

#ifndef BASE_MASK_SCAN_H
#define BASE_MASK_SCAN_H

#include <ctype.h>

#include "base/mask.h"

struct mask_scan {
	char *at;
	size_t len;
	enum mask_form form;
	mask_found *found;
	void *arg;
	size_t masked; // values so far
};

static inline bool mask_is_control(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f;
}

static inline bool mask_is_name_char(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

// The first place at or behind `i` that holds another character than `c`.
static inline size_t mask_skip(const struct mask_scan *s, size_t i, char c)
{
	while (i < s->len && s->at[i] == c)
		i++;
	return i;
}

// Masks [start, end), unless nothing is there or it was masked before.
void mask_hide(struct mask_scan *s, struct span key, size_t start, size_t end);
// Masks a secret that begins at `i` and that its own form gives away: a URL's password, a well-known
// key, a token, a private key.  Returns where the pass goes on; 0: there is none.
size_t mask_token(struct mask_scan *s, size_t i);

#endif
