// SPDX-License-Identifier: Apache-2.0
// What rules over GC logs (rule.judge_log) have in common, and those of causes whose rule also looks at the JVM.
//
// Evidence names the lines that say it ("gc.log:12-40") as its source.  The text of a log may be anyone's: numbers
// are compared, never trusted to be finite.

#ifndef DIAGNOSE_LOGGED_H
#define DIAGNOSE_LOGGED_H

#include "diagnose/rule.h"

// "gc.log:12-40", "gc.log:12", or the file alone where there is no line.
const char *logged_place(const struct evidence *e, struct arena *mem, struct gc_place from,
			 struct gc_place to);
const char *logged_sum(const struct evidence *e, struct arena *mem, const struct gc_sum *s);
// The first file's name: what the whole log says.
const char *logged_whole(const struct evidence *e, struct arena *mem);
// Seconds as a part of the log's time; 0 where the log has no time.
double logged_share(const struct evidence *e, double seconds);
// So little of the log's time that nobody notices; false where the log has no time.
bool logged_negligible(const struct evidence *e, const struct gc_sum *s);
const char *logged_times(struct arena *mem, uint64_t count);             // "once", "3 times"
const char *logged_seconds(struct arena *mem, double seconds);           // "2.9 s", "4.2 h"
const char *logged_change(struct arena *mem, const struct gc_change *c); // "941 MB -> 110 MB"
bool logged_knows(const struct gc_change *c);                            // before and after
bool logged_is(const struct evidence *e, const char *collector); // also its generational mode
// Where a Full GC freed half the heap and more, which contradicts that all of it was held: says so in `f`.
void logged_contradiction(const struct evidence *e, struct arena *mem, struct finding *f);

enum verdict gc_thrash_logged(const struct evidence *e, struct arena *mem, struct finding *out);
enum verdict gc_explicit_logged(const struct evidence *e, struct arena *mem, struct finding *out);
enum verdict cms_back_to_back_logged(const struct evidence *e, struct arena *mem,
				     struct finding *out);
enum verdict heap_leak_logged(const struct evidence *e, struct arena *mem, struct finding *out);
enum verdict heap_swapped_logged(const struct evidence *e, struct arena *mem, struct finding *out);
enum verdict metaspace_initial_low_logged(const struct evidence *e, struct arena *mem,
					  struct finding *out);

#endif
