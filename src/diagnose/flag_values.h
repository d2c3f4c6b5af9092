// SPDX-License-Identifier: Apache-2.0
// A flag's value as it was given against what the VM made of it, or will make of it.

#ifndef DIAGNOSE_FLAG_VALUES_H
#define DIAGNOSE_FLAG_VALUES_H

#include <stdbool.h>

#include "diagnose/vmview.h"

struct lifetime;

// Two options that set a flag to the same.
bool flag_values_equal(const struct option_row *a, const struct option_row *b);
// Why the value in force is another than the one given; NULL: it is the same, or the given one rounded.
const char *flag_values_differ(const struct vmview *v, const struct option_row *o,
			       const struct flag_row *row, struct arena *mem);
// Why a VM that is to run refuses the value; NULL: it does not.
const char *flag_values_refused(const struct vmview *v, const struct option_row *o,
				const struct lifetime *l, struct arena *mem);
// Why it will not do as told; NULL: nothing says so.
const char *flag_values_foreseen(const struct vmview *v, const struct option_row *o,
				 struct arena *mem);

#endif
