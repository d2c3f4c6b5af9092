// SPDX-License-Identifier: Apache-2.0
#include "diagnose/flag_effects.h"

#include <string.h>

#include "base/arena.h"
#include "base/units.h"

enum wanted { OFF, ON, ASK };

static const struct {
	const char *flag;
	unsigned from, to;
	const char *collectors;
} ONLY_ROWS[] = {
#define ONLY(flag, from, to, collectors) { flag, from, to, collectors },
#define NEEDS(...)
#define INSTEAD(...)
#define FIXED_HEAP(...)
#define OTHER_SYSTEM(...)
#define X_OPTION(...)
#include "diagnose/flag_effects.def"
#undef ONLY
#undef NEEDS
};

static const struct {
	const char *flag, *other;
	enum wanted wanted, otherwise;
} NEEDS_ROWS[] = {
#define ONLY(...)
#define NEEDS(flag, other, wanted, otherwise) { flag, other, wanted, otherwise },
#include "diagnose/flag_effects.def"
#undef NEEDS
#undef INSTEAD
};

static const struct {
	const char *flag, *other, *why;
} INSTEAD_ROWS[] = {
#define NEEDS(...)
#define INSTEAD(flag, other, why) { flag, other, why },
#include "diagnose/flag_effects.def"
#undef INSTEAD
#undef FIXED_HEAP
};

static const char *const FIXED_HEAP_ROWS[] = {
#define INSTEAD(...)
#define FIXED_HEAP(flag) flag,
#include "diagnose/flag_effects.def"
#undef FIXED_HEAP
#undef OTHER_SYSTEM
};

static const char *const OTHER_SYSTEM_ROWS[] = {
#define FIXED_HEAP(...)
#define OTHER_SYSTEM(flag) flag,
#include "diagnose/flag_effects.def"
#undef OTHER_SYSTEM
#undef X_OPTION
};

static const struct {
	const char *option;
	unsigned first, last, obsolete_since, deprecated_since;
} X_ROWS[] = {
#define OTHER_SYSTEM(...)
#define X_OPTION(option, first, last, obsolete, deprecated)                                        \
	{ option, first, last, obsolete, deprecated },
#include "diagnose/flag_effects.def"
#undef ONLY
#undef NEEDS
#undef INSTEAD
#undef FIXED_HEAP
#undef OTHER_SYSTEM
#undef X_OPTION
};

#define COUNT(rows) (sizeof(rows) / sizeof((rows)[0]))

static bool matches(const char *pattern, const char *flag)
{
	for (; *pattern; pattern++, flag++) {
		if (*pattern == '*')
			return true;
		if (*pattern == '^' ? *flag < 'A' || *flag > 'Z' : *pattern != *flag)
			return false;
	}
	return !*flag;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *at = strstr(words, word); at; at = strstr(at + 1, word))
		if ((at == words || at[-1] == ' ') && (at[len] == ' ' || !at[len]))
			return true;
	return false;
}

static const char *other_collectors(const struct vmview *v, const char *flag, struct arena *mem)
{
	for (size_t i = 0; v->collector && i < COUNT(ONLY_ROWS); i++) {
		if (v->jdk < ONLY_ROWS[i].from || v->jdk > ONLY_ROWS[i].to ||
		    !matches(ONLY_ROWS[i].flag, flag))
			continue;
		if (has_word(ONLY_ROWS[i].collectors, v->collector))
			return NULL;
		return arena_format(mem, "%s does not use it%s (of %s)", v->collector,
				    v->collector_given ? "" : ", the collector by default,",
				    ONLY_ROWS[i].collectors);
	}
	return NULL;
}

static const char *missing_switch(const struct vmview *v, const char *flag, struct arena *mem)
{
	for (size_t i = 0; i < COUNT(NEEDS_ROWS); i++) {
		bool known, on;

		if (!matches(NEEDS_ROWS[i].flag, flag) || !strcmp(flag, NEEDS_ROWS[i].other))
			continue;
		on = vmview_switch(v, NEEDS_ROWS[i].other, &known);
		if (!known && (v->live || NEEDS_ROWS[i].otherwise == ASK))
			continue;
		if (!known)
			on = NEEDS_ROWS[i].otherwise == ON;
		if (on != (NEEDS_ROWS[i].wanted == ON))
			return arena_format(mem, "%s is %s", NEEDS_ROWS[i].other,
					    on ? "on" : "off");
	}
	return NULL;
}

static const char *overruled(const struct vmview *v, const char *flag, struct arena *mem)
{
	for (size_t i = 0; i < COUNT(INSTEAD_ROWS); i++) {
		const struct option_row *o;

		if (strcmp(INSTEAD_ROWS[i].flag, flag) != 0)
			continue;
		o = vmview_option(v, INSTEAD_ROWS[i].other);
		if (o)
			return arena_format(mem, "%s: %s of %s", INSTEAD_ROWS[i].why, o->text,
					    o->where);
	}
	return NULL;
}

static const char *fixed_heap(const struct vmview *v, const char *flag, struct arena *mem)
{
	uint64_t first, largest;

	for (size_t i = 0; i < COUNT(FIXED_HEAP_ROWS); i++)
		if (!strcmp(FIXED_HEAP_ROWS[i], flag) &&
		    vmview_given_number(v, "InitialHeapSize", &first) &&
		    vmview_given_number(v, "MaxHeapSize", &largest) && first == largest)
			return arena_text(mem, "the heap can't shrink or grow: its first and its "
					       "largest size are one");
	return NULL;
}

static const char *other_system(const char *flag)
{
	for (size_t i = 0; i < COUNT(OTHER_SYSTEM_ROWS); i++)
		if (!strcmp(OTHER_SYSTEM_ROWS[i], flag))
			return "the VM for Linux never looks at it";
	return NULL;
}

// A dump is written where it says, when one is written.
static const char *no_dump(const struct vmview *v, const char *flag)
{
	static const char *const DUMPS[] = { "HeapDumpOnOutOfMemoryError", "HeapDumpBeforeFullGC",
					     "HeapDumpAfterFullGC" };
	bool any = false, known;

	if (strcmp(flag, "HeapDumpPath") != 0)
		return NULL;
	for (size_t i = 0; i < COUNT(DUMPS); i++)
		any |= vmview_switch(v, DUMPS[i], &known);
	return any ? NULL : "no heap dump is asked for: HeapDumpOnOutOfMemoryError is off";
}

// The VM takes the Min values only while they give less than the 96 MB (126 MB on 64 bit) that a heap
// has without knowing the memory.
static const char *small_machines_only(const struct vmview *v, const struct option_row *o,
				       struct arena *mem)
{
	double percent = o->has_real ? o->real : 0;

	if (!strcmp(o->flag, "MinRAMFraction") && o->has_number && o->number)
		percent = 100.0 / (double)o->number;
	else if (strcmp(o->flag, "MinRAMPercentage") != 0)
		return NULL;
	if (v->memory == UNKNOWN_BYTES || percent <= 0 ||
	    (double)v->memory * percent / 100 < (double)MIB(128))
		return NULL;
	return arena_text(mem, "it counts where memory is less than some 250 MB: above, "
			       "MaxRAMPercentage does");
}

const char *flag_effects_none(const struct vmview *v, const struct option_row *o, struct arena *mem)
{
	const char *why = other_collectors(v, o->flag, mem);

	if (!why)
		why = overruled(v, o->flag, mem);
	if (!why)
		why = missing_switch(v, o->flag, mem);
	if (!why)
		why = fixed_heap(v, o->flag, mem);
	if (!why)
		why = other_system(o->flag);
	if (!why)
		why = no_dump(v, o->flag);
	if (!why)
		why = small_machines_only(v, o, mem);
	return why;
}

static int find_x(const char *text)
{
	for (size_t i = 0; i < COUNT(X_ROWS); i++)
		if (!strncmp(X_ROWS[i].option, text, strlen(X_ROWS[i].option)))
			return (int)i;
	return -1;
}

enum x_option_state flag_effects_x(const char *text, unsigned jdk, unsigned *since)
{
	int i = find_x(text);

	*since = 0;
	if (i < 0)
		return X_OPTION_TAKEN;
	if (jdk < X_ROWS[i].first) {
		*since = X_ROWS[i].first;
		return X_OPTION_UNKNOWN;
	}
	if (jdk <= X_ROWS[i].last)
		return X_OPTION_TAKEN;
	*since = X_ROWS[i].obsolete_since ? X_ROWS[i].obsolete_since : X_ROWS[i].last;
	return X_ROWS[i].obsolete_since ? X_OPTION_OBSOLETE : X_OPTION_EXPIRED;
}

unsigned flag_effects_x_deprecated(const char *text, unsigned jdk)
{
	int i = find_x(text);

	return i >= 0 && X_ROWS[i].deprecated_since && jdk >= X_ROWS[i].deprecated_since &&
			       jdk <= X_ROWS[i].last
		       ? X_ROWS[i].deprecated_since
		       : 0;
}
