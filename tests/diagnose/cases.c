// SPDX-License-Identifier: Apache-2.0
// Runs every rule's cases: a few lines of given facts and the verdict that must come out.
// docs/formats/cases.md has the language.  A rule without its NAME.cases fails.

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/units.h"
#include "diagnose/diagnosis.h"
#include "moments.h"

static const char *const RULE_FILES[] = {
#define RULE(name) #name ".cases",
#include "diagnose/rules.def"
#undef RULE
};

struct runner {
	const char *file;
	int line, tests, failures;
	struct arena mem; // of one case
	struct moments moments;
	struct diagnosis diagnosis;
	bool sealed, broken;
};

static void report(struct runner *r, bool ok, const char *what, const char *got)
{
	r->tests++;
	r->failures += !ok;
	printf("%sok %d - %s:%d %s\n", ok ? "" : "not ", r->tests, r->file, r->line, what);
	if (!ok)
		printf("# got: %s\n", got);
}

// Splits at blanks; "..." holds a word with blanks.
static struct words split(struct arena *mem, const char *text)
{
	VEC(const char *) words = { 0 };

	for (;;) {
		const char *start, *end;

		while (isspace((unsigned char)*text))
			text++;
		if (!*text)
			break;
		if (*text == '"') {
			start = ++text;
			end = text + strcspn(text, "\"");
			text = *end ? end + 1 : end;
		} else {
			start = text;
			end = text + strcspn(text, " \t\n");
			text = end;
		}
		vec_push(mem, &words, arena_copy(mem, start, (size_t)(end - start)));
	}
	return (struct words){ words.at, words.count };
}

static const struct finding *find_finding(const struct diagnosis *d, const char *cause)
{
	for (size_t i = 0; i < d->count; i++)
		if (!strcmp(d->all[i].cause->id, cause))
			return &d->all[i];
	return NULL;
}

static bool is_near(double value, const char *wanted, double share)
{
	uint64_t number;
	bool negative = wanted[0] == '-';

	if (!moments_number(wanted + negative, &number))
		return false;
	return fabs(value - (negative ? -(double)number : (double)number)) <=
	       fmax(share * (double)number, PAGE_SIZE_BYTES);
}

static bool has_word(const char *text, const char *wanted)
{
	return text && strstr(text, wanted);
}

// What a key of an expect line stands for; false when the finding says otherwise.
static bool check_key(const struct finding *f, const char *key, const char *wanted)
{
	if (!strcmp(key, "bytes"))
		return is_near((double)f->bytes, wanted, 0.01);
	if (!strcmp(key, "growth"))
		return f->has_growth && is_near(f->growth_per_s, wanted, 0.02);
	if (!strcmp(key, "collectable"))
		return has_word(collectable_name(f->collectable), wanted);
	if (!strcmp(key, "culprit"))
		return f->culprit.name && !strcmp(f->culprit.name, wanted);
	if (!strcmp(key, "loader"))
		return f->culprit.loader && !strcmp(f->culprit.loader, wanted);
	if (!strcmp(key, "says"))
		return has_word(f->text, wanted);
	if (!strcmp(key, "missing"))
		return has_word(f->missing, wanted);
	if (!strcmp(key, "how"))
		return has_word(f->how, wanted);
	if (!strcmp(key, "experiment"))
		return !strcmp(wanted, "none") ? !f->experiment : has_word(f->experiment, wanted);
	if (!strcmp(key, "evidence"))
		for (size_t i = 0; i < f->evidence.count; i++)
			if (!strcmp(f->evidence.at[i].fact, wanted))
				return true;
	if (!strcmp(key, "confused"))
		for (size_t i = 0; i < f->confused.count; i++)
			if (!strcmp(f->confused.at[i].cause, wanted))
				return true;
	if (!strcmp(key, "remedy"))
		for (size_t i = 0; i < f->remedies.count; i++)
			if (strstr(f->remedies.at[i], wanted))
				return true;
	return false;
}

static const char *describe(struct arena *mem, const struct finding *f)
{
	char size[16];

	return arena_format(
		mem, "%s: %s, %s, %.0f B/s, collectable %s, culprit %s of %s; %s %s (%s)",
		f->cause->id, verdict_name(f->verdict), units_print_size(f->bytes, size),
		f->growth_per_s,
		collectable_name(f->collectable) ? collectable_name(f->collectable) : "-",
		f->culprit.name ? f->culprit.name : "-",
		f->culprit.loader ? f->culprit.loader : "-", f->text ? f->text : "",
		f->missing ? f->missing : "", f->how ? f->how : "");
}

static void expect_cause(struct runner *r, const struct words *line, const char *what)
{
	const struct finding *f = find_finding(&r->diagnosis, line->at[0]);
	char verdict[32];
	bool ok;

	if (!f || line->count < 2) {
		report(r, false, what, "no such cause, or no verdict");
		return;
	}
	snprintf(verdict, sizeof(verdict), "%s", verdict_name(f->verdict));
	for (char *c = verdict; *c; c++)
		*c = *c == ' ' ? '-' : *c;
	ok = !strcmp(verdict, line->at[1]) && line->count % 2 == 0;
	for (size_t i = 2; ok && i + 1 < line->count; i += 2)
		ok = check_key(f, line->at[i], line->at[i + 1]);
	report(r, ok, what, describe(&r->mem, f));
}

static void expect_growth(struct runner *r, const struct words *line, const char *what)
{
	bool harmless = !strcmp(line->at[0], "harmless");
	const struct diagnosis *d = &r->diagnosis;

	for (size_t i = 0; line->count == 3 && i < d->growth.count; i++) {
		const struct growth_part *p = &d->growth.at[i];

		if (!strcmp(p->account, line->at[1]) && p->harmless == harmless) {
			report(r, is_near((double)p->bytes, line->at[2], 0.01), what,
			       arena_format(&r->mem, "%.0f", (double)p->bytes));
			return;
		}
	}
	report(r, false, what, "no such part of the growth");
}

static void expect(struct runner *r, const char *text)
{
	struct words line = split(&r->mem, text);
	const struct diagnosis *d = &r->diagnosis;
	const char *message = NULL;

	if (!r->sealed) {
		r->sealed = true;
		r->broken |= !moments_seal(&r->moments, &message);
		if (message)
			report(r, false, "given", message);
		else
			diagnose(&r->moments.evidence, &r->mem, &r->diagnosis);
	}
	if (r->broken || line.count < 2) {
		report(r, false, text, "the case can't be judged");
		return;
	}
	if (!strcmp(line.at[0], "healthy"))
		report(r, d->healthy == !strcmp(line.at[1], "yes"), text,
		       d->held ? describe(&r->mem, &d->all[0]) : "healthy");
	else if (!strcmp(line.at[0], "first"))
		report(r, d->held && !strcmp(d->all[0].cause->id, line.at[1]), text,
		       d->held ? describe(&r->mem, &d->all[0]) : "nothing is wrong");
	else if (!strcmp(line.at[0], "harmless") || !strcmp(line.at[0], "unexplained"))
		expect_growth(r, &line, text);
	else
		expect_cause(r, &line, text);
}

static void give(struct runner *r, const char *text)
{
	const char *message = "";
	struct words line = split(&r->mem, text);

	if (r->sealed)
		message = "a case ends with its expectations: leave a line empty";
	if (!r->sealed && moments_give(&r->moments, &line, &message))
		return;
	r->broken = true;
	report(r, false, text, message);
}

static void begin_case(struct runner *r)
{
	arena_drop(&r->mem);
	r->sealed = r->broken = false;
	moments_init(&r->moments, &r->mem);
}

static void run_file(struct runner *r, const char *folder, const char *name)
{
	char text[2048];
	FILE *f;
	int before = r->tests;

	snprintf(text, sizeof(text), "%s/%s", folder, name);
	r->file = name;
	r->line = 0;
	f = fopen(text, "r");
	if (!f) {
		report(r, false, "a rule needs its cases", "there is no such file");
		return;
	}
	begin_case(r);
	while (fgets(text, sizeof(text), f)) {
		r->line++;
		text[strcspn(text, "\n")] = '\0';
		if (!text[strspn(text, " \t")])
			begin_case(r);
		else if (!strncmp(text, "given ", 6))
			give(r, text + 6);
		else if (!strncmp(text, "expect ", 7))
			expect(r, text + 7);
		else if (text[0] != '#')
			report(r, false, text, "neither given nor expect nor a comment");
	}
	fclose(f);
	if (r->tests == before)
		report(r, false, "a rule needs its cases", "the file expects nothing");
	arena_drop(&r->mem);
}

int main(int argc, char **argv)
{
	struct runner r = { 0 };

	if (argc != 2) {
		fprintf(stderr, "usage: cases FOLDER\n");
		return 2;
	}
	for (size_t i = 0; i < sizeof(RULE_FILES) / sizeof(RULE_FILES[0]); i++)
		run_file(&r, argv[1], RULE_FILES[i]);
	printf("1..%d\n", r.tests);
	return r.failures != 0;
}
