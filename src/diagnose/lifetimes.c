// SPDX-License-Identifier: Apache-2.0
#include "diagnose/lifetimes.h"

#include <string.h>

const unsigned LIFETIME_RELEASES[] = {
#define RELEASES(...) __VA_ARGS__
#define FLAG(...)
#include "diagnose/lifetimes.def"
#undef RELEASES
#undef FLAG
};
const size_t LIFETIME_RELEASE_COUNT = sizeof(LIFETIME_RELEASES) / sizeof(LIFETIME_RELEASES[0]);

// Sorted by name, as the byte values have it.
static const struct lifetime FLAGS[] = {
#define RELEASES(...)
#define FLAG(name, type, states, deprecated, deprecated_since, obsolete_since, stands_for)         \
	{ name, LIFETIME_##type, states, deprecated, deprecated_since, obsolete_since, stands_for },
#include "diagnose/lifetimes.def"
#undef RELEASES
#undef FLAG
};
enum { FLAG_COUNT = sizeof(FLAGS) / sizeof(FLAGS[0]) };

const struct lifetime *lifetime_find(const char *name)
{
	size_t low = 0, high = FLAG_COUNT;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = strcmp(FLAGS[middle].name, name);

		if (!order)
			return &FLAGS[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return NULL;
}

// The place of the last release that is not above `jdk`; the first for one below all.
static size_t release_below(unsigned jdk)
{
	size_t at = 0;

	while (at + 1 < LIFETIME_RELEASE_COUNT && LIFETIME_RELEASES[at + 1] <= jdk)
		at++;
	return at;
}

static bool is_flag(char letter)
{
	return letter == 'p' || letter == 'm' || letter == 'd' || letter == 'e';
}

static bool ever_before(const struct lifetime *l, size_t at)
{
	for (size_t i = 0; i < at; i++)
		if (l->states[i] != '.')
			return true;
	return false;
}

static enum lifetime_state state_of(const struct lifetime *l, size_t at)
{
	switch (l->states[at]) {
	case 'p':
	case 'm':
		return LIFETIME_TAKEN;
	case 'd':
		return LIFETIME_DIAGNOSTIC;
	case 'e':
		return LIFETIME_EXPERIMENTAL;
	case 'a':
		return LIFETIME_ALIAS;
	case 'o':
		return LIFETIME_OBSOLETE;
	default:
		return ever_before(l, at) ? LIFETIME_EXPIRED : LIFETIME_LATER;
	}
}

enum lifetime_state lifetime_at(const struct lifetime *l, unsigned jdk)
{
	size_t at = release_below(jdk);
	bool between;

	if (!l)
		return LIFETIME_NONE;
	between = jdk > LIFETIME_RELEASES[at] && at + 1 < LIFETIME_RELEASE_COUNT;
	if (!between || l->states[at] == l->states[at + 1])
		return state_of(l, at);
	// It came or went somewhere between.
	if (l->obsolete_since && jdk < l->obsolete_since && is_flag(l->states[at]))
		return state_of(l, at);
	if (l->obsolete_since && jdk >= l->obsolete_since && l->states[at + 1] == 'o')
		return LIFETIME_OBSOLETE;
	return LIFETIME_UNSURE;
}

bool lifetime_is_deprecated(const struct lifetime *l, unsigned jdk)
{
	size_t at = release_below(jdk);

	if (!l)
		return false;
	if (jdk != LIFETIME_RELEASES[at] && l->deprecated_since)
		return jdk >= l->deprecated_since;
	return l->deprecated[at] == 'x';
}

unsigned lifetime_first(const struct lifetime *l)
{
	for (size_t i = 0; i < LIFETIME_RELEASE_COUNT; i++)
		if (is_flag(l->states[i]) || l->states[i] == 'a')
			return LIFETIME_RELEASES[i];
	return 0;
}

unsigned lifetime_last(const struct lifetime *l)
{
	for (size_t i = LIFETIME_RELEASE_COUNT; i-- > 0;)
		if (is_flag(l->states[i]) || l->states[i] == 'a')
			return LIFETIME_RELEASES[i];
	return 0;
}
