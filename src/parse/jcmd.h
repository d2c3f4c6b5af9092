// SPDX-License-Identifier: Apache-2.0
// What the texts of diagnostic commands have in common: sizes with a unit, address lists in
// brackets, values behind a word.  Opens nothing.  Format notes: docs/formats/jcmd.md.

#ifndef PARSE_JCMD_H
#define PARSE_JCMD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/span.h"

struct span jcmd_trim(struct span s); // blanks, tabs and carriage returns at both ends
// Moves `rest` behind the first occurrence of `text`; false (and nothing moves) without one.
bool jcmd_skip_past(struct span *rest, const char *text);
// The last occurrence.
bool jcmd_find_last(struct span s, const char *text, size_t *offset);
// "16", "78848K", "78848KB", "65536.00 KB", "120036Kb", "0 bytes": bytes.  A fraction is of the
// unit. False on overflow or without digits.
bool jcmd_take_size(struct span *rest, uint64_t *bytes);
// The size behind `word` anywhere in the line: jcmd_find_size(line, "used ", &n).
bool jcmd_find_size(struct span line, const char *word, uint64_t *bytes);
bool jcmd_take_address(struct span *rest, uint64_t *at); // "0x00007f..", blanks before it skipped
// "[0xa, 0xb, 0xc)" or "[0xa,0xb,0xc]": at most `room` addresses; 0 when there is no such list.
size_t jcmd_take_addresses(struct span *rest, uint64_t *at, size_t room);

#endif
