// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/arena.h"
#include "base/mask.h"
#include "diagnose/budget.h"
#include "diagnose/flag_judge.h"
#include "diagnose/malloc_settings.h"
#include "present/flags.h"
#include "present/json.h"
#include "present/map_json.h"
#include "present/report.h"

// Flags may hold secrets (a keystore's password in OnError, say): masked as in captures.
static json_t *value_json(const struct flag_row *f, struct arena *mem)
{
	switch (f->type) {
	case FLAG_BOOL:
		return json_boolean(f->number != 0);
	case FLAG_INT:
		return json_integer((json_int_t)f->number);
	case FLAG_UINT:
		return json_of_unsigned(f->number);
	case FLAG_DOUBLE:
		return json_real(f->real);
	case FLAG_STRING:
		break;
	}
	return json_of_text(f->text ? mask_copy(mem, f->text) : NULL);
}

static json_t *flags_json(const struct snapshot *s)
{
	json_t *flags = json_array();
	struct arena mem = { 0 };

	for (size_t i = 0; i < s->flags.count; i++) {
		const struct flag_row *f = &s->flags.at[i];
		json_t *row = json_object();

		json_set(row, "name", json_of_text(f->name));
		json_set(row, "value", value_json(f, &mem));
		json_set(row, "type", json_of_text(f->type_name));
		json_set(row, "origin", json_of_text(f->origin));
		json_add(flags, row);
	}
	arena_drop(&mem);
	return flags;
}

static json_t *judged_json(const struct judged_flag *f)
{
	json_t *row = json_object();

	json_set(row, "flag", json_of_text(f->flag));
	json_set(row, "given", json_of_text(f->given));
	json_set(row, "where", json_of_text(f->where));
	json_set(row, "state", json_of_text(flag_state_name(f->state)));
	json_set(row, "why", json_of_text(f->why));
	json_set(row, "option", json_of_text(f->option));
	json_set(row, "jdk", f->jdk ? json_integer(f->jdk) : json_null());
	json_set(row, "refused", json_boolean(f->refused));
	return row;
}

// Settings of malloc without effect stand among the flags as well: one list for scripts.
static json_t *ineffective_json(const struct flags_report *f)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < f->flags->ineffective.count; i++)
		json_add(rows, judged_json(&f->flags->ineffective.at[i]));
	for (size_t i = 0; f->malloc && i < f->malloc->settings.count; i++) {
		const struct judged_setting *m = &f->malloc->settings.at[i];

		if (!m->in_force)
			json_add(rows, judged_json(&(struct judged_flag){
					       .flag = m->name,
					       .given = m->given,
					       .option = m->name,
					       .where = m->where,
					       .state = FLAG_WITHOUT_EFFECT,
					       .why = m->why,
				       }));
	}
	return rows;
}

static json_t *deprecated_json(const struct flags_report *f)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < f->flags->deprecated.count; i++)
		json_add(rows, judged_json(&f->flags->deprecated.at[i]));
	return rows;
}

static json_t *malloc_json(const struct flags_report *f)
{
	const struct snapshot *s = f->of->now;
	json_t *o, *rows;

	if (!f->malloc)
		return json_null();
	rows = json_array();
	for (size_t i = 0; i < f->malloc->settings.count; i++) {
		const struct judged_setting *m = &f->malloc->settings.at[i];
		json_t *row = json_object();

		json_set(row, "name", json_of_text(m->name));
		json_set(row, "given", json_of_text(m->given));
		json_set(row, "where", json_of_text(m->where));
		json_set(row, "in_force", json_boolean(m->in_force));
		json_set(row, "why", json_of_text(m->why));
		json_add(rows, row);
	}
	o = json_object();
	json_set(o, "allocator",
		 json_of_text(s->fact[F_ALLOCATOR].known ? s->fact[F_ALLOCATOR].text : NULL));
	json_set(o, "settings", rows);
	return o;
}

static json_t *parts_json(const struct budget *b)
{
	json_t *parts = json_array();

	for (size_t i = 0; i < b->parts.count; i++) {
		const struct budget_part *p = &b->parts.at[i];
		json_t *row = json_object();

		json_set(row, "account", json_of_text(p->account));
		json_set(row, "max", json_of_bytes(p->max));
		json_set(row, "source", json_of_text(p->source));
		json_set(row, "now", json_of_bytes(p->now));
		json_set(row, "ceiling", json_of_bytes(p->ceiling));
		json_add(parts, row);
	}
	return parts;
}

static json_t *budget_json(const struct budget *b)
{
	json_t *o = json_object(), *advice = json_array();

	for (size_t i = 0; i < b->advice.count; i++) {
		json_t *row = json_object();

		json_set(row, "option", json_of_text(b->advice.at[i].option));
		json_set(row, "why", json_of_text(b->advice.at[i].why));
		json_add(advice, row);
	}
	json_set(o, "limit", json_of_bytes(b->limit));
	json_set(o, "limit_source", json_of_text(b->limit_source));
	json_set(o, "total", json_of_bytes(b->total));
	json_set(o, "now", json_of_bytes(b->now));
	json_set(o, "ceiling", json_of_bytes(b->ceiling));
	json_set(o, "whole", json_boolean(b->whole));
	json_set(o, "fits",
		 b->limit == UNKNOWN_BYTES || (!b->whole && b->total <= b->limit)
			 ? json_null()
			 : json_boolean(b->total <= b->limit));
	json_set(o, "text", json_of_text(b->text));
	json_set(o, "parts", parts_json(b));
	json_set(o, "advice", advice);
	return o;
}

static json_t *head_json(const struct flags_report *f)
{
	json_t *o, *jdks = json_array();

	for (size_t i = 0; i < f->jdk_count; i++)
		json_add(jdks, json_integer(f->jdks[i]));
	if (!f->jdk_count) {
		o = map_json_head(f->of);
		json_set(o, "jdks", json_null());
		json_decref(jdks);
		return o;
	}
	o = json_object();
	json_set(o, "schema", json_integer(1));
	json_set(o, "tool", json_of_text(f->of->tool_version));
	json_set(o, "host", json_null());
	json_set(o, "at", json_null());
	json_set(o, "window_s", json_null());
	json_set(o, "target", json_null());
	json_set(o, "jdks", jdks);
	return o;
}

void flags_print_json(const struct flags_report *f, FILE *to)
{
	json_t *o = head_json(f);

	json_set(o, "flags", flags_json(f->of->now));
	json_set(o, "ineffective", ineffective_json(f));
	json_set(o, "deprecated", deprecated_json(f));
	json_set(o, "options_missing", json_of_text(f->of->now->options_why_not));
	json_set(o, "malloc", malloc_json(f));
	json_set(o, "budget", budget_json(f->budget));
	json_print(o, to);
}
