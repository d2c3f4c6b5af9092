// SPDX-License-Identifier: Apache-2.0
// Many machines in one answer: top causes and the worst JVMs.

#ifndef PRESENT_FLEET_H
#define PRESENT_FLEET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct fleet;

// The first `top` of both lists; 0: all.
void report_fleet_text(const struct fleet *f, size_t top, bool colour, FILE *to);
void report_fleet_json(const struct fleet *f, size_t top, FILE *to);

#endif
