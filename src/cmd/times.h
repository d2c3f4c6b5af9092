// SPDX-License-Identifier: Apache-2.0
// Moments as people write them.

#ifndef CMD_TIMES_H
#define CMD_TIMES_H

#include <stdbool.h>

struct fail;

// Seconds since 1970 of "2026-11-25T14:30:00Z", "2026-11-25 14:30[:00]" and "14:30[:00]" (of this place's
// zone, without a date of the day of `end_s`), or of "2h" (that long before `end_s`).  CORRUPT.
bool times_parse(const char *text, double end_s, double *out, struct fail *why);

#endif
