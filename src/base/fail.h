// SPDX-License-Identifier: Apache-2.0
// Failure as a value: a kind for the program, a text for the user.
//
// What can fail returns bool and has `struct fail *why` as its last parameter, NULL where nobody
// asks. False means that `why` is filled and every output is as it was.  The caller owns the
// record, which holds no memory.  Texts name what could not be done and, where it is known, what
// would make it work.

#ifndef BASE_FAIL_H
#define BASE_FAIL_H

#include <stdbool.h>

enum fail_kind {
	FAIL_NONE,
	FAIL_GONE,    // there is no such process any more
	FAIL_DENIED,  // not with these rights: the text says which are needed
	FAIL_ABSENT,  // not to be had here: from this kernel, libc, VM or capture
	FAIL_CORRUPT, // read, but it makes no sense: damaged, torn, or of an unknown layout
	FAIL_OS,      // a call failed for any other reason
};

struct fail {
	enum fail_kind kind;
	int os_errno; // the errno behind DENIED and OS, else 0
	char text[248];
};

// All three return false: `return fail(why, ...)`.
__attribute__((format(printf, 3, 4))) bool fail(struct fail *why, enum fail_kind kind,
						const char *format, ...);
// Puts what was being done in front of what `why` already says: "reading maps: ...".
__attribute__((format(printf, 2, 3))) bool fail_while(struct fail *why, const char *format, ...);
// The kind follows the errno: ESRCH and ENOENT below /proc/PID are the caller's to tell apart.
__attribute__((format(printf, 3, 4))) bool fail_errno(struct fail *why, int os_errno,
						      const char *format, ...);

const char *fail_kind_name(enum fail_kind kind); // "denied"

#endif
