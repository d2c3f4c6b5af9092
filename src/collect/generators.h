// SPDX-License-Identifier: Apache-2.0
// Who generated a family of classes, by the marks that generators leave on names and loaders.

#ifndef COLLECT_GENERATORS_H
#define COLLECT_GENERATORS_H

// `family` as families_fold() spells it; `loader_type` is the class of most of its loaders, dotted, or
// NULL.  The generator's name, a static text; NULL: the table (generators.def) has none that fits.
const char *generators_find(const char *family, const char *loader_type);

#endif
