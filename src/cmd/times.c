// SPDX-License-Identifier: Apache-2.0
#include "cmd/times.h"

#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "base/units.h"

// The formats of strptime() and what is missing in each.
static const struct {
	const char *format;
	bool utc, dated;
} FORMATS[] = {
	{ "%Y-%m-%dT%H:%M:%SZ", true, true }, { "%Y-%m-%dT%H:%MZ", true, true },
	{ "%Y-%m-%dT%H:%M:%S", false, true }, { "%Y-%m-%d %H:%M:%S", false, true },
	{ "%Y-%m-%dT%H:%M", false, true },    { "%Y-%m-%d %H:%M", false, true },
	{ "%H:%M:%S", false, false },         { "%H:%M", false, false },
};

bool times_parse(const char *text, double end_s, double *out, struct fail *why)
{
	double back;

	for (size_t i = 0; i < sizeof(FORMATS) / sizeof(FORMATS[0]); i++) {
		time_t end = (time_t)end_s;
		struct tm t = { 0 };
		const char *rest;

		if (!FORMATS[i].dated && !localtime_r(&end, &t))
			continue;
		t.tm_hour = t.tm_min = t.tm_sec = 0;
		rest = strptime(text, FORMATS[i].format, &t);
		if (!rest || *rest)
			continue;
		t.tm_isdst = -1;
		*out = (double)(FORMATS[i].utc ? timegm(&t) : mktime(&t));
		return true;
	}
	if (units_parse_duration(text, &back, NULL)) {
		*out = end_s - back;
		return true;
	}
	return fail(why, FAIL_CORRUPT,
		    "'%s' is no time: 14:30, 2026-11-25T14:30:00Z, or 2h for that long before the "
		    "history's end",
		    text);
}
