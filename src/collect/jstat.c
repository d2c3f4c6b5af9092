// SPDX-License-Identifier: Apache-2.0
#include "collect/jstat.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "parse/hsperf.h"

enum { COLLECTORS = 3, WIDE_SINCE = 17 };

struct column {
	enum jstat_view view;
	const char *name;
	enum jstat_unit unit;
	unsigned narrow, wide;
	bool centred;
	unsigned since;
	const char *counter;
};

static const struct column COLUMNS[] = {
#define JSTAT(view, name, unit, narrow, wide, centred, since, counter)                             \
	{ JSTAT_##view, name, JSTAT_##unit, narrow, wide, centred, since, counter },
#include "collect/jstat.def"
#undef JSTAT
};

static bool number(const struct hsperf *h, const char *name, const char *suffix, double *out)
{
	char full[96];
	uint64_t n;

	snprintf(full, sizeof(full), "sun.gc.%s%s", name, suffix);
	if (!hsperf_number(h, full, &n))
		return false;
	*out = (double)(int64_t)n;
	return true;
}

static bool seconds(const struct hsperf *h, const char *name, double *out)
{
	uint64_t frequency;

	if (!hsperf_number(h, "sun.os.hrt.frequency", &frequency) || !frequency ||
	    !number(h, name, "", out))
		return false;
	*out /= (double)frequency;
	return true;
}

// A collector that is not there took no time; since 11 also where there is none (Epsilon).
static bool all_seconds(const struct hsperf *h, unsigned jdk, double *out)
{
	bool any = jdk >= 11;

	*out = 0;
	for (unsigned i = 0; i < (jdk < 11 ? COLLECTORS - 1 : COLLECTORS); i++) {
		char name[32];
		double one;

		snprintf(name, sizeof(name), "collector.%u.time", i);
		if (seconds(h, name, &one)) {
			*out += one;
			any = true;
		}
	}
	return any;
}

// jstat's own "(1 - (capacity - used) / capacity) * 100".
static bool percent(const struct hsperf *h, const char *space, double *out)
{
	double capacity, used;

	if (!number(h, space, ".capacity", &capacity) || !number(h, space, ".used", &used))
		return false;
	if (capacity == 0)
		return false; // no class space, for one
	*out = (1 - (capacity - used) / capacity) * 100;
	return true;
}

static bool read_cell(const struct hsperf *h, const struct column *c, unsigned jdk,
		      struct arena *mem, struct jstat_cell *out)
{
	char full[96];
	struct span text;

	switch (c->unit) {
	case JSTAT_SECONDS:
		return *c->counter ? seconds(h, c->counter, &out->value)
				   : all_seconds(h, jdk, &out->value);
	case JSTAT_PERCENT:
		return percent(h, c->counter, &out->value);
	case JSTAT_TEXT:
		snprintf(full, sizeof(full), "sun.gc.%s", c->counter);
		if (!hsperf_text(h, full, &text))
			return false;
		out->text = arena_copy(mem, text.at, text.len);
		return true;
	default:
		return number(h, c->counter, "", &out->value);
	}
}

void jstat_read(const struct hsperf *h, enum jstat_view view, unsigned jdk, struct arena *mem,
		struct jstat_line *out)
{
	out->count = 0;
	for (size_t i = 0; i < sizeof(COLUMNS) / sizeof(COLUMNS[0]); i++) {
		const struct column *c = &COLUMNS[i];
		struct jstat_cell cell = { .name = c->name,
					   .unit = c->unit,
					   .width = jdk < WIDE_SINCE ? c->narrow : c->wide,
					   .centred = jdk < WIDE_SINCE && c->centred };

		// gccause is gcutil with two columns more.
		if ((c->view != view && (view != JSTAT_GCCAUSE || c->view != JSTAT_GCUTIL)) ||
		    jdk < c->since || out->count == JSTAT_COLUMNS)
			continue;
		cell.known = read_cell(h, c, jdk, mem, &cell);
		out->at[out->count++] = cell;
	}
}
