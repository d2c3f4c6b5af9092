// SPDX-License-Identifier: Apache-2.0
// Lines about the target and the look, which more than one report has.
//
// Lines fit 79 columns: names give way, numbers don't.

#ifndef PRESENT_TARGET_TEXT_H
#define PRESENT_TARGET_TEXT_H

#include <stdio.h>

struct report;

// "Churn  pid 4711  JDK 17.0.15  G1  -Xmx256m  up 33 s   container limit 512 MB"
void target_text_head(const struct report *r, FILE *to);
// What could not be read and which capability would bring it; nothing when all is there.
void target_text_missing(const struct report *r, FILE *to);
// The target without its pid, and what the look itself cost the machine and the target.
void target_text_cost(const struct report *r, FILE *to);

#endif
