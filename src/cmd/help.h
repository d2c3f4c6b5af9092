// SPDX-License-Identifier: Apache-2.0
// The help of a command, from the same struct that runs it: as text for -h, and as the scdoc
// source of its man page.  Line by line both say the same; a test compares them.

#ifndef CMD_HELP_H
#define CMD_HELP_H

#include <stdio.h>

struct command;

// The whole help of one command.
void help_print_text(const struct command *c, FILE *to);
void help_print_man(const struct command *c, FILE *to);
// What jledger is, and its commands.
void help_print_commands(const struct command *const *commands, size_t count, FILE *to);

#endif
