// SPDX-License-Identifier: Apache-2.0
// From the texts of diagnostic commands to facts, rows and claims.  Each takes the text of one
// command and fails as its parser does.

#ifndef COLLECT_ATTACH_TABLES_H
#define COLLECT_ATTACH_TABLES_H

#include <stdbool.h>

#include "base/span.h"

struct fail;
struct look;

bool attach_take_heap(struct look *look, struct span text, struct fail *why);
bool attach_take_metaspace(struct look *look, struct span text, struct fail *why);
bool attach_take_code(struct look *look, struct span text, struct fail *why);
bool attach_take_flags(struct look *look, struct span text, struct fail *why);
bool attach_take_loaders(struct look *look, struct span text, struct fail *why);
bool attach_take_threads(struct look *look, struct span text, struct fail *why);
bool attach_take_nmt(struct look *look, struct span text, struct fail *why);

#endif
