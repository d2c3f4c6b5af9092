// SPDX-License-Identifier: Apache-2.0
// The doctor's report as sections of a page (present/html.h): the same report as text and JSON.

#ifndef PRESENT_DOCTOR_HTML_H
#define PRESENT_DOCTOR_HTML_H

#include <stdio.h>

struct report;

// One JVM's section: the verdict, its growth, each finding with its proof, the ledger, what was ruled
// out and what can't be told.  Between html_begin() and html_end(), once for each report.
void doctor_html_section(const struct report *r, FILE *to);
// Of a GC log that was judged alone: verdict and findings; and what was ruled out or can't be told.
void doctor_html_verdict(const struct report *r, FILE *to);
void doctor_html_considered(const struct report *r, FILE *to);

#endif
