// SPDX-License-Identifier: Apache-2.0
// What the environment tells malloc: MALLOC_* variables, GLIBC_TUNABLES, libraries of LD_PRELOAD,
// and the variables of other allocators.

#ifndef COLLECT_SETTINGS_H
#define COLLECT_SETTINGS_H

#include "base/span.h"

struct look;

// Rows of snapshot.settings.  `environment` is NAME=value with a NUL behind each.
void settings_add(struct look *look, struct span environment);

#endif
