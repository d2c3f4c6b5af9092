// SPDX-License-Identifier: Apache-2.0
// How functions report failure.
//
// A function that can fail returns bool and takes `struct fail *why` last.  On false it has filled
// `why` exactly once; outputs are untouched.  The record is the caller's: nothing is allocated and
// nothing is freed.  The text is for the user and says what would help.

#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#include <stdbool.h>

enum fail_kind {
	FAIL_NONE,
	FAIL_GONE,    // the target exited while we looked
	FAIL_DENIED,  // more privilege is needed; the text says which
	FAIL_ABSENT,  // this kernel, libc, JVM or capture does not have it
	FAIL_CORRUPT, // the bytes make no sense, or changed under us
	FAIL_OS,      // any other errno
};

struct fail {
	enum fail_kind kind;
	int os_errno; // the errno behind DENIED and OS, else 0
	char text[248];
};

// Both return false, so `return fail(why, ...)` is the whole error path.  `why` may be NULL.
__attribute__((format(printf, 3, 4))) bool fail(struct fail *why, enum fail_kind kind,
						const char *format, ...);
// Puts what was being done in front of what `why` already says: "reading maps: ...".
__attribute__((format(printf, 2, 3))) bool fail_while(struct fail *why, const char *format, ...);
// The kind follows the errno: ESRCH and ENOENT below /proc/PID are the caller's to tell apart.
__attribute__((format(printf, 3, 4))) bool fail_errno(struct fail *why, int os_errno,
						      const char *format, ...);

const char *fail_kind_name(enum fail_kind kind); // "denied"

#endif
