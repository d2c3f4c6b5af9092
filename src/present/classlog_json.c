// SPDX-License-Identifier: Apache-2.0
#include "facts/classlog.h"
#include "present/classlog.h"
#include "present/json.h"

static json_t *rate(const struct classlog_facts *c, uint64_t count)
{
	return c->timed ? json_of_seconds((double)count / c->span_s) : json_null();
}

static json_t *families_json(const struct classlog_facts *c)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < c->families.count; i++) {
		const struct classlog_family *f = &c->families.at[i];
		json_t *o = json_object();

		json_set(o, "family", json_of_text(f->name));
		json_set(o, "example", json_of_text(f->example));
		json_set(o, "loaded", json_of_unsigned(f->loaded));
		json_set(o, "unloaded", json_of_unsigned(f->unloaded));
		json_set(o, "distinct_names", json_of_unsigned(f->distinct_names));
		json_set(o, "loaded_per_s", rate(c, f->loaded));
		json_set(o, "unloaded_per_s", rate(c, f->unloaded));
		json_set(o, "loader_type", json_of_text(f->loader_type));
		json_set(o, "generator", json_of_text(f->generator));
		json_set(o, "source", json_of_text(f->source));
		json_add(rows, o);
	}
	return rows;
}

static json_t *sources_json(const struct classlog_facts *c)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < c->sources.count; i++) {
		json_t *o = json_object();

		json_set(o, "source", json_of_text(c->sources.at[i].name));
		json_set(o, "loaded", json_of_unsigned(c->sources.at[i].loaded));
		json_add(rows, o);
	}
	return rows;
}

static json_t *again_json(const struct classlog_facts *c)
{
	json_t *rows = json_array();

	for (size_t i = 0; i < c->again.count; i++) {
		json_t *o = json_object();

		json_set(o, "class", json_of_text(c->again.at[i].name));
		json_set(o, "loaded", json_of_unsigned(c->again.at[i].loaded));
		json_set(o, "unloaded", json_of_unsigned(c->again.at[i].unloaded));
		json_add(rows, o);
	}
	return rows;
}

void classlog_print_json(const struct classlog_facts *c, const char *tool_version, FILE *to)
{
	json_t *o = json_object(), *lines = json_object();

	json_set(lines, "total", json_of_unsigned(c->lines));
	json_set(lines, "unknown", json_of_unsigned(c->unknown));
	json_set(o, "schema", json_integer(1));
	json_set(o, "tool", json_of_text(tool_version));
	json_set(o, "file", json_of_text(c->file));
	json_set(o, "dialect", json_of_text(c->unified ? "unified" : "verbose"));
	json_set(o, "lines", lines);
	json_set(o, "loaded", json_of_unsigned(c->loaded));
	json_set(o, "unloaded", json_of_unsigned(c->unloaded));
	json_set(o, "span_s", c->timed ? json_of_seconds(c->span_s) : json_null());
	json_set(o, "loaded_per_s", rate(c, c->loaded));
	json_set(o, "unloaded_per_s", rate(c, c->unloaded));
	json_set(o, "names_complete", json_boolean(!c->names_full));
	json_set(o, "families", families_json(c));
	json_set(o, "sources", sources_json(c));
	json_set(o, "loaded_again", again_json(c));
	json_print(o, to);
}
