// SPDX-License-Identifier: Apache-2.0
#include "present/catalogue.h"

#include <stddef.h>
#include <string.h>

#include "base/arena.h"
#include "diagnose/diagnosis.h"
#include "present/json.h"
#include "present/words.h"

enum { WIDTH = 79, TEXT_AT = 15 };

// One row feeds the text and the JSON of a cause.
static const struct {
	const char *key, *heading;
	size_t member; // of struct cause, a const char *
} FIELDS[] = {
	{ "symptom", "Symptom", offsetof(struct cause, symptom) },
	{ "decisive", "Evidence", offsetof(struct cause, decisive) },
	{ "ruled_out_by", "Ruled out by", offsetof(struct cause, ruled_out_by) },
	{ "remedy", "Remedy", offsetof(struct cause, remedy) },
	{ "how", "How to see it", offsetof(struct cause, how) },
	{ "source", "Source", offsetof(struct cause, source) },
};
enum { FIELD_ROWS = sizeof(FIELDS) / sizeof(FIELDS[0]) };

static const char *get(const struct cause *c, size_t field)
{
	const char *text;

	memcpy(&text, (const char *)c + FIELDS[field].member, sizeof(text));
	return text && *text ? text : NULL;
}

void report_explain_text(const struct cause *c, bool (*has_command)(const char *name), FILE *to)
{
	struct arena mem = { 0 };

	fprintf(to, "%s (%s)\n", c->id, finding_kind_name(c->kind));
	words_wrap(c->title, 0, 0, WIDTH, to);
	fputc('\n', to);
	for (size_t i = 0; i < FIELD_ROWS; i++) {
		if (!get(c, i))
			continue;
		fprintf(to, "%-*s", TEXT_AT, FIELDS[i].heading);
		words_wrap(words_of_commands(get(c, i), has_command, &mem), TEXT_AT, TEXT_AT, WIDTH,
			   to);
	}
	arena_drop(&mem);
}

static json_t *cause_json(const struct cause *c)
{
	json_t *o = json_object();

	json_set(o, "cause", json_of_text(c->id));
	json_set(o, "kind", json_of_text(finding_kind_name(c->kind)));
	json_set(o, "title", json_of_text(c->title));
	for (size_t i = 0; i < FIELD_ROWS; i++)
		json_set(o, FIELDS[i].key, json_of_text(get(c, i)));
	return o;
}

void report_explain_json(const struct cause *c, FILE *to)
{
	json_t *o = json_object();

	json_set(o, "schema", json_integer(1));
	json_object_update_new(o, cause_json(c));
	json_print(o, to);
}

void report_causes_text(FILE *to)
{
	for (size_t i = 0; i < CAUSE_COUNT; i++) {
		fprintf(to, "%-28s", CAUSES[i].id);
		words_wrap(CAUSES[i].title, 28, 28, WIDTH, to);
	}
}

void report_causes_json(FILE *to)
{
	json_t *o = json_object(), *causes = json_array();

	for (size_t i = 0; i < CAUSE_COUNT; i++)
		json_add(causes, cause_json(&CAUSES[i]));
	json_set(o, "schema", json_integer(1));
	json_set(o, "causes", causes);
	json_print(o, to);
}
