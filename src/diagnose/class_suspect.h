// SPDX-License-Identifier: Apache-2.0
// Which family of classes is generated without end, if any: the weighing behind class-generation.
//
// What must not become a suspect: an application with many classes; the few hundred proxies,
// accessors and lambdas that frameworks make while they start; a start-up seen at its steepest; a
// redeployed application, whose loaders hold a whole program of different families each.

#ifndef DIAGNOSE_CLASS_SUSPECT_H
#define DIAGNOSE_CLASS_SUSPECT_H

#include <stdbool.h>
#include <stdint.h>

#include "diagnose/rule.h"

enum class_shape {
	SHAPE_COPIES,    // few names, each again and again, each time in another small loader
	SHAPE_REDEFINED, // few names, each again and again in the same loader
	SHAPE_LOADERS, // counted names, each in a loader of its own: scripts, reflection's accessors
	SHAPE_HIDDEN,  // hidden classes
	SHAPE_NUMBERED, // counted names in a loader that has many of them
};

enum class_doubt {
	DOUBT_NONE,
	DOUBT_NO_WINDOW, // one moment can't show growth
	DOUBT_FEW,       // it grows, but a healthy program has as many
	DOUBT_SHORT,     // too little came within the window
	DOUBT_SLOWING,   // as a warm-up that ends
	DOUBT_BEGAN,     // nearly all of it came within the window
	DOUBT_STARTED,   // the JVM had just started
};

struct class_suspect {
	const struct family_row *family; // NULL: nobody
	enum class_shape shape;
	uint32_t before; // classes at the window's start
	double added;    // within the window
	uint64_t bytes;  // resident
	double grown;    // of which within the window
	enum verdict verdict;
	enum class_doubt doubt; // CANNOT_TELL: why
};

struct class_churn {
	const struct family_row *family; // NULL: none
	double loaded, unloaded;         // classes of the process within the window
};

// The cause of the catalogue that says most of a family: by the names that the JDK and the well-known
// generators give, else by its shape.
const char *class_suspect_cause(const struct family_row *f);
// The family that is suspect most; `family` is NULL when none is.
struct class_suspect class_suspect_find(const struct evidence *e);
// Copies of a family that came and went: about as many classes were unloaded as loaded.
struct class_churn class_suspect_churn(const struct evidence *e);
// MaxMetaspaceSize where it is so close to MetaspaceSize that what is collected for Metaspace is collected for the
// limit's sake; 0 where there is none, or it is far.
uint64_t class_suspect_limit(const struct snapshot *s);
// The largest family of loaders that hold a whole program each and grew in number, or NULL.
const struct family_row *class_suspect_program(const struct evidence *e);

const struct family_row *class_suspect_family(const struct snapshot *s,
					      const char *name); // or NULL
// Where the names of classes are not known: a family for each class of loaders of which each has
// a few classes, named after it, from the table of loaders alone.
void class_suspect_by_loaders(const struct snapshot *s, struct arena *mem, struct snapshot *out);

// Classes of the process that came within the window, arrays included, and how many there were
// before; 0 when the first moment's loaders are not known.
double class_suspect_added(const struct evidence *e, uint32_t *before);
enum class_shape class_suspect_shape(const struct family_row *f);
bool class_suspect_in_own_loaders(enum class_shape shape);
// So many classes more, within a window, end the doubt.
uint32_t class_suspect_wanted(const struct class_suspect *s);
// Classes in an average loader of the family's loader class; 0 when no loader is known.
double class_suspect_per_loader(const struct snapshot *s, const struct family_row *f);
// Resident Metaspace of a family: of its loaders where it is alone in them, else the used bytes of
// its classes, less what of Metaspace is not resident.  `l` may be NULL.
uint64_t class_suspect_bytes(const struct snapshot *s, const struct ledger *l,
			     const struct family_row *f);

#endif
