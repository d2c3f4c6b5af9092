// SPDX-License-Identifier: Apache-2.0
#include <string.h>

#include "present/json.h"
#include "present/past.h"
#include "present/report.h"

static json_t *time_json(double wall_s)
{
	return json_of_time((int64_t)wall_s);
}

static json_t *end_json(const struct past_jvm *j)
{
	json_t *o;

	if (!j->ended)
		return json_null();
	o = json_object();
	json_set(o, "at", time_json(j->end_wall_s));
	json_set(o, "kind", json_of_text(j->end_kind));
	json_set(o, "text", json_of_text(j->end_text));
	return o;
}

static json_t *course_json(const struct report_past *p)
{
	const struct course *c = &p->rss;
	json_t *o;

	if (!c->known)
		return json_null();
	o = json_object();
	json_set(o, "growing", json_boolean(c->growing));
	json_set(o, "since", time_json(p->since_wall_s));
	json_set(o, "from_the_start", json_boolean(c->from_the_start));
	json_set(o, "before", json_of_number((double)(int64_t)c->before));
	json_set(o, "after", json_of_number((double)(int64_t)c->after));
	json_set(o, "growth_bytes_per_s",
		 json_pack("{s:o,s:o,s:o}", "low", json_of_number(c->low), "mid",
			   json_of_number(c->slope), "high", json_of_number(c->high)));
	return o;
}

static json_t *files_json(const char *files)
{
	json_t *array = json_array();

	for (const char *end; files && *files; files = *end ? end + 1 : end) {
		end = strchrnul(files, '\n');
		json_add(array, json_stringn(files, (size_t)(end - files)));
	}
	return array;
}

static json_t *events_json(const past_events *events)
{
	json_t *array = json_array();

	for (size_t i = 0; i < events->count; i++) {
		const struct past_event *e = &events->at[i];
		json_t *o = json_object();

		json_set(o, "at", time_json(e->wall_s));
		json_set(o, "kind", json_of_text(e->kind));
		json_set(o, "text", json_of_text(e->text));
		json_set(o, "files", files_json(e->files));
		json_add(array, o);
	}
	return array;
}

json_t *past_json(const struct report_past *p)
{
	json_t *o = json_object(), *last = json_object();

	json_set(o, "history", json_of_text(p->path));
	json_set(o, "from", p->samples ? time_json(p->from_wall_s) : json_null());
	json_set(o, "to", p->samples ? time_json(p->to_wall_s) : json_null());
	json_set(o, "samples", json_integer((json_int_t)p->samples));
	json_set(o, "look_at", time_json(p->look_wall_s));
	json_set(o, "ended", end_json(&p->jvm));
	json_set(o, "rss", course_json(p));
	json_set(last, "rss",
		 json_of_bytes(p->samples ? p->last.value[SAMPLE_RSS] : UNKNOWN_BYTES));
	json_set(last, "limit",
		 json_of_bytes(p->samples ? p->last.value[SAMPLE_CONTAINER_limit] : UNKNOWN_BYTES));
	json_set(last, "working_set",
		 json_of_bytes(p->samples ? p->last.value[SAMPLE_CONTAINER_working_set]
					  : UNKNOWN_BYTES));
	json_set(o, "last", last);
	json_set(o, "events", events_json(p->events));
	return o;
}
