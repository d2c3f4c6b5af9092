// SPDX-License-Identifier: Apache-2.0
// Text on its way to a person: names made harmless, paragraphs broken, numbers spelled.
//
// Thread names, paths and class names are the target's: they may hold escape sequences that a
// terminal would obey.  Everything of the target that is printed as text goes through
// words_clean().

#ifndef PRESENT_WORDS_H
#define PRESENT_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct arena;

// Control characters and broken UTF-8 as '?'; cut to `columns` with ".." at the end, at characters
// and not bytes.  0 columns: not cut.  NULL gives "".
const char *words_clean(const char *text, size_t columns, struct arena *mem);
// As words_clean(), but cut at the front: of paths and class names the end says more.
const char *words_tail(const char *text, size_t columns, struct arena *mem);
size_t words_columns(const char *text); // characters of valid UTF-8
// Broken bytes become U+FFFD, nothing else changes.
const char *words_utf8(const char *text, struct arena *mem);

// A command of the catalogue with the word PID replaced by the number.
const char *words_for_pid(const char *text, int pid, struct arena *mem);

// `text`, and behind it that a command which it names ("jledger NAME") is not in this version, where
// `has` says so.  NULL: every command is.
const char *words_of_commands(const char *text, bool (*has)(const char *name), struct arena *mem);

// Prints `text` broken at blanks into lines of at most `width` columns.  The first line starts at
// column `at` (already printed); the others after `indent` blanks.  Ends with a newline.
void words_wrap(const char *text, size_t at, size_t indent, size_t width, FILE *to);

const char *words_mb(uint64_t bytes, char to[16]);       // "296.0"; "" when unknown
const char *words_change(int64_t bytes, char to[16]);    // MB: "+157", "+0.4", "0", "-3.2"
const char *words_duration(double seconds, char to[16]); // "33 s", "4 min", "2.5 h", "3.1 d"

#endif
