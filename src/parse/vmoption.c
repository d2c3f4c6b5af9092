// SPDX-License-Identifier: Apache-2.0
#include "parse/vmoption.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

// -X options that set a flag; `value` NULL: what follows the name, else always this.
static const struct {
	const char *name, *flag, *also, *value;
	bool in_kilobytes; // the flag counts them, and the option bytes
} OTHER_NAMES[] = {
	{ "-Xmx", "MaxHeapSize", NULL, NULL, false },
	{ "-Xms", "InitialHeapSize", NULL, NULL, false },
	{ "-Xmn", "MaxNewSize", "NewSize", NULL, false },
	{ "-Xss", "ThreadStackSize", NULL, NULL, true },
	{ "-Xmaxjitcodesize", "ReservedCodeCacheSize", NULL, NULL, false },
	{ "-Xconcgc", "UseConcMarkSweepGC", NULL, "true", false },
	{ "-Xnoconcgc", "UseConcMarkSweepGC", NULL, "false", false },
	{ "-Xnoclassgc", "ClassUnloading", NULL, "false", false },
	{ "-Xbatch", "BackgroundCompilation", NULL, "false", false },
	{ "-Xrs", "ReduceSignalUsage", NULL, "true", false },
};

static bool take_digits(struct span *text, uint64_t *n)
{
	if (span_take_text(text, "0x") || span_take_text(text, "0X"))
		return span_take_hex(text, n);
	return text->len && isdigit((unsigned char)*text->at) && span_take_dec(text, n);
}

// What a letter behind the digits stands for, as a shift; -1: it is none.
static int shift_of(struct span letter)
{
	static const char LETTERS[] = "kmgt";
	const char *hit;

	if (!letter.len)
		return 0;
	hit = letter.len == 1 && *letter.at ? strchr(LETTERS, tolower((unsigned char)*letter.at))
					    : NULL;
	return hit ? 10 * (int)(hit - LETTERS + 1) : -1;
}

// Digits, then k, m, g or t of 1024 each; hexadecimal behind 0x.  False when it is none or too large.
static bool parse_number(struct span text, uint64_t *out)
{
	bool negative = span_take_char(&text, '-');
	uint64_t n;
	int shift;

	if (!take_digits(&text, &n))
		return false;
	shift = shift_of(text);
	if (shift < 0 || n > UINT64_MAX >> shift)
		return false;
	*out = negative ? -(n << shift) : n << shift;
	return true;
}

// "75.0", "-1", ".5"; the VM takes what strtod does, and these forms are all that people write.
static bool parse_real(struct span text, double *out)
{
	char buffer[32], *end;

	if (!text.len || text.len >= sizeof(buffer))
		return false;
	for (size_t i = 0; i < text.len; i++)
		if (!text.at[i] || !strchr("0123456789+-.eE", text.at[i]))
			return false;
	memcpy(buffer, text.at, text.len);
	buffer[text.len] = '\0';
	*out = strtod(buffer, &end);
	return !*end;
}

static void take_value(struct span value, struct vmoption *out)
{
	out->form = VMOPTION_VALUE;
	out->value = value;
	out->has_number = parse_number(value, &out->number);
	out->has_real = parse_real(value, &out->real);
}

static struct span take_name(struct span *rest)
{
	struct span name = { rest->at, 0 };

	while (rest->len && (isalnum((unsigned char)*rest->at) || *rest->at == '_')) {
		rest->at++;
		rest->len--;
		name.len++;
	}
	return name;
}

bool vmoption_parse_flag(struct span text, struct vmoption *out)
{
	struct vmoption o = { .form = VMOPTION_VALUE };

	if (span_take_char(&text, '+'))
		o.form = VMOPTION_ON;
	else if (span_take_char(&text, '-'))
		o.form = VMOPTION_OFF;
	o.flag = take_name(&text);
	if (!o.flag.len)
		return false;
	if (o.form == VMOPTION_VALUE) {
		// ":=" is the VM's too: of a list it replaces what was there.
		if (!span_take_char(&text, '=') && !span_take_text(&text, ":="))
			return false;
		take_value(text, &o);
	} else if (text.len) {
		return false;
	}
	*out = o;
	return true;
}

static bool parse_other_name(struct span text, struct vmoption *out)
{
	for (size_t i = 0; i < sizeof(OTHER_NAMES) / sizeof(OTHER_NAMES[0]); i++) {
		struct vmoption o = { .is_other_name = true };
		struct span rest = text;

		if (!span_take_text(&rest, OTHER_NAMES[i].name))
			continue;
		o.flag = span_of(OTHER_NAMES[i].flag);
		if (OTHER_NAMES[i].also)
			o.also = span_of(OTHER_NAMES[i].also);
		if (OTHER_NAMES[i].value) {
			if (rest.len)
				continue;
			o.form = *OTHER_NAMES[i].value == 't' ? VMOPTION_ON : VMOPTION_OFF;
		} else {
			take_value(rest, &o);
			if (!o.has_number)
				return false;
			if (OTHER_NAMES[i].in_kilobytes)
				o.number = (o.number >> 10) + (o.number % 1024 != 0);
			o.has_real = false;
		}
		*out = o;
		return true;
	}
	return false;
}

bool vmoption_parse(struct span text, struct vmoption *out)
{
	if (span_take_text(&text, "-XX:"))
		return vmoption_parse_flag(text, out);
	return parse_other_name(text, out);
}
