// SPDX-License-Identifier: Apache-2.0
#include "store/names.h"

#include <ctype.h>
#include <search.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/arena.h"

enum { PART_LIMIT = 200, NAME_LIMIT = 900, TRIES = 1000 };

static int compare(const void *left, const void *right)
{
	return strcmp(left, right);
}

static void keep(void *node)
{
}

void names_init(struct names *n, struct arena *mem)
{
	*n = (struct names){ .mem = mem };
}

void names_drop(struct names *n)
{
	if (n->taken)
		tdestroy(n->taken, keep);
	n->taken = NULL;
}

// One component, escaped; false when it gets too long.
static bool put_part(char *to, size_t room, const char *part, size_t len)
{
	size_t used = 0;

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)part[i];
		bool dots =
			c == '.' && (len == 1 || (len == 2 && part[0] == '.' && part[1] == '.'));

		if (used + 4 > room)
			return false;
		if (!dots && (isalnum(c) || strchr("._+@:-", c)))
			to[used++] = (char)c;
		else
			used += (size_t)snprintf(to + used, 4, "%%%02X", c);
	}
	to[used] = '\0';
	return true;
}

static bool put_path(char *to, size_t room, const char *folder, const char *path)
{
	size_t used = (size_t)snprintf(to, room, "%s", folder);

	if (used >= room)
		return false;
	for (;;) {
		char part[PART_LIMIT + 1];
		size_t len;

		path += strspn(path, "/");
		len = strcspn(path, "/");
		if (!len)
			return used > strlen(folder);
		if (!put_part(part, sizeof(part), path, len) || used + strlen(part) + 2 > room)
			return false;
		used += (size_t)snprintf(to + used, room - used, "/%s", part);
		path += len;
	}
}

static bool is_taken(const struct names *n, const char *name)
{
	return tfind(name, &n->taken, compare) != NULL;
}

static void take(struct names *n, const char *name)
{
	if (!is_taken(n, name))
		tsearch(arena_text(n->mem, name), &n->taken, compare);
}

// Neither given, nor a folder of a given one, nor below a given one.
static bool is_free(const struct names *n, const char *name)
{
	char folder[NAME_LIMIT + 32];

	if (is_taken(n, name))
		return false;
	snprintf(folder, sizeof(folder), "%s/", name);
	if (is_taken(n, folder))
		return false;
	for (char *slash = folder; (slash = strchr(slash, '/')) && slash[1]; slash++) {
		bool taken;

		*slash = '\0';
		taken = is_taken(n, folder);
		*slash = '/';
		if (taken)
			return false;
	}
	return true;
}

static void take_with_folders(struct names *n, const char *name)
{
	char folder[NAME_LIMIT + 32];

	take(n, name);
	for (const char *slash = name; (slash = strchr(slash, '/')); slash++) {
		snprintf(folder, sizeof(folder), "%.*s", (int)(slash - name + 1), name);
		take(n, folder);
	}
}

const char *names_give(struct names *n, const char *folder, const char *path)
{
	char plain[NAME_LIMIT], name[NAME_LIMIT + 16];
	bool found = false;

	if (put_path(plain, sizeof(plain), folder, path))
		for (int i = 1; i < TRIES && !found; i++) {
			if (i == 1)
				snprintf(name, sizeof(name), "%s", plain);
			else
				snprintf(name, sizeof(name), "%s~%d", plain, i);
			found = is_free(n, name);
		}
	while (!found) {
		snprintf(name, sizeof(name), "%.400s/~other/%lu", folder, ++n->others);
		found = is_free(n, name);
	}
	take_with_folders(n, name);
	return arena_text(n->mem, name);
}
