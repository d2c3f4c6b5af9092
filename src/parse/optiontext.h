// SPDX-License-Identifier: Apache-2.0
// Options as they stand in files and in variables of the environment, cut into words.
//
// Each of the places has rules of its own for quotes, comments and escapes.  Format notes, with the
// JDKs that read which: docs/formats/vmoption.md.

#ifndef PARSE_OPTIONTEXT_H
#define PARSE_OPTIONTEXT_H

#include <stdbool.h>

#include "base/span.h"

struct arena;

enum optiontext_kind {
	OPTIONTEXT_VM,       // JAVA_TOOL_OPTIONS, _JAVA_OPTIONS, a -XX:VMOptionsFile
	OPTIONTEXT_LAUNCHER, // JDK_JAVA_OPTIONS
	OPTIONTEXT_ARGFILE,  // @FILE
	OPTIONTEXT_FLAGS,    // a -XX:Flags file, .hotspotrc
};

// The next word, without its quotes, as a text of `mem`.  False at the end.
bool optiontext_take(struct span *rest, enum optiontext_kind kind, struct arena *mem,
		     const char **word);

#endif
