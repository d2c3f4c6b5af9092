// SPDX-License-Identifier: Apache-2.0
#include "parse/psi.h"

#include "base/fail.h"

// "12.34": the kernel writes two decimals.
static bool take_percent(struct span *rest, const char *name, double *out)
{
	uint64_t whole, part;
	struct span digits;

	span_skip_blanks(rest);
	if (!span_take_text(rest, name) || !span_take_dec(rest, &whole) || whole > 100 ||
	    !span_take_char(rest, '.') || rest->len < 2)
		return false;
	digits = (struct span){ rest->at, 2 };
	if (!span_take_dec(&digits, &part) || digits.len)
		return false;
	*rest = (struct span){ rest->at + 2, rest->len - 2 };
	*out = (double)whole + (double)part / 100;
	return true;
}

static bool parse_line(struct span line, struct psi_line *out)
{
	struct psi_line got;

	if (!take_percent(&line, "avg10=", &got.avg10) ||
	    !take_percent(&line, "avg60=", &got.avg60) ||
	    !take_percent(&line, "avg300=", &got.avg300))
		return false;
	span_skip_blanks(&line);
	if (!span_take_text(&line, "total=") || !span_take_dec(&line, &got.total_us))
		return false;
	*out = got;
	return true;
}

bool psi_parse(struct span text, struct psi *out, struct fail *why)
{
	struct psi got = { 0 };
	struct span line;
	bool has_some = false;

	while (span_take_line(&text, &line)) {
		bool good = true;

		if (span_take_text(&line, "some "))
			good = has_some = parse_line(line, &got.some);
		else if (span_take_text(&line, "full "))
			good = got.has_full = parse_line(line, &got.full);
		if (!good)
			return fail(why, FAIL_CORRUPT, "pressure: a line makes no sense");
	}
	if (!has_some)
		return fail(why, FAIL_CORRUPT, "pressure: there is no line 'some'");
	*out = got;
	return true;
}
