// SPDX-License-Identifier: Apache-2.0
#include "store/manifest.h"

#include <jansson.h>
#include <string.h>
#include <time.h>

#include "base/fail.h"
#include "store/jsontext.h"
#include "store/unpacker.h"

static json_t *time_json(int64_t at_s)
{
	time_t when = (time_t)at_s;
	char text[32] = "";
	struct tm tm;

	if (gmtime_r(&when, &tm))
		strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

struct span manifest_print(const struct manifest *m, struct arena *mem)
{
	json_t *moments = json_array(), *masks = json_array();

	for (size_t i = 0; i < m->moments.count; i++) {
		const struct manifest_moment *t = &m->moments.at[i];

		json_array_append_new(moments,
				      json_pack("{s:s, s:o, s:b}", "folder", t->folder, "at",
						time_json(t->at_s), "memory", t->has_memory));
	}
	for (size_t i = 0; i < m->masks.count; i++) {
		const struct manifest_mask *k = &m->masks.at[i];

		json_array_append_new(masks, json_pack("{s:s, s:o, s:I}", "piece", k->piece, "key",
						       jsontext_of(k->key), "count",
						       (json_int_t)k->count));
	}
	return jsontext_print(json_pack("{s:s, s:i, s:s, s:o, s:i, s:o, s:o}", "format",
					MANIFEST_FORMAT, "schema", MANIFEST_SCHEMA, "tool", m->tool,
					"host", jsontext_of(m->host), "pid", m->pid, "moments",
					moments, "masks", masks),
			      mem);
}

static bool take_moments(const json_t *list, struct arena *mem, struct manifest *m)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *j = json_array_get(list, i);
		const char *folder = jsontext_get(json_object_get(j, "folder"), mem);
		const char *at = json_string_value(json_object_get(j, "at"));
		struct manifest_moment t = { .folder = folder };
		struct tm tm = { 0 };

		if (!folder || !unpacker_is_name(folder))
			return false;
		if (at && strptime(at, "%Y-%m-%dT%H:%M:%SZ", &tm))
			t.at_s = (int64_t)timegm(&tm);
		t.has_memory = json_is_true(json_object_get(j, "memory"));
		vec_push(mem, &m->moments, t);
	}
	return m->moments.count > 0;
}

static bool take_masks(const json_t *list, struct arena *mem, struct manifest *m)
{
	for (size_t i = 0; i < json_array_size(list); i++) {
		const json_t *j = json_array_get(list, i);
		json_int_t count = json_integer_value(json_object_get(j, "count"));
		struct manifest_mask k = {
			.piece = jsontext_get(json_object_get(j, "piece"), mem),
			.key = jsontext_get(json_object_get(j, "key"), mem),
			.count = count > 0 ? (uint64_t)count : 0,
		};

		if (!k.piece || !k.key)
			return false;
		vec_push(mem, &m->masks, k);
	}
	return true;
}

static bool take(const json_t *root, struct arena *mem, struct manifest *m, struct fail *why)
{
	const char *format = json_string_value(json_object_get(root, "format"));
	int schema;

	if (!format || strcmp(format, MANIFEST_FORMAT) != 0)
		return fail(why, FAIL_CORRUPT, "its manifest is not that of a capture");
	if (!jsontext_get_int(json_object_get(root, "schema"), &schema) || schema < 1)
		return fail(why, FAIL_CORRUPT, "the manifest has no schema number");
	if (schema > MANIFEST_SCHEMA)
		return fail(why, FAIL_ABSENT,
			    "the capture has schema %d, this program reads up to %d", schema,
			    MANIFEST_SCHEMA);
	m->tool = jsontext_get(json_object_get(root, "tool"), mem);
	m->host = jsontext_get(json_object_get(root, "host"), mem);
	if (!m->tool || !m->host || !jsontext_get_int(json_object_get(root, "pid"), &m->pid) ||
	    m->pid <= 0)
		return fail(why, FAIL_CORRUPT, "the manifest names no tool, host or pid");
	if (!take_moments(json_object_get(root, "moments"), mem, m))
		return fail(why, FAIL_CORRUPT, "the manifest's moments make no sense");
	if (!take_masks(json_object_get(root, "masks"), mem, m))
		return fail(why, FAIL_CORRUPT, "the manifest's masks make no sense");
	return true;
}

bool manifest_parse(struct span text, struct arena *mem, struct manifest *out, struct fail *why)
{
	struct manifest m = { 0 };
	json_t *root = jsontext_parse(text, "the manifest", why);
	bool ok = root && take(root, mem, &m, why);

	json_decref(root);
	if (ok)
		*out = m;
	return ok;
}
