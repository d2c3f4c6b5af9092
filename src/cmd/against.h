// SPDX-License-Identifier: Apache-2.0
// --against CAPTURE: what grew since an older capture, of this run of the process or of another.

#ifndef CMD_AGAINST_H
#define CMD_AGAINST_H

#include "cmd/watch.h"

// Looks at the command's one TARGET now (of a capture: its last moment) and at the last moment of
// the older capture, and shows one report of both.  Returns an exit code.
int against_show(const struct options *o, watch_show *show, void *arg);

#endif
