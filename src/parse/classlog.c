// SPDX-License-Identifier: Apache-2.0
#include "parse/classlog.h"

#include <string.h>

enum { NAME_LIMIT = 65535, DECORATIONS = 12 };

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

// A class name as logs print it: one word, none of the characters that no class name has.
static bool is_name(struct span s)
{
	bool letter = false;

	if (!s.len || s.len > NAME_LIMIT || s.at[0] == '.' || s.at[s.len - 1] == '.')
		return false;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.at[i];

		if (c <= ' ' || c == 0x7f || strchr(";[]()\"'=<>:,", c))
			return false;
		letter |= (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c >= 0x80 ||
			  c == '$' || c == '_';
	}
	return letter;
}

static struct span part(struct span s, size_t from, size_t to)
{
	return (struct span){ s.at + from, to - from };
}

static struct span trim(struct span s)
{
	while (s.len && (s.at[0] == ' ' || s.at[0] == '\t'))
		s = part(s, 1, s.len);
	while (s.len &&
	       (s.at[s.len - 1] == ' ' || s.at[s.len - 1] == '\t' || s.at[s.len - 1] == '\r'))
		s.len--;
	return s;
}

// --- times ---

// "241.012" -> 241.012, the whole of `s`.
static bool number_of(struct span s, double *out)
{
	double value = 0, unit = 1;
	bool point = false;

	if (!s.len || s.len > 24 || !is_digit(s.at[0]))
		return false;
	for (size_t i = 0; i < s.len; i++) {
		if ((s.at[i] == '.' || s.at[i] == ',') && !point) {
			point = true;
			continue;
		}
		if (!is_digit(s.at[i]))
			return false;
		value = value * 10 + (s.at[i] - '0');
		unit *= point ? 10 : 1;
	}
	*out = value / unit;
	return true;
}

static bool fixed(struct span s, size_t at, size_t digits, int *out)
{
	int value = 0;

	if (at + digits > s.len)
		return false;
	for (size_t i = at; i < at + digits; i++) {
		if (!is_digit(s.at[i]))
			return false;
		value = value * 10 + (s.at[i] - '0');
	}
	*out = value;
	return true;
}

// Days since 1970-01-01 in the Gregorian calendar.
static int64_t days_of(int year, int month, int day)
{
	int64_t y = year - (month <= 2), era = (y >= 0 ? y : y - 399) / 400;
	int64_t of_era = y - era * 400;
	int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

// "2026-12-01T03:42:52.523+0000"; the zone is the same in all of one log.
static bool date_of(struct span s, double *out)
{
	int year, month, day, hour, minute, second;
	double rest = 0;
	size_t end = 19;

	if (s.len < end || s.at[4] != '-' || s.at[7] != '-' ||
	    (s.at[10] != 'T' && s.at[10] != ' ') || s.at[13] != ':' || s.at[16] != ':' ||
	    !fixed(s, 0, 4, &year) || !fixed(s, 5, 2, &month) || !fixed(s, 8, 2, &day) ||
	    !fixed(s, 11, 2, &hour) || !fixed(s, 14, 2, &minute) || !fixed(s, 17, 2, &second) ||
	    month < 1 || month > 12)
		return false;
	if (end < s.len && (s.at[end] == '.' || s.at[end] == ',')) {
		double unit = 0.1;

		for (end++; end < s.len && is_digit(s.at[end]); end++, unit /= 10)
			rest += (s.at[end] - '0') * unit;
	}
	*out = (double)days_of(year, month, day) * 86400 + hour * 3600 + minute * 60 + second +
	       rest;
	return true;
}

static enum classlog_clock decoration_of(struct span s, double *out)
{
	s = trim(s);
	if (s.len > 2 && !memcmp(s.at + s.len - 2, "ms", 2) &&
	    number_of(part(s, 0, s.len - 2), out)) {
		*out /= 1e3;
		return CLASSLOG_MILLIS;
	}
	if (s.len > 2 && !memcmp(s.at + s.len - 2, "ns", 2) &&
	    number_of(part(s, 0, s.len - 2), out)) {
		*out /= 1e9;
		return CLASSLOG_NANOS;
	}
	if (s.len > 1 && s.at[s.len - 1] == 's' && number_of(part(s, 0, s.len - 1), out))
		return CLASSLOG_UPTIME_S;
	return date_of(s, out) ? CLASSLOG_DATE : CLASSLOG_NO_TIME;
}

// The time of a line: the first of its decorations that is one, or "2.345: " as old logs have it.
static void read_time(struct classlog *log, struct span line)
{
	struct span rest = line, inner, number;

	log->clock = CLASSLOG_NO_TIME;
	log->time_s = 0;
	for (int i = 0; i < DECORATIONS && log->clock != CLASSLOG_UPTIME_S; i++) {
		enum classlog_clock clock;
		double time = 0;

		if (!span_take_until(&rest, '[', &inner) || !span_take_until(&rest, ']', &inner))
			break;
		clock = decoration_of(inner, &time);
		// The shortest clock is the best known one: uptime in seconds wins over a date.
		if (clock != CLASSLOG_NO_TIME &&
		    (log->clock == CLASSLOG_NO_TIME || clock == CLASSLOG_UPTIME_S)) {
			log->clock = clock;
			log->time_s = time;
		}
	}
	rest = line;
	if (log->clock == CLASSLOG_NO_TIME && span_take_until(&rest, ':', &number) &&
	    memchr(number.at, '.', number.len) && number_of(trim(number), &log->time_s))
		log->clock = CLASSLOG_UPTIME_S;
}

// --- events ---

static bool found(struct classlog *log, struct classlog_event *out, struct classlog_event e)
{
	e.clock = log->clock;
	e.time_s = log->time_s;
	log->found = true;
	*out = e;
	return true;
}

// "[Loaded NAME from SOURCE]", "[Unloading class NAME 0x...]"; several may share a line.
static bool next_verbose(struct classlog *log, struct classlog_event *out)
{
	static const char LOADED[] = "[Loaded ", UNLOADING[] = "[Unloading class ";
	size_t loaded, unloading, at, from;

	for (;;) {
		struct span line = log->line, text, name;
		bool is_load = span_find(line, LOADED, &loaded);
		bool is_unload = span_find(line, UNLOADING, &unloading);

		if (!is_load && !is_unload)
			return false;
		is_load = is_load && (!is_unload || loaded < unloading);
		at = is_load ? loaded + sizeof(LOADED) - 1 : unloading + sizeof(UNLOADING) - 1;
		text = part(line, at, line.len);
		log->line = text; // at least behind the mark
		for (size_t i = 0; i < text.len; i++)
			if (text.at[i] == ']') {
				log->line = part(text, i + 1, text.len);
				text.len = i;
				break;
			}
		if (is_load && span_find(text, " from ", &from)) {
			name = part(text, 0, from);
			if (is_name(name))
				return found(
					log, out,
					(struct classlog_event){
						.kind = CLASSLOG_LOADED,
						.name = name,
						.source = trim(part(text, from + 6, text.len)) });
		} else if (!is_load && span_take_word(&text, &name) && is_name(name)) {
			return found(
				log, out,
				(struct classlog_event){ .kind = CLASSLOG_UNLOADED, .name = name });
		}
	}
}

// What stands in front of a unified message: nothing, or something that ends in a decoration.
static bool is_front(struct span s)
{
	s = trim(s);
	return !s.len || s.at[s.len - 1] == ']';
}

// Without decorations a line may be anybody's: the source must be of a kind that the VM prints.
static bool is_source(struct span s)
{
	static const char *const STARTS[] = { "jrt:", "file:", "jar:",        "shared objects file",
					      "__",   "/",     "instance of " };

	for (size_t i = 0; i < sizeof(STARTS) / sizeof(*STARTS); i++)
		if (span_starts(s, STARTS[i]))
			return true;
	return is_name(s) && memchr(s.at, '.', s.len); // the host of a hidden class
}

static bool take_load(struct classlog *log, struct classlog_event *out)
{
	static const char SOURCE[] = " source:";
	struct span line = log->line, name, source, front;
	size_t at, start;

	if (!span_find(line, SOURCE, &at))
		return false;
	for (start = at; start > 0 && line.at[start - 1] != ' ' && line.at[start - 1] != ']';)
		start--;
	name = part(line, start, at);
	front = part(line, 0, start);
	source = trim(part(line, at + sizeof(SOURCE) - 1, line.len));
	if (!is_name(name) || !is_front(front) || (!trim(front).len && !is_source(source)))
		return false;
	log->line.len = 0;
	return found(
		log, out,
		(struct classlog_event){
			.kind = CLASSLOG_LOADED, .name = name, .source = source, .unified = true });
}

static bool take_unload(struct classlog *log, struct classlog_event *out)
{
	static const char UNLOADING[] = "unloading class ";
	struct span line = log->line, rest, name, address;
	size_t at;

	if (!span_find(line, UNLOADING, &at) || !is_front(part(line, 0, at)))
		return false;
	rest = part(line, at + sizeof(UNLOADING) - 1, line.len);
	log->line.len = 0;
	return span_take_word(&rest, &name) && is_name(name) && span_take_word(&rest, &address) &&
	       span_starts(address, "0x") &&
	       found(log, out,
		     (struct classlog_event){
			     .kind = CLASSLOG_UNLOADED, .name = name, .unified = true });
}

// "klass: 0x.. super: 0x.. loader: [loader data: 0x.. for instance a 'shop.Loader'{0x..}] bytes: .."
static bool take_loader(struct classlog *log, struct classlog_event *out)
{
	struct span line = log->line, name;
	size_t at;

	if (!span_find(line, "klass: 0x", &at) || !is_front(part(line, 0, at)) ||
	    !span_find(line, " a '", &at))
		return false;
	line = part(line, at + 4, line.len);
	log->line.len = 0;
	return span_take_until(&line, '\'', &name) && is_name(name) &&
	       found(log, out,
		     (struct classlog_event){
			     .kind = CLASSLOG_LOADER, .name = name, .unified = true });
}

static bool take_event(struct classlog *log, struct classlog_event *out)
{
	return next_verbose(log, out) || take_load(log, out) || take_unload(log, out) ||
	       take_loader(log, out);
}

bool classlog_next(struct classlog *log, struct span *text, struct classlog_event *out)
{
	for (;;) {
		if (log->line.len && take_event(log, out))
			return true;
		if (log->lines)
			log->unknown += !log->found;
		log->found = true; // counted
		log->line.len = 0;
		if (!span_take_line(text, &log->line))
			return false;
		log->lines++;
		log->found = false;
		read_time(log, log->line);
	}
}
