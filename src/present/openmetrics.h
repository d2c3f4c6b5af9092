// SPDX-License-Identifier: Apache-2.0
// What a recorder knows, in the text format that Prometheus and its kin scrape (0.0.4).
//
// Labels are fixed and few: pid, main, container and, of the ledger, account; never a class, a loader or a
// thread.  What is not known has no line.

#ifndef PRESENT_OPENMETRICS_H
#define PRESENT_OPENMETRICS_H

#include <stdio.h>

struct watched_rows;

void openmetrics_print(const struct watched_rows *rows, FILE *to);

#endif
