// SPDX-License-Identifier: Apache-2.0
// A text that is served at /metrics: by a thread of its own, so that a slow reader holds nobody up.

#ifndef RECORD_LISTENER_H
#define RECORD_LISTENER_H

#include <stdbool.h>
#include <stddef.h>

struct fail;
struct listener;

// "9404" and ":9404" are this machine's own address alone, "0.0.0.0:9404" and "[::]:9404" everybody's.
// CORRUPT: no address; OS: it can't be had.
bool listener_open(const char *address, struct listener **out, struct fail *why);
// What is served from now on; copied.
void listener_set(struct listener *l, const char *text, size_t len);
void listener_close(struct listener *l); // NULL: nothing

#endif
