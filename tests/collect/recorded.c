// SPDX-License-Identifier: Apache-2.0
#include "recorded.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/arena.h"

// The first of this path that was not asked for yet, else the last of them.
static struct recorded_file const *find(struct recorded *r, const char *path)
{
	size_t last = r->count;

	for (size_t i = 0; i < r->count; i++) {
		if (strcmp(r->files[i].path, path) != 0)
			continue;
		last = i;
		if (!r->asked[i])
			break;
	}
	if (last == r->count)
		return NULL;
	r->asked[last]++;
	return &r->files[last];
}

static bool answer(struct recorded *r, const char *path, struct span *out, struct fail *why)
{
	const struct recorded_file *f = find(r, path);

	if (!f)
		return fail(why, FAIL_ABSENT, "%s was not recorded", path);
	if (!f->text)
		return fail(why, f->kind, "%s failed", path);
	*out = (struct span){ f->text, f->len ? f->len : strlen(f->text) };
	return true;
}

static bool recorded_read(void *self, const char *path, struct arena *mem, struct span *out,
			  struct fail *why)
{
	return answer(self, path, out, why);
}

static bool recorded_made(void *self, const char *name, tree_maker *make, void *arg,
			  struct arena *mem, struct span *out, struct fail *why)
{
	return answer(self, name, out, why);
}

static bool recorded_stat(void *self, const char *path, struct tree_stat *out, struct fail *why)
{
	const struct recorded *r = self;

	for (size_t i = 0; i < r->count; i++) {
		size_t len = strlen(path);

		if (!strncmp(r->files[i].path, path, len) &&
		    (r->files[i].path[len] == '/' || !r->files[i].path[len])) {
			*out = (struct tree_stat){ .mode = S_IFREG | 0600 };
			return true;
		}
	}
	return fail(why, FAIL_ABSENT, "%s was not recorded", path);
}

static bool recorded_link(void *self, const char *path, struct arena *mem, const char **out,
			  struct fail *why)
{
	return fail(why, FAIL_ABSENT, "%s was not recorded", path);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool recorded_list(void *self, const char *path, struct arena *mem, struct tree_names *out,
			  struct fail *why)
{
	const struct recorded *r = self;
	VEC(const char *) names = { 0 };
	size_t len = strlen(path);

	for (size_t i = 0; i < r->count; i++) {
		const char *name = r->files[i].path + len + 1, *slash;
		bool known = false;

		if (strncmp(r->files[i].path, path, len) != 0 || r->files[i].path[len] != '/')
			continue;
		slash = strchr(name, '/');
		name = arena_copy(mem, name, slash ? (size_t)(slash - name) : strlen(name));
		for (size_t k = 0; k < names.count; k++)
			known = known || !strcmp(names.at[k], name);
		if (!known)
			vec_push(mem, &names, name);
	}
	if (!names.count)
		return fail(why, FAIL_ABSENT, "%s was not recorded", path);
	qsort(names.at, names.count, sizeof(*names.at), compare);
	*out = (struct tree_names){ names.at, names.count };
	return true;
}

struct tree recorded_tree(struct recorded *r, const struct recorded_file *files, size_t count)
{
	static const struct tree_ops OPS = {
		.read = recorded_read,
		.list = recorded_list,
		.link = recorded_link,
		.stat = recorded_stat,
		.made = recorded_made,
	};

	*r = (struct recorded){ .files = files, .count = count };
	return (struct tree){ &OPS, r };
}

unsigned recorded_asked(const struct recorded *r, const char *path)
{
	unsigned sum = 0;

	for (size_t i = 0; i < r->count; i++)
		if (!strcmp(r->files[i].path, path))
			sum += r->asked[i];
	return sum;
}
