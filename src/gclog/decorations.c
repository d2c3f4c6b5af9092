// SPDX-License-Identifier: Apache-2.0
#include "gclog/decorations.h"

#include <math.h>
#include <string.h>

#include "gclog/dialects.h"
#include "gclog/scan.h"

// "0.018s", "18ms", "1608512687091ms", "18000000ns"; what has no unit is a pid or tid.
static void take_time(const char *p, const char *end, struct decorations *d)
{
	if (end[-1] != 's' || end - p < 2)
		return;
	d->time = p;
	d->time_end = end;
	d->stamped = true;
}

static void read_time(const char *p, const char *end, struct gc_event *e)
{
	double value;

	if (!scan_number(&p, end, &value))
		return;
	if (SCAN_TEXT(&p, end, "ms"))
		value *= 1e-3;
	else if (SCAN_TEXT(&p, end, "ns"))
		value *= 1e-9;
	if (value > 5e8) // since 1970, not since the VM's start
		e->wall_s = value;
	else
		e->uptime_s = value;
}

void decorations_stamp(const struct decorations *d, struct gc_event *e)
{
	const char *date = d->date;

	if (d->time)
		read_time(d->time, d->time_end, e);
	if (date && !scan_date(&date, d->date_end, &e->wall_s))
		e->wall_s = NAN;
}

static bool is_word(const char *p, const char *end, const char *word, size_t len)
{
	return (size_t)(end - p) == len && !memcmp(p, word, len);
}

static void take_decoration(const char *p, const char *end, struct decorations *d)
{
	while (end > p && end[-1] == ' ')
		end--;
	if (p == end)
		return;
	if (scan_is_digit(*p)) {
		if (end - p >= 19 && p[4] == '-' && p[7] == '-' && p[13] == ':') {
			d->date = p;
			d->date_end = end;
			d->stamped = true;
		} else {
			take_time(p, end, d);
		}
		return;
	}
	switch (*p) {
	case 'g':
		d->gc |= end - p >= 2 && p[1] == 'c';
		break;
	case 's':
		d->gc |= end - p >= 9 && !memcmp(p, "safepoint", 9);
		break;
	case 't':
		d->levelled |= is_word(p, end, "trace", 5);
		break;
	case 'd':
		d->levelled |= is_word(p, end, "debug", 5);
		break;
	case 'i':
		d->levelled |= is_word(p, end, "info", 4);
		break;
	case 'w':
		d->levelled |= is_word(p, end, "warning", 7);
		break;
	case 'e':
		d->levelled |= is_word(p, end, "error", 5);
		break;
	default:
		break;
	}
}

// Returns what is behind the decorations, or NULL: they are none.
static const char *find_decorations(const char *p, const char *end, struct decorations *d,
				    struct unified *u)
{
	enum { GROUP_LENGTH = 80 };
	const char *line = p;

	u->groups = 0;
	while (p < end && *p == '[' && u->groups < UNIFIED_GROUPS) {
		const char *limit = end - p < GROUP_LENGTH ? end : p + GROUP_LENGTH, *close = p + 1;

		while (close < limit && *close != ']' && *close != '[')
			close++;
		if (close == limit || *close == '[') {
			const char *found = u->groups ? p : NULL;

			u->groups = 0; // not a layout to look for again
			return found;
		}
		take_decoration(p + 1, close, d);
		p = close + 1;
		u->close[u->groups++] = close - line < 256 ? (unsigned char)(close - line) : 0;
	}
	if (u->groups && p - line >= 256)
		u->groups = 0;
	return p;
}

// HotSpot pads decorations so that they end at the same columns: those of the line before are tried first.
const char *decorations_take(const char *p, const char *end, struct decorations *d,
			     struct unified *u)
{
	unsigned i, from = 0, last = u->groups ? u->close[u->groups - 1] : 0;

	if (!u->groups || end - p <= last + 1 || p[last] != ']' || p[last + 1] == '[')
		return find_decorations(p, end, d, u);
	for (i = 0; i + 1 < u->groups; i++)
		if (p[u->close[i]] != ']' || p[u->close[i] + 1] != '[')
			return find_decorations(p, end, d, u);
	for (i = 0; i < u->groups; i++) {
		take_decoration(p + from + 1, p + u->close[i], d);
		from = u->close[i] + 1u;
	}
	return p + last + 1;
}
