// SPDX-License-Identifier: Apache-2.0
#include "base/units.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/fail.h"

struct suffix {
	const char *text;
	double factor;
};

static bool parse_scaled(const char *text, const struct suffix *suffixes, size_t count, double *out)
{
	char *end;
	double n = strtod(text, &end);

	// Digits and a point alone: strtod() also takes 0x10, 1e3, inf and signs.
	if (end == text || (size_t)(end - text) != strspn(text, "0123456789.") || n > 1e18)
		return false;
	for (size_t i = 0; i < count; i++)
		if (!strcasecmp(end, suffixes[i].text)) {
			*out = n * suffixes[i].factor;
			return *out < 1.8e19;
		}
	return false;
}

bool units_parse_size(const char *text, uint64_t *bytes, struct fail *why)
{
	static const struct suffix SIZES[] = {
		{ "", 1 },
		{ "b", 1 },
		{ "k", (double)KIB(1) },
		{ "kb", (double)KIB(1) },
		{ "m", (double)MIB(1) },
		{ "mb", (double)MIB(1) },
		{ "g", (double)GIB(1) },
		{ "gb", (double)GIB(1) },
		{ "t", (double)GIB(1024) },
	};
	double n;

	if (!parse_scaled(text, SIZES, sizeof(SIZES) / sizeof(SIZES[0]), &n))
		return fail(why, FAIL_CORRUPT, "'%s' is not a size (write 512k, 64m or 2g)", text);
	*bytes = (uint64_t)n;
	return true;
}

bool units_parse_duration(const char *text, double *seconds, struct fail *why)
{
	static const struct suffix TIMES[] = {
		{ "", 1 }, { "s", 1 }, { "ms", 0.001 }, { "m", 60 }, { "h", 3600 }, { "d", 86400 },
	};

	if (!parse_scaled(text, TIMES, sizeof(TIMES) / sizeof(TIMES[0]), seconds))
		return fail(why, FAIL_CORRUPT, "'%s' is not a duration (write 30s, 5m or 2h)",
			    text);
	return true;
}

const char *units_print_size(uint64_t bytes, char to[16])
{
	if (bytes < KIB(1))
		snprintf(to, 16, "%u B", (unsigned)bytes);
	else if (bytes < MIB(1))
		snprintf(to, 16, "%u KB", (unsigned)(bytes >> 10));
	else if (bytes < GIB(1))
		snprintf(to, 16, "%.1f MB", (double)bytes / (double)MIB(1));
	else
		snprintf(to, 16, "%.2f GB", (double)bytes / (double)GIB(1));
	return to;
}

double units_in_mb(uint64_t bytes)
{
	return (double)bytes / (double)MIB(1);
}
