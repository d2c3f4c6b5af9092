// SPDX-License-Identifier: Apache-2.0
#include "store/index.h"

#include <jansson.h>
#include <string.h>

#include "base/fail.h"
#include "store/answers.h"
#include "store/image.h"
#include "store/jsontext.h"
#include "store/unpacker.h"

static const struct {
	const char *section, *key;
} OPS[ANSWER_OPS] = {
	[ANSWER_READ] = { "files", "path" },    [ANSWER_MADE] = { "made", "name" },
	[ANSWER_LIST] = { "listings", "path" }, [ANSWER_LINK] = { "links", "path" },
	[ANSWER_STAT] = { "stats", "path" },
};

static json_t *failure_json(enum fail_kind kind, int os_errno, const char *text)
{
	json_t *j =
		json_pack("{s:s, s:o}", "fail", fail_kind_name(kind), "text", jsontext_of(text));

	if (os_errno)
		json_object_set_new(j, "errno", json_integer(os_errno));
	return j;
}

static json_t *stat_json(const struct tree_stat *s)
{
	return json_pack("{s:o, s:o, s:I, s:I, s:I, s:I, s:I}", "inode", jsontext_of_hex(s->inode),
			 "size", jsontext_of_hex(s->size), "mode", (json_int_t)s->mode, "uid",
			 (json_int_t)s->uid, "gid", (json_int_t)s->gid, "major",
			 (json_int_t)s->dev_major, "minor", (json_int_t)s->dev_minor);
}

static json_t *answer_json(enum answer_op op, const struct answer *a)
{
	json_t *names;

	if (a->why)
		return failure_json(a->why->kind, a->why->os_errno, a->why->text);
	switch (op) {
	case ANSWER_LIST:
		names = json_array();
		for (size_t i = 0; i < a->names.count; i++)
			json_array_append_new(names, jsontext_of(a->names.at[i]));
		return json_pack("{s:o}", "names", names);
	case ANSWER_LINK:
		return json_pack("{s:o}", "to", jsontext_of(a->link));
	case ANSWER_STAT:
		return stat_json(&a->stat);
	default:
		return json_pack("{s:s}", "entry", a->entry);
	}
}

static json_t *holes_json(const struct image *image)
{
	json_t *holes = json_array();

	for (size_t i = 0; i < image->holes.count; i++) {
		const struct image_hole *h = &image->holes.at[i];
		json_t *j = failure_json(h->kind, h->os_errno, h->text);

		json_object_set_new(j, "start", jsontext_of_hex(h->start));
		json_object_set_new(j, "end", jsontext_of_hex(h->end));
		json_array_append_new(holes, j);
	}
	return holes;
}

struct span index_print(const struct answers *answers, const struct image *image, struct arena *mem)
{
	json_t *root = json_object();

	for (size_t op = 0; op < ANSWER_OPS; op++)
		json_object_set_new(root, OPS[op].section, json_array());
	for (size_t i = 0; i < answers->questions.count; i++) {
		const struct question *q = answers->questions.at[i];
		json_t *list = json_array();

		for (size_t n = 0; n < q->answers.count; n++)
			json_array_append_new(list, answer_json(q->op, &q->answers.at[n]));
		json_array_append_new(json_object_get(root, OPS[q->op].section),
				      json_pack("{s:o, s:o}", OPS[q->op].key, jsontext_of(q->path),
						"answers", list));
	}
	json_object_set_new(root, "unread_memory", holes_json(image));
	return jsontext_print(root, mem);
}

static bool take_failure(const json_t *j, struct arena *mem, struct fail *out)
{
	const char *kind = json_string_value(json_object_get(j, "fail"));
	const char *text = jsontext_get(json_object_get(j, "text"), mem);
	const json_t *os_errno = json_object_get(j, "errno");

	if (!kind || !text)
		return false;
	for (int k = FAIL_GONE; k <= FAIL_OS; k++)
		if (!strcmp(kind, fail_kind_name((enum fail_kind)k))) {
			fail(out, (enum fail_kind)k, "%s", text);
			return !os_errno || jsontext_get_int(os_errno, &out->os_errno);
		}
	return false;
}

static bool take_u32(const json_t *j, const char *key, uint32_t *out)
{
	const json_t *n = json_object_get(j, key);

	if (!json_is_integer(n) || json_integer_value(n) < 0 || json_integer_value(n) > UINT32_MAX)
		return false;
	*out = (uint32_t)json_integer_value(n);
	return true;
}

static bool take_stat(const json_t *j, struct tree_stat *out)
{
	return jsontext_get_hex(json_object_get(j, "inode"), &out->inode) &&
	       jsontext_get_hex(json_object_get(j, "size"), &out->size) &&
	       take_u32(j, "mode", &out->mode) && take_u32(j, "uid", &out->uid) &&
	       take_u32(j, "gid", &out->gid) && take_u32(j, "major", &out->dev_major) &&
	       take_u32(j, "minor", &out->dev_minor);
}

static bool take_names(const json_t *j, struct arena *mem, struct tree_names *out)
{
	const json_t *names = json_object_get(j, "names");

	if (!json_is_array(names))
		return false;
	out->count = json_array_size(names);
	out->at = arena_array(mem, const char *, out->count);
	for (size_t i = 0; i < out->count; i++) {
		out->at[i] = jsontext_get(json_array_get(names, i), mem);
		if (!out->at[i])
			return false;
	}
	return true;
}

static bool take_answer(enum answer_op op, const json_t *j, struct arena *mem, struct answer *out)
{
	if (json_object_get(j, "fail")) {
		struct fail *why = arena_new(mem, struct fail);

		out->why = why;
		return take_failure(j, mem, why);
	}
	switch (op) {
	case ANSWER_LIST:
		return take_names(j, mem, &out->names);
	case ANSWER_LINK:
		out->link = jsontext_get(json_object_get(j, "to"), mem);
		return out->link != NULL;
	case ANSWER_STAT:
		return take_stat(j, &out->stat);
	default:
		out->entry = json_string_value(json_object_get(j, "entry"));
		return out->entry && unpacker_is_name(out->entry);
	}
}

static bool take_question(enum answer_op op, const json_t *row, struct arena *mem,
			  struct answers *answers)
{
	const char *path = jsontext_get(json_object_get(row, OPS[op].key), mem);
	const json_t *list = json_object_get(row, "answers");

	if (!path || !json_array_size(list) || answers_find(answers, op, path))
		return false;
	for (size_t n = 0; n < json_array_size(list); n++) {
		struct answer a = { 0 };

		if (!take_answer(op, json_array_get(list, n), mem, &a))
			return false;
		answers_add(answers, op, path, &a);
	}
	return true;
}

static bool take_hole(const json_t *j, struct arena *mem, struct image *image)
{
	struct image_hole h = { 0 };
	struct fail why;

	if (!jsontext_get_hex(json_object_get(j, "start"), &h.start) ||
	    !jsontext_get_hex(json_object_get(j, "end"), &h.end) || h.end < h.start ||
	    !take_failure(j, mem, &why))
		return false;
	if (image->holes.count) {
		const struct image_hole *last = &image->holes.at[image->holes.count - 1];

		if (h.start < last->start || (h.start == last->start && h.end <= last->end))
			return false;
	}
	h.kind = why.kind;
	h.os_errno = why.os_errno;
	h.text = arena_text(mem, why.text);
	vec_push(mem, &image->holes, h);
	return true;
}

bool index_parse(struct span text, struct arena *mem, struct answers *answers, struct image *image,
		 struct fail *why)
{
	json_t *root = jsontext_parse(text, "the index", why), *list;
	bool ok = root != NULL;

	for (size_t op = 0; ok && op < ANSWER_OPS; op++) {
		list = json_object_get(root, OPS[op].section);
		for (size_t i = 0; ok && i < json_array_size(list); i++)
			if (!take_question((enum answer_op)op, json_array_get(list, i), mem,
					   answers))
				ok = fail(why, FAIL_CORRUPT, "row %zu of %s makes no sense", i + 1,
					  OPS[op].section);
	}
	list = json_object_get(root, "unread_memory");
	for (size_t i = 0; ok && i < json_array_size(list); i++)
		if (!take_hole(json_array_get(list, i), mem, image))
			ok = fail(why, FAIL_CORRUPT, "row %zu of unread_memory makes no sense",
				  i + 1);
	json_decref(root);
	return ok;
}
