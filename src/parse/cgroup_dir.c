// SPDX-License-Identifier: Apache-2.0
#include "parse/cgroup_dir.h"

#include <string.h>

#include "base/arena.h"

static bool climbs(const char *path)
{
	struct span rest = span_of(path), step;

	while (span_take_until(&rest, '/', &step))
		if (span_is(step, ".."))
			return true;
	return span_is(rest, "..");
}

// The part of `path` below `root`: "/docker/4f/init" below "/docker/4f" is "/init".
static const char *below(const char *path, const char *root)
{
	size_t len = strlen(root);

	if (!strcmp(root, "/"))
		return strcmp(path, "/") ? path : "";
	if (strncmp(path, root, len) != 0 || (path[len] && path[len] != '/'))
		return NULL;
	return path + len;
}

static const struct mount *find_mount(const struct mountinfo *mounts, const char *controller,
				      bool v2, const char *path)
{
	// From the end: a later mount covers an earlier one.
	for (size_t i = mounts->count; i-- > 0;) {
		const struct mount *m = &mounts->at[i];
		const char *rest;

		if (v2 ? strcmp(m->type, "cgroup2") != 0
		       : strcmp(m->type, "cgroup") != 0 || !mountinfo_has_option(m, controller))
			continue;
		rest = below(path, m->root);
		if (rest && !climbs(rest))
			return m;
	}
	return NULL;
}

bool cgroup_dir_find(const struct cgroup_paths *paths, const struct mountinfo *mounts,
		     const char *prefix, const char *controller, struct arena *mem,
		     struct cgroup_dir *out)
{
	const struct cgroup_path *p = cgroup_path_find(paths, controller);
	bool v2 = !p;
	const struct mount *m;

	if (v2)
		p = cgroup_path_unified(paths);
	m = p ? find_mount(mounts, controller, v2, p->path) : NULL;
	if (!m)
		return false;
	out->top = arena_format(mem, "%s%s", prefix, m->point);
	out->dir = arena_format(mem, "%s%s", out->top, below(p->path, m->root));
	out->path = p->path;
	out->v2 = v2;
	return true;
}

const char *cgroup_dir_parent(const struct cgroup_dir *d, const char *dir, struct arena *mem)
{
	size_t top = strlen(d->top);
	const char *slash = strrchr(dir, '/');

	if (strlen(dir) <= top || strncmp(dir, d->top, top) != 0 || !slash ||
	    (size_t)(slash - dir) < top)
		return NULL;
	return arena_copy(mem, dir, (size_t)(slash - dir));
}
