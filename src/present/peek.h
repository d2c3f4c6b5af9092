// SPDX-License-Identifier: Apache-2.0
// `peek`: what a piece of memory contains.

#ifndef PRESENT_PEEK_H
#define PRESENT_PEEK_H

#include <stdio.h>

struct report;

void peek_print_text(const struct report *r, FILE *to); // present/peek_text.c
void peek_print_json(const struct report *r, FILE *to); // present/peek_json.c

#endif
