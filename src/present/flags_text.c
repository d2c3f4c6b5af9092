// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/arena.h"
#include "base/mask.h"
#include "diagnose/budget.h"
#include "diagnose/flag_judge.h"
#include "diagnose/malloc_settings.h"
#include "present/flags.h"
#include "present/report.h"
#include "present/words.h"

enum { WIDTH = 79, INDENT = 6 };

static void print_value(const struct flag_row *f, struct arena *mem, FILE *to)
{
	switch (f->type) {
	case FLAG_BOOL:
		fputs(f->number ? "true" : "false", to);
		return;
	case FLAG_INT:
		fprintf(to, "%lld", (long long)f->number);
		return;
	case FLAG_UINT:
		fprintf(to, "%llu", (unsigned long long)f->number);
		return;
	case FLAG_DOUBLE:
		fprintf(to, "%g", f->real);
		return;
	case FLAG_STRING:
		fputs(f->text ? words_clean(mask_copy(mem, f->text), 0, mem) : "", to);
		return;
	}
}

static void print_flags(const struct flags_report *f, struct arena *mem, FILE *to)
{
	const struct snapshot *s = f->of->now;
	size_t defaults = 0;

	for (size_t i = 0; i < s->flags.count; i++) {
		const struct flag_row *row = &s->flags.at[i];

		if (!f->of->all_rows && !strcmp(row->origin, "default")) {
			defaults++;
			continue;
		}
		fprintf(to, "%-38s ", row->name);
		print_value(row, mem, to);
		fprintf(to, "  (%s)\n", row->origin);
	}
	if (defaults)
		fprintf(to, "%zu more are at their default: --top 0\n", defaults);
}

// What is said alike of several releases is said once: "JDK 8, 11".
static bool is_same_but_jdk(const struct judged_flag *a, const struct judged_flag *b)
{
	return a->jdk != b->jdk && a->state == b->state && a->option == b->option &&
	       a->where == b->where && !strcmp(a->why, b->why);
}

struct judged_list {
	const struct judged_flag *at;
	size_t count;
};

static bool was_said(const struct judged_list *list, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (is_same_but_jdk(&list->at[k], &list->at[i]))
			return true;
	return false;
}

static void print_releases(const struct judged_list *list, size_t i, FILE *to)
{
	fprintf(to, "  JDK %u", list->at[i].jdk);
	for (size_t k = i + 1; k < list->count; k++)
		if (is_same_but_jdk(&list->at[i], &list->at[k]))
			fprintf(to, ", %u", list->at[k].jdk);
}

static void print_judged(const struct flags_report *f, const struct judged_list *list,
			 struct arena *mem, FILE *to)
{
	for (size_t i = 0; i < list->count; i++) {
		const struct judged_flag *j = &list->at[i];

		if (was_said(list, i))
			continue;
		fprintf(to, "  %s  (%s)", words_clean(j->option, 40, mem),
			words_tail(j->where, 22, mem));
		fprintf(to, "  %s", flag_state_name(j->state));
		if (f->jdk_count > 1)
			print_releases(list, i, to);
		fprintf(to, "\n%*s", INDENT, "");
		words_wrap(words_clean(j->why, 0, mem), INDENT, INDENT, WIDTH, to);
	}
}

static void print_ineffective(const struct flags_report *f, struct arena *mem, FILE *to)
{
	struct judged_list ineffective = { f->flags->ineffective.at, f->flags->ineffective.count };
	struct judged_list deprecated = { f->flags->deprecated.at, f->flags->deprecated.count };

	if (ineffective.count) {
		fputs("\nOptions without effect\n", to);
		print_judged(f, &ineffective, mem, to);
	} else if (f->of->now->options.count) {
		fputs("\nEvery option has its effect.\n", to);
	}
	if (deprecated.count) {
		fputs("\nDeprecated: they work, with a warning\n", to);
		print_judged(f, &deprecated, mem, to);
	}
	if (f->of->now->options_why_not)
		fprintf(to, "\nSome options may be missing here: %s\n",
			words_clean(f->of->now->options_why_not, 44, mem));
}

static void print_malloc(const struct flags_report *f, struct arena *mem, FILE *to)
{
	const struct snapshot *s = f->of->now;

	if (!f->malloc || !f->malloc->settings.count)
		return;
	fprintf(to, "\nSettings of malloc (%s)\n",
		s->fact[F_ALLOCATOR].known ? s->fact[F_ALLOCATOR].text : "unknown");
	for (size_t i = 0; i < f->malloc->settings.count; i++) {
		const struct judged_setting *m = &f->malloc->settings.at[i];

		fprintf(to, "  %s=%s  (%s)  %s\n", words_clean(m->name, 30, mem),
			words_clean(m->given, 20, mem), m->where,
			m->in_force ? "in force" : "without effect");
		if (m->why) {
			fprintf(to, "%*s", INDENT, "");
			words_wrap(words_clean(m->why, 0, mem), INDENT, INDENT, WIDTH, to);
		}
	}
}

static const char *mb(uint64_t bytes, const char *otherwise, char to[16])
{
	return bytes == UNKNOWN_BYTES ? otherwise : words_mb(bytes, to);
}

static void print_budget(const struct flags_report *f, struct arena *mem, FILE *to)
{
	const struct budget *b = f->budget;
	char a[16], c[16], d[16];

	fprintf(to, "\n%-17s %8s %8s %9s   MB\n", "Memory budget", "counts", "now", "ceiling");
	for (size_t i = 0; i < b->parts.count; i++) {
		const struct budget_part *p = &b->parts.at[i];

		fprintf(to, "  %-15s %8s %8s %9s   %s\n", p->account, mb(p->max, "?", a),
			mb(p->now, "", c), mb(p->ceiling, "-", d), words_clean(p->source, 32, mem));
	}
	fprintf(to, "  %-15s %8s %8s %9s   ", "sum", mb(b->total, "?", a), mb(b->now, "", c),
		mb(b->ceiling, "-", d));
	if (b->limit == UNKNOWN_BYTES)
		fputs("no limit is known\n", to);
	else
		fprintf(to, "limit %s (%s)\n", words_mb(b->limit, a), b->limit_source);
	words_wrap(b->text, 0, 0, WIDTH, to);
	for (size_t i = 0; i < b->advice.count; i++) {
		fprintf(to, "  %s\n%*s", b->advice.at[i].option, INDENT, "");
		words_wrap(b->advice.at[i].why, INDENT, INDENT, WIDTH, to);
	}
}

void flags_print_text(const struct flags_report *f, FILE *to)
{
	struct arena mem = { 0 };

	print_flags(f, &mem, to);
	print_ineffective(f, &mem, to);
	print_malloc(f, &mem, to);
	print_budget(f, &mem, to);
	arena_drop(&mem);
}
