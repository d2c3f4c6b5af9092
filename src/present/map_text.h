// SPDX-License-Identifier: Apache-2.0
// Pieces of the text of a ledger that `doctor` prints as well.

#ifndef PRESENT_MAP_TEXT_H
#define PRESENT_MAP_TEXT_H

#include <stdio.h>

struct report;

// "Churn  pid 4711  JDK 17.0.15  G1  -Xmx256m  up 33 s   container limit 512 MB"
void map_text_target(const struct report *r, FILE *to);
// What could not be read and which capability would bring it; nothing when all is there.
void map_text_missing(const struct report *r, FILE *to);

#endif
