// SPDX-License-Identifier: Apache-2.0
// Waiting between looks, and being told to end meanwhile.
//
// A command that leaves something behind when it is killed (a temporary file) notes the signals
// that end a program and ends by itself; a second one ends it at once.

#ifndef CMD_PAUSE_H
#define CMD_PAUSE_H

#include <stdbool.h>

// From now on SIGINT, SIGTERM and SIGHUP are noted, unless they were ignored.
void pause_note_signals(void);
// One came.
bool pause_is_over(void);
// Ends the program by the signal that came.
void pause_obey(void);

// Seconds of a clock that only runs forward.
double pause_clock(void);
// Waits; other signals do not shorten it, one that is noted ends it.
void pause_for(double seconds);

#endif
