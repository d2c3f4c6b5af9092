// SPDX-License-Identifier: Apache-2.0
// The JVMs of a machine, one line each.
//
// Main classes are masked here, as everything is that a command line may hold.

#ifndef PRESENT_JVM_LIST_H
#define PRESENT_JVM_LIST_H

#include <stdbool.h>
#include <stdio.h>

struct jvm_rows;

// A table with a heading.
void report_ps_text(const struct jvm_rows *rows, bool colour, FILE *to);
// `host` heads the object, as in every other report.
void report_ps_json(const struct jvm_rows *rows, const char *host, FILE *to);

#endif
