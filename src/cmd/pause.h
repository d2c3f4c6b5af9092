// SPDX-License-Identifier: Apache-2.0
// Waiting between two looks.
//
// The one place of cmd/ where time passes on purpose.

#ifndef CMD_PAUSE_H
#define CMD_PAUSE_H

// Sleeps that long; a signal that is handled does not cut it short.
void pause_for(double seconds);

#endif
