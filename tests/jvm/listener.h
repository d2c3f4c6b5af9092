// SPDX-License-Identifier: Apache-2.0
// A child process that plays a VM's attach listener: its socket, its signal handler, its answers.

#ifndef TESTS_JVM_LISTENER_H
#define TESTS_JVM_LISTENER_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

// Answers one request in the child.
typedef void listener_serve(int connection, const char *request, size_t len);

// Handlers of SIGQUIT: as the VM does, only a trigger file in its directory makes it open the
// socket; and a VM whose listener can't start.
void listener_quit(int signal);
void listener_quit_in_vain(int signal);

// The child's pid; it stands in /tmp, catches SIGQUIT when `on_signal` is not NULL, and has its
// socket from the start when `open_at_start`.
pid_t listener_start(listener_serve *answer, void (*on_signal)(int), bool open_at_start);
void listener_stop(pid_t vm); // no child: 0
void listener_say(int connection, const char *text);

#endif
