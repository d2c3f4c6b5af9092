// SPDX-License-Identifier: Apache-2.0
#include "present/trial.h"

#include "present/json.h"
#include "present/map_json.h"

static json_t *unloaded_json(const struct trial *t)
{
	json_t *array = json_array();

	for (size_t i = 0; i < t->unloaded.count; i++)
		json_add(array, json_pack("{s:o,s:I}", "family",
					  json_of_text(t->unloaded.at[i].family->name), "count",
					  (json_int_t)t->unloaded.at[i].count));
	return array;
}

static json_t *proofs_json(const struct trial *t)
{
	json_t *array = json_array();

	for (size_t i = 0; i < t->proofs.count; i++) {
		const struct trial_proof *p = &t->proofs.at[i];

		json_add(array,
			 json_pack("{s:o,s:o,s:I,s:I,s:o}", "cause", json_of_text(p->cause->id),
				   "family", json_of_text(p->family->name), "before",
				   (json_int_t)p->family->class_count, "unloaded",
				   (json_int_t)p->gone, "collectable",
				   json_of_text(collectable_name(p->collectable))));
	}
	return array;
}

void trial_print_json(const struct trial_report *t, FILE *to)
{
	json_t *o = json_object();

	json_set(o, "schema", json_integer(1));
	json_set(o, "experiment", json_of_text(t->name));
	json_set(o, "command", json_of_text(t->command));
	json_set(o, "said", json_of_text(t->said));
	json_set(o, "took_s", json_of_seconds(t->took_s));
	json_set(o, "before", map_json(&t->before));
	json_set(o, "after", map_json(&t->after));
	json_set(o, "effect", json_boolean(t->trial->effect));
	json_set(o, "why_not", json_of_text(t->trial->why_not));
	json_set(o, "unloaded", unloaded_json(t->trial));
	json_set(o, "unloaded_total",
		 t->trial->unloaded_total < 0 ? json_null()
					      : json_of_number(t->trial->unloaded_total));
	json_set(o, "proofs", proofs_json(t->trial));
	json_set(o, "trim_returned", json_of_bytes(t->trial->trim_returned));
	json_print(o, to);
}
