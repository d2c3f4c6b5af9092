// SPDX-License-Identifier: Apache-2.0
#include "collect/mappings.h"

#include "base/fail.h"
#include "collect/collector.h"
#include "os/remote.h"
#include "parse/maps.h"

enum { READ_TRIES = 4 };

bool mappings_read(const struct tree *files, int pid, struct arena *mem, struct maps *out,
		   struct fail *why)
{
	const char *path = arena_format(mem, "/proc/%d/maps", pid);
	struct fail here = { .kind = FAIL_NONE };

	for (int try = 0; try < READ_TRIES; try++) {
		struct span text;

		if (!tree_read(files, path, mem, &text, why))
			return false;
		if (maps_parse(text, mem, out, &here))
			return true;
	}
	return fail(why, here.kind, "%s, read %d times", here.text, READ_TRIES);
}

void mappings_hand_over(const struct target *target, const struct maps *maps, struct arena *mem)
{
	struct remote_mapping *to;
	size_t count = 0;

	if (!target->remote)
		return;
	to = arena_array(mem, struct remote_mapping, maps->count);
	for (size_t i = 0; i < maps->count; i++) {
		const struct mapping *m = &maps->at[i];

		if (m->end > REMOTE_END)
			continue;
		to[count++] = (struct remote_mapping){
			.start = m->start,
			.end = m->end,
			.offset = m->offset,
			.inode = m->inode,
			.dev_major = m->dev_major,
			.dev_minor = m->dev_minor,
			.readable = m->readable,
			.shared = m->shared,
			.deleted = m->deleted,
			.path = m->path,
		};
	}
	remote_set_mappings(target->remote, to, count);
}

struct follower {
	const struct target *target;
	struct arena *mem;
};

static void read_again(void *arg)
{
	const struct follower *f = arg;
	struct maps maps;

	if (mappings_read(f->target->files, f->target->pid, f->mem, &maps, NULL))
		mappings_hand_over(f->target, &maps, f->mem);
}

void mappings_follow(const struct target *target, struct arena *mem)
{
	struct follower *f = arena_new(mem, struct follower);

	*f = (struct follower){ target, mem };
	if (target->remote)
		remote_set_mapper(target->remote, read_again, f);
}

void mappings_let_go(const struct target *target)
{
	if (!target->remote)
		return;
	remote_set_mappings(target->remote, NULL, 0);
	remote_set_mapper(target->remote, NULL, NULL);
}

struct mapped_file mappings_file(const struct target *target, const struct mapping *m)
{
	return (struct mapped_file){ .pid = target->pid,
				     .path = m->path,
				     .start = m->start,
				     .end = m->end,
				     .inode = m->inode,
				     .dev_major = m->dev_major,
				     .dev_minor = m->dev_minor };
}
