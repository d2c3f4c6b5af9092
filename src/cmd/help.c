// SPDX-License-Identifier: Apache-2.0
#include "cmd/help.h"

#include <ctype.h>
#include <stdbool.h>
#include <string.h>

#include "base/span.h"
#include "cmd/command.h"

enum { WIDTH = 72 };

struct writer {
	FILE *to;
	bool man;
};

static const struct {
	enum exit_code code;
	const char *meaning;
} EXITS[] = {
	{ EXIT_DONE, "done" },
	{ EXIT_FINDING, "a finding at or above --fail-on" },
	{ EXIT_USAGE, "the command line is wrong" },
	{ EXIT_UNREADABLE, "the target cannot be inspected; the message says why and what would "
			   "help" },
	{ EXIT_INCOMPLETE, "--require-complete was given and some facts are missing" },
};

static void print_plain(const struct writer *w, struct span s)
{
	for (size_t i = 0; i < s.len; i++) {
		if (w->man && strchr("*_\\#", s.at[i]))
			fputc('\\', w->to);
		fputc(s.at[i], w->to);
	}
}

static void print_marked(const struct writer *w, char mark, const char *text)
{
	if (w->man)
		fputc(mark, w->to);
	print_plain(w, span_of(text));
	if (w->man)
		fputc(mark, w->to);
}

// Wraps one paragraph; both forms break at the same words.
static void print_paragraph(const struct writer *w, const char *indent, struct span text)
{
	size_t used = 0;

	while (text.len) {
		size_t n = 0;

		while (text.len && isspace((unsigned char)*text.at)) {
			text.at++;
			text.len--;
		}
		while (n < text.len && !isspace((unsigned char)text.at[n]))
			n++;
		if (!n)
			break;
		if (used && used + 1 + n > WIDTH) {
			fputc('\n', w->to);
			used = 0;
		}
		if (used)
			fputc(' ', w->to);
		else
			fputs(indent, w->to);
		// A line that begins with '-' would be a list entry to scdoc.
		if (w->man && !used && *text.at == '-')
			fputc('\\', w->to);
		print_plain(w, (struct span){ text.at, n });
		used += n + (used > 0);
		text.at += n;
		text.len -= n;
	}
	fputc('\n', w->to);
}

static const char *body(const struct writer *w)
{
	return w->man ? "" : "    ";
}

static const char *detail(const struct writer *w)
{
	return w->man ? "\t" : "        ";
}

static void print_heading(const struct writer *w, const char *title)
{
	fprintf(w->to, w->man ? "\n# %s\n\n" : "\n%s\n", title);
}

static void print_synopsis(const struct writer *w, const struct command *c)
{
	fputs(body(w), w->to);
	if (w->man)
		fprintf(w->to, "*jledger %s*", c->name);
	else
		fprintf(w->to, "jledger %s", c->name);
	if (c->arguments) {
		fputc(' ', w->to);
		print_marked(w, '_', c->arguments);
	}
	fputs(" [options]\n", w->to);
	if (!c->rest)
		return;
	if (w->man)
		fprintf(w->to, "\n*jledger %s* [options] \\-\\- ", c->name);
	else
		fprintf(w->to, "%sjledger %s [options] -- ", body(w), c->name);
	print_marked(w, '_', c->rest);
	fputc('\n', w->to);
}

static void print_about(const struct writer *w, const char *about)
{
	for (const char *p = about; *p;) {
		const char *end = strstr(p, "\n\n");
		size_t len = end ? (size_t)(end - p) : strlen(p);

		if (p != about)
			fputc('\n', w->to);
		print_paragraph(w, body(w), (struct span){ p, len });
		p += len;
		p += strspn(p, "\n");
	}
}

static void print_option(const struct writer *w, const struct option_info *o)
{
	char name[64], letter[3] = { '-', o->letter, '\0' };

	snprintf(name, sizeof(name), "--%s", o->name);
	fputs(body(w), w->to);
	if (o->letter) {
		print_marked(w, '*', letter);
		fputs(", ", w->to);
	}
	print_marked(w, '*', name);
	if (o->value) {
		fputc(' ', w->to);
		print_marked(w, '_', o->value);
	}
	fputc('\n', w->to);
	print_paragraph(w, detail(w), span_of(o->help));
}

static void print_options(const struct writer *w, const struct command *c)
{
	for (int i = 0; i < OPTION_COUNT; i++) {
		if (!(c->options & (UINT64_C(1) << i)) && i != OPTION_HELP)
			continue;
		print_option(w, &OPTIONS[i]);
		if (i != OPTION_HELP && w->man)
			fputc('\n', w->to);
	}
}

static void print_exits(const struct writer *w, const struct command *c)
{
	for (size_t i = 0; i < sizeof(EXITS) / sizeof(EXITS[0]); i++) {
		char code[4];

		if (EXITS[i].code == EXIT_FINDING && !(c->options & OPTION_BIT(FAIL_ON)))
			continue;
		if (EXITS[i].code == EXIT_INCOMPLETE &&
		    !(c->options & OPTION_BIT(REQUIRE_COMPLETE)))
			continue;
		if (i && w->man)
			fputc('\n', w->to);
		snprintf(code, sizeof(code), "%d", EXITS[i].code);
		fputs(body(w), w->to);
		print_marked(w, '*', code);
		fputc('\n', w->to);
		print_paragraph(w, detail(w), span_of(EXITS[i].meaning));
	}
}

// Each line of `examples` is "command ## what it does".
static void print_examples(const struct writer *w, const char *examples)
{
	struct span rest = span_of(examples), line;
	bool first = true;

	while (span_take_line(&rest, &line)) {
		size_t cut;

		if (!span_find(line, " ## ", &cut))
			continue;
		if (!first && w->man)
			fputc('\n', w->to);
		first = false;
		fputs(body(w), w->to);
		if (w->man)
			fputc('*', w->to);
		print_plain(w, (struct span){ line.at, cut });
		fputs(w->man ? "*\n" : "\n", w->to);
		print_paragraph(w, detail(w),
				(struct span){ line.at + cut + 4, line.len - cut - 4 });
	}
}

static void print_help(const struct writer *w, const struct command *c)
{
	if (w->man)
		fprintf(w->to, "jledger-%s(1)\n\n# NAME\n\n", c->name);
	else
		fputs("NAME\n", w->to);
	fprintf(w->to, "%sjledger-%s - ", body(w), c->name);
	print_plain(w, span_of(c->sentence));
	fputc('\n', w->to);
	print_heading(w, "SYNOPSIS");
	print_synopsis(w, c);
	print_heading(w, "DESCRIPTION");
	print_about(w, c->about);
	print_heading(w, "OPTIONS");
	print_options(w, c);
	print_heading(w, "EXIT STATUS");
	print_exits(w, c);
	if (!c->examples)
		return;
	print_heading(w, "EXAMPLES");
	print_examples(w, c->examples);
}

void help_print_text(const struct command *c, FILE *to)
{
	print_help(&(struct writer){ .to = to }, c);
}

void help_print_man(const struct command *c, FILE *to)
{
	print_help(&(struct writer){ .to = to, .man = true }, c);
}

void help_print_commands(const struct command *const *commands, size_t count, FILE *to)
{
	fputs("jledger shows where the memory of a running JVM went, and why.\n\n"
	      "    jledger [COMMAND] [TARGET] [options]\n\n",
	      to);
	for (size_t i = 0; i < count; i++)
		fprintf(to, "    %-9s %s\n", commands[i]->name, commands[i]->sentence);
	fputs("\nTARGET is a PID, part of a main class or jar name, a container id, all, or a\n"
	      "capture file. jledger COMMAND -h says more of each; jledger --version prints the\n"
	      "version.\n",
	      to);
}
