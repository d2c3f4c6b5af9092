// SPDX-License-Identifier: Apache-2.0
// What an experiment did, for a person and for a program.

#ifndef PRESENT_TRIAL_H
#define PRESENT_TRIAL_H

#include <stdio.h>

#include "diagnose/trial.h"
#include "present/report.h"

struct trial_report {
	const char *name;    // "gc"
	const char *command; // what the VM was asked: "GC.run"
	const char *said;    // the first line of its answer
	double took_s;
	struct report before, after; // `after` has `before` as its first moment
	const struct trial *trial;
};

void trial_print_text(const struct trial_report *t, FILE *to);
void trial_print_json(const struct trial_report *t, FILE *to);

#endif
