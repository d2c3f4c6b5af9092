// SPDX-License-Identifier: Apache-2.0
#include "parse/cgroup_path.h"

#include <ctype.h>
#include <string.h>

#include "base/arena.h"
#include "base/fail.h"

enum { CONTAINER_ID_DIGITS = 64, LINE_LIMIT = 256 };

static bool parse_line(struct span line, struct arena *mem, struct cgroup_path *out)
{
	static const char DELETED[] = " (deleted)";
	const size_t cut = sizeof(DELETED) - 1;
	struct span controllers;

	if (!span_take_dec(&line, &out->hierarchy) || !span_take_char(&line, ':') ||
	    !span_take_until(&line, ':', &controllers) || !span_starts(line, "/") ||
	    memchr(line.at, '\0', line.len))
		return false;
	out->deleted = line.len > cut && !memcmp(line.at + line.len - cut, DELETED, cut);
	if (out->deleted)
		line.len -= cut;
	out->controllers = arena_copy(mem, controllers.at, controllers.len);
	out->path = arena_copy(mem, line.at, line.len);
	return true;
}

bool cgroup_path_parse(struct span text, struct arena *mem, struct cgroup_paths *out,
		       struct fail *why)
{
	VEC(struct cgroup_path) found = { 0 };
	struct span line;

	while (span_take_line(&text, &line)) {
		struct cgroup_path one = { 0 };

		if (found.count == LINE_LIMIT || !parse_line(line, mem, &one))
			return fail(why, FAIL_CORRUPT, "cgroup: line %zu makes no sense",
				    found.count + 1);
		vec_push(mem, &found, one);
	}
	*out = (struct cgroup_paths){ found.at, found.count };
	return true;
}

static bool has_controller(const char *list, const char *name)
{
	struct span rest = span_of(list), one;

	while (span_take_until(&rest, ',', &one))
		if (span_is(one, name))
			return true;
	return span_is(rest, name);
}

const struct cgroup_path *cgroup_path_find(const struct cgroup_paths *paths, const char *controller)
{
	for (size_t i = 0; i < paths->count; i++)
		if (has_controller(paths->at[i].controllers, controller))
			return &paths->at[i];
	return NULL;
}

const struct cgroup_path *cgroup_path_unified(const struct cgroup_paths *paths)
{
	for (size_t i = 0; i < paths->count; i++)
		if (!paths->at[i].hierarchy && !*paths->at[i].controllers)
			return &paths->at[i];
	return NULL;
}

const char *cgroup_path_container(const char *path, struct arena *mem)
{
	const char *found = NULL;
	size_t run = 0;

	for (const char *p = path; *p; p++) {
		bool hex = isdigit((unsigned char)*p) || (*p >= 'a' && *p <= 'f');

		run = hex ? run + 1 : 0;
		if (run == CONTAINER_ID_DIGITS)
			found = p + 1 - CONTAINER_ID_DIGITS;
	}
	return found ? arena_copy(mem, found, CONTAINER_ID_DIGITS) : NULL;
}

const char *cgroup_path_find_container(const struct cgroup_paths *paths, struct arena *mem)
{
	const char *id = NULL;

	for (size_t i = 0; i < paths->count && !id; i++)
		id = cgroup_path_container(paths->at[i].path, mem);
	return id;
}
