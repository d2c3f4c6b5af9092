// SPDX-License-Identifier: Apache-2.0
#include "present/json.h"
#include "present/map_json.h"
#include "present/peek.h"
#include "present/report.h"

static json_t *names_json(const struct peek_name *at, size_t count)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < count; i++) {
		json_t *row = json_object();

		json_set(row, "text", json_of_text(at[i].text));
		json_set(row, "count", json_of_unsigned(at[i].count));
		json_add(rows, row);
	}
	return rows;
}

void peek_print_json(const struct report *r, FILE *to)
{
	const struct peek_facts *p = &r->now->peek;
	json_t *o = map_json_head(r), *kinds = json_array();

	for (size_t i = 0; i < p->kinds.count; i++) {
		const struct peek_kind *k = &p->kinds.at[i];
		json_t *row = json_object();

		json_set(row, "kind", json_of_text(k->id));
		json_set(row, "share", json_real(k->share));
		json_set(row, "fragments", json_of_unsigned(k->fragments));
		json_set(row, "example", json_of_address(k->example_at));
		json_add(kinds, row);
	}
	json_set(o, "what", json_of_text(p->what));
	json_set(o, "start", p->end ? json_of_address(p->start) : json_null());
	json_set(o, "end", p->end ? json_of_address(p->end) : json_null());
	json_set(o, "resident", json_of_bytes(p->resident));
	json_set(o, "read", json_of_bytes(p->read));
	json_set(o, "fragments", json_of_unsigned(p->fragments));
	json_set(o, "kinds", kinds);
	json_set(o, "names", names_json(p->names.at, p->names.count));
	json_set(o, "texts", names_json(p->texts.at, p->texts.count));
	json_set(o, "masked", json_boolean(!p->unmasked));
	json_print(o, to);
}
