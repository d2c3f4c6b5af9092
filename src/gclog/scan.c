// SPDX-License-Identifier: Apache-2.0
#include "gclog/scan.h"

#include "facts/gcevent.h"

const char *scan_find(const char *p, const char *end, const char *text)
{
	return p < end ? memmem(p, (size_t)(end - p), text, strlen(text)) : NULL;
}

// Digits beyond the 18th move no double that a log could mean; they are passed over.
static const char *digits(const char *p, const char *end, uint64_t *value, int *count)
{
	uint64_t v = *value;
	int n = *count;

	for (; p < end && scan_is_digit(*p) && n < 18; n++)
		v = v * 10 + (uint64_t)(*p++ - '0');
	while (p < end && scan_is_digit(*p))
		p++;
	*value = v;
	*count = n;
	return p;
}

bool scan_number(const char **p, const char *end, double *value)
{
	static const double POWERS[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8, 1e9,
					 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18 };
	uint64_t v = 0;
	int count = 0, whole;
	const char *at = digits(*p, end, &v, &count);

	if (at == *p)
		return false;
	whole = count;
	if (end - at >= 2 && (*at == '.' || *at == ',') && scan_is_digit(at[1]))
		at = digits(at + 1, end, &v, &count);
	*value = (double)v / POWERS[count - whole];
	*p = at;
	return true;
}

bool scan_integer(const char **p, const char *end, uint64_t *value)
{
	int count = 0;
	uint64_t v = 0;
	const char *at = digits(*p, end, &v, &count);

	if (at == *p)
		return false;
	*value = v;
	*p = at;
	return true;
}

static int unit_shift(char c)
{
	switch (c) {
	case 'B':
	case 'b':
		return 0;
	case 'K':
	case 'k':
		return 10;
	case 'M':
	case 'm':
		return 20;
	case 'G':
	case 'g':
		return 30;
	case 'T':
		return 40;
	default:
		return -1;
	}
}

bool scan_size(const char **p, const char *end, uint64_t *bytes)
{
	const char *at = *p;
	double value;
	int shift;

	if (!scan_number(&at, end, &value) || at == end)
		return false;
	shift = unit_shift(*at);
	value *= (double)(UINT64_C(1) << (shift < 0 ? 0 : shift));
	if (shift < 0 || value > 1e18)
		return false;
	*bytes = (uint64_t)(value + 0.5);
	*p = at + 1;
	return true;
}

// "(3K)" or "(4%)" behind a size.
static bool take_capacity(const char **p, const char *end, uint64_t *capacity)
{
	const char *at = *p;
	double percent;

	scan_blanks(&at, end);
	if (at == end || *at++ != '(')
		return false;
	if (!scan_size(&at, end, capacity)) {
		if (!scan_number(&at, end, &percent) || at == end || *at++ != '%')
			return false;
	}
	if (at == end || *at != ')')
		return false;
	*p = at + 1;
	return true;
}

bool scan_change(const char **p, const char *end, struct gc_change *out)
{
	struct gc_change got = { UNKNOWN_BYTES, UNKNOWN_BYTES, UNKNOWN_BYTES };
	uint64_t before_capacity = UNKNOWN_BYTES;
	const char *at = *p;

	if (!scan_size(&at, end, &got.before))
		return false;
	take_capacity(&at, end, &before_capacity);
	scan_blanks(&at, end);
	if (!SCAN_TEXT(&at, end, "->"))
		return false;
	scan_blanks(&at, end);
	if (!scan_size(&at, end, &got.after))
		return false;
	take_capacity(&at, end, &got.capacity);
	*out = got;
	*p = at;
	return true;
}

bool scan_used(const char **p, const char *end, uint64_t *used, uint64_t *capacity)
{
	const char *at = *p;
	uint64_t u, c;

	if (!scan_size(&at, end, &u) || at == end || *at++ != '(' || !scan_size(&at, end, &c) ||
	    at == end || *at++ != ')')
		return false;
	*used = u;
	*capacity = c;
	*p = at;
	return true;
}

static bool two(const char *p, int *out)
{
	if (!scan_is_digit(p[0]) || !scan_is_digit(p[1]))
		return false;
	*out = (p[0] - '0') * 10 + (p[1] - '0');
	return true;
}

// Days since 1970 of a date of the Gregorian calendar.
static int64_t days_of(int64_t year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year, era = y / 400, in_era = y % 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + of_year - 719468;
}

bool scan_date(const char **p, const char *end, double *wall_s)
{
	const char *at = *p;
	int high, low, month, day, hour, minute, second, zone_hour, zone_minute = 0;
	double fraction = 0, scale = 0.1, zone = 0;

	if (end - at < 19 || !two(at, &high) || !two(at + 2, &low) || at[4] != '-' ||
	    !two(at + 5, &month) || at[7] != '-' || !two(at + 8, &day) ||
	    (at[10] != 'T' && at[10] != ' ') || !two(at + 11, &hour) || at[13] != ':' ||
	    !two(at + 14, &minute) || at[16] != ':' || !two(at + 17, &second))
		return false;
	if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 24 || minute > 59)
		return false;
	at += 19;
	if (end - at >= 2 && (*at == '.' || *at == ',') && scan_is_digit(at[1]))
		for (at++; at < end && scan_is_digit(*at); at++, scale /= 10)
			fraction += (*at - '0') * scale;
	if (at < end && *at == 'Z') {
		at++;
	} else if (end - at >= 5 && (*at == '+' || *at == '-') && two(at + 1, &zone_hour)) {
		const char *minutes = at + 3 + (at[3] == ':');
		double sign = *at == '+' ? 1 : -1;

		at += 3;
		if (end - minutes >= 2 && two(minutes, &zone_minute))
			at = minutes + 2;
		zone = sign * (zone_hour * 3600 + zone_minute * 60);
	}
	*wall_s = (double)days_of(high * 100 + low, month, day) * 86400 + hour * 3600 +
		  minute * 60 + second + fraction - zone;
	*p = at;
	return true;
}

static bool take_uptime(const char **p, const char *end, double *uptime_s)
{
	const char *at = *p;
	double v;

	// "12.345:"; whole numbers are rows of class histograms.
	if (!scan_number(&at, end, &v) || at == end || *at != ':' || at - *p < 3)
		return false;
	for (const char *c = *p; c < at; c++)
		if (!scan_is_digit(*c)) {
			*uptime_s = v;
			*p = at + 1;
			return true;
		}
	return false;
}

bool scan_stamps(const char **p, const char *end, double *uptime_s, double *wall_s)
{
	const char *at = *p;
	bool any = false;

	for (;;) {
		const char *before;

		scan_blanks(&at, end);
		before = at;
		if (at == end || !scan_is_digit(*at))
			break;
		if (scan_date(&at, end, wall_s)) {
			scan_blanks(&at, end);
			if (at < end && *at == ':')
				at++;
		} else if (!take_uptime(&at, end, uptime_s)) {
			at = before;
			break;
		}
		any = true;
	}
	if (any)
		*p = at;
	return any;
}

void scan_copy(char *to, size_t room, const char *p, const char *end)
{
	size_t len = (size_t)(end - p);

	while (len && p[len - 1] == ' ')
		len--;
	if (len >= room)
		len = room - 1;
	memcpy(to, p, len);
	to[len] = '\0';
}
