// SPDX-License-Identifier: Apache-2.0
// What goes wrong, said on stderr: one line that starts with the program's name.
//
// The text may hold names that the target or a file chose (main classes, paths); what a terminal
// would obey is replaced.

#ifndef CMD_COMPLAIN_H
#define CMD_COMPLAIN_H

// One line, at most 1,000 characters, in printf's format without a newline.
__attribute__((format(printf, 1, 2))) void complain(const char *format, ...);

#endif
