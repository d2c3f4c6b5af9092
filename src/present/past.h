// SPDX-License-Identifier: Apache-2.0
// What a history adds to a report: how long it was watched, since when it grows, how it ended.

#ifndef PRESENT_PAST_H
#define PRESENT_PAST_H

#include <jansson.h>
#include <stdio.h>

struct report_past;

void past_print_text(const struct report_past *p, FILE *to);
json_t *past_json(const struct report_past *p);

#endif
