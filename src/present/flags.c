// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "base/arena.h"
#include "base/mask.h"
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

void report_flags_json(const struct report *r, FILE *to)
{
	const struct snapshot *s = r->now;
	json_t *o = map_json_head(r), *flags = json_array();
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
	json_set(o, "flags", flags);
	json_set(o, "ineffective", json_null());
	json_set(o, "budget", json_null());
	json_print(o, to);
	arena_drop(&mem);
}

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
		fputs(f->text ? mask_copy(mem, f->text) : "", to);
		return;
	}
}

void report_flags_text(const struct report *r, FILE *to)
{
	const struct snapshot *s = r->now;
	struct arena mem = { 0 };
	size_t defaults = 0;

	for (size_t i = 0; i < s->flags.count; i++) {
		const struct flag_row *f = &s->flags.at[i];

		if (!r->all_rows && !strcmp(f->origin, "default")) {
			defaults++;
			continue;
		}
		fprintf(to, "%-38s ", f->name);
		print_value(f, &mem, to);
		fprintf(to, "  (%s)\n", f->origin);
	}
	if (defaults)
		fprintf(to, "%zu more are at their default: --top 0\n", defaults);
	arena_drop(&mem);
}
