// SPDX-License-Identifier: Apache-2.0
// Which JDK has which flag: lifetimes.def, as the JDKs say themselves (tools/flag-lifetimes.py).
//
// Of a release between two that were asked, what both say holds; where they differ, the release that
// the JDKs name decides, and without one it is not known.

#ifndef DIAGNOSE_LIFETIMES_H
#define DIAGNOSE_LIFETIMES_H

#include <stdbool.h>
#include <stddef.h>

enum lifetime_type {
	LIFETIME_BOOL,
	LIFETIME_NUMBER,
	LIFETIME_DOUBLE,
	LIFETIME_STRING,
	LIFETIME_LIST, // given several times, it adds up
	LIFETIME_UNKNOWN,
};

enum lifetime_state {
	LIFETIME_NONE,  // no JDK has it, as far as is known
	LIFETIME_TAKEN, // it is a flag there
	LIFETIME_DIAGNOSTIC,
	LIFETIME_EXPERIMENTAL, // as is one of these two, once they are unlocked
	LIFETIME_ALIAS,        // another name of a flag
	LIFETIME_OBSOLETE,     // taken and ignored, with a warning
	LIFETIME_EXPIRED,      // an earlier JDK had it
	LIFETIME_LATER,        // a later JDK has it
	LIFETIME_UNSURE,       // gone or going in that release: not one of those that were asked
};

struct lifetime {
	const char *name;
	enum lifetime_type type;
	const char *states;                        // a letter for each release that was asked
	const char *deprecated;                    // 'x': that release warns
	unsigned deprecated_since, obsolete_since; // 0: the JDKs do not say
	const char *stands_for;                    // of another name: the flag; NULL
};

extern const unsigned LIFETIME_RELEASES[]; // rising
extern const size_t LIFETIME_RELEASE_COUNT;

const struct lifetime *lifetime_find(const char *name); // NULL: no JDK that was asked knows it
// `l` may be NULL.  A release above all that were asked counts as the last of them.
enum lifetime_state lifetime_at(const struct lifetime *l, unsigned jdk);
bool lifetime_is_deprecated(const struct lifetime *l, unsigned jdk);
// The first and the last release asked that have it as a flag; 0: none has.
unsigned lifetime_first(const struct lifetime *l);
unsigned lifetime_last(const struct lifetime *l);

#endif
