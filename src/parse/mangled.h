// SPDX-License-Identifier: Apache-2.0
// C++ names as people write them: of a mangled symbol the qualified name, without parameters, template
// arguments and return type.  Opens nothing.
//
// "_ZN2os6mallocEm8MEMFLAGS" -> "os::malloc".  Format notes: docs/formats/mangled.md.

#ifndef PARSE_MANGLED_H
#define PARSE_MANGLED_H

struct arena;

// Lives in `mem`.  What is not mangled, or in a way that is not known here, comes back as it is; a
// compiler's suffix for a part or a clone (".cold", ".part.0") is cut off of either.
const char *mangled_name(const char *symbol, struct arena *mem);

#endif
